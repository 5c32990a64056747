/** `answers`: the end of a chain in tests: says what it was asked. */
import type { DirectiveDefinition } from '../../dist/corefile/directive.js';

/** Answers each question with `echo NAME TYPE` and what else a test needs of its name. */
export const answers: DirectiveDefinition<undefined> = {
  name: 'answers',
  setup: {
    configure: () => undefined,
    start: () => ({
      handle(query, reply) {
        const { name, key, type } = query;
        if (key.startsWith('many.')) {
          for (let i = 0; i < 60; i++) reply.answer({ type: 'A', name, ttl: 60, data: `192.0.2.${i}` });
        } else if (key.startsWith('alias.')) {
          reply.answer({ type: 'CNAME', name, ttl: 60, data: 'target.example.org' });
          for (let i = 0; i < 8; i++)
            reply.answer({ type: 'A', name: 'target.example.org', ttl: 60, data: `192.0.2.${i}` });
        } else {
          reply.answer({ type: 'TXT', name, ttl: 60, data: [name, type] });
        }
      },
    }),
  },
};
