// A directive of one's own: `greet NAME` answers TXT queries with a greeting. Loaded in the main thread, which reads the
// Corefile, and in every worker, which answers.
import { registerDirective } from 'multisocket';

registerDirective({
  name: 'greet',
  // What comes before it in the chain has had its say: log and errors see what it does.
  before: 'whoami',
  setup: {
    // In the main thread: from the Corefile to plain data.
    configure([directive, again]) {
      if (again !== undefined) throw again.error('it can be used once in a server block');
      directive.refuseBlock();
      const [name] = directive.arguments(1);
      return { text: `Hello, ${name}` };
    },
    // In each worker: from the data to a directive of the chain.
    start({ text }) {
      return {
        handle(query, reply, next) {
          if (query.type !== 'TXT') return next(query, reply);
          reply.answer({ type: 'TXT', name: query.name, ttl: 60, data: [text] });
        },
      };
    },
  },
});
