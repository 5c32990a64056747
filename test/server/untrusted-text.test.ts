import assert from 'node:assert/strict';
import { ask } from '../support/clients.js';
import { serve } from '../support/server.js';

/** A name with a line feed, a terminal escape, and a quote. */
const NAME = 'a\n\u001b[31m"\u0000b\u007f\u00e9.example';
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/u;

describe("what a client's text becomes", () => {
  for (const failing of ['throws', 'rejects', 'says nothing', 'takes too long', 'answers nonsense'] as const) {
    it(`is escaped in the warning of a handler that ${failing}`, async () => {
      const { server, port, warnings } = await serve({
        workers: 0,
        sockets: 1,
        handlerTimeout: 20,
        handler: (query, reply) => {
          const text = query.raw.toString('latin1');
          if (failing === 'throws') throw new Error(text);
          if (failing === 'rejects') return Promise.reject(new Error(`${text}\u202e`));
          if (failing === 'takes too long') return new Promise(() => undefined);
          if (failing === 'answers nonsense') reply.answer({ type: 'NS', name: query.name, ttl: 1, data: text });
          return undefined;
        },
      });
      await ask(port, NAME);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0].message, /for a\\010\\027\[31m"\\000b\\127\\195\\169\.example IN A/);
      assert.doesNotMatch(warnings[0].message, UNSAFE);
      await server.close();
    });
  }
});
