import type { Handler } from '../message/handler.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';

/**
 * Makes a handler from one that answers by a call, perhaps later. It calls `begin` and is done when `done` is called,
 * or `failed` with the error for which the client gets SERVFAIL. If neither is called, the server's `handlerTimeout`
 * ends it.
 */
export function untilDone(
  begin: (query: Query, reply: Reply, done: () => void, failed: (error: unknown) => void) => unknown,
): Handler {
  return (query, reply) =>
    new Promise((resolve, reject) => {
      // Otherwise the error of an asynchronous handler would be lost.
      Promise.resolve(begin(query, reply, resolve, reject)).catch(reject);
    });
}
