/** Handlers that answer by calling something, later perhaps, as ones that return a Promise. */
import type { Handler } from '../message/handler.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';

/**
 * A handler that calls `begin` and is done when `done` is called, or `failed` with what the client gets SERVFAIL for.
 * When neither comes, the server's `handlerTimeout` ends it.
 */
export function untilDone(
  begin: (query: Query, reply: Reply, done: () => void, failed: (error: unknown) => void) => unknown,
): Handler {
  return (query, reply) =>
    new Promise((resolve, reject) => {
      // What an asynchronous handler throws would be nobody's otherwise.
      Promise.resolve(begin(query, reply, resolve, reject)).catch(reject);
    });
}
