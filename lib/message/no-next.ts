import type { Handler } from './handler.js';

/** The next handler of the last directive in a chain: SERVFAIL, as in CoreDNS. */
export const noNext: Handler = (_, reply) => {
  reply.fail('SERVFAIL', new Error(`plugin/${reply.handledBy}: no next plugin found`));
};
