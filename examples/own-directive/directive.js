// Your own directive: `greet NAME` answers TXT queries with a greeting. The owner's thread loads this module to read
// the Corefile, and each worker loads it to answer.
import { registerDirective } from 'multisocket';

registerDirective({
  name: 'greet',
  // The directives before it in the chain, such as log and errors, see its answers.
  before: 'whoami',
  setup: {
    // In the owner's thread: from the Corefile to plain data.
    configure([directive, again]) {
      if (again !== undefined) throw again.error('it can be used once in a server block');
      directive.refuseBlock();
      const [name] = directive.arguments(1);
      return { text: `Hello, ${name}` };
    },
    // In each worker: from the data to a running directive.
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
