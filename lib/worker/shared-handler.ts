import { findSections } from '../dns/encoded-message.js';
import { MAX_MESSAGE } from '../dns/numbers.js';
import { transports } from '../message/batch.js';
import type { Handler } from '../message/handler.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import { takeOver } from '../message/take-over.js';
import type { AnswerCache } from '../native/addon.js';
import type { SharedMisses } from './shared-misses.js';

/**
 * Returns a handler that calls `handler` for the first query with a question, and answers those that ask the same
 * meanwhile from the server's own cache. `onShared` is called for each of these.
 */
export function shareMisses(handler: Handler, cache: AnswerCache, misses: SharedMisses, onShared: () => void): Handler {
  const scratch = Buffer.alloc(MAX_MESSAGE);

  const takeFromCache = (query: Query, reply: Reply): boolean => {
    const length = cache.lookUp(query.octets, transports.indexOf(query.transport), false, scratch);
    if (length <= 0) return false;
    const sections = findSections(Buffer.from(scratch.subarray(0, length)), query.question);
    if (sections === undefined) return false;
    takeOver(query, reply, sections);
    reply.cache({ ttl: 0 }); // it is there
    reply.fromCache = true;
    onShared();
    return true;
  };

  const claimed = (query: Query, reply: Reply, question: number, claim: number): void | Promise<void> => {
    reply.observe(({ kept }) => {
      misses.release(question, claim, kept && reply.caching.varyBy === 0);
    });
    const answered = handler(query, reply);
    if (typeof answered?.then === 'function') {
      // The reply is not encoded if its connection is gone.
      const release = (): void => {
        setImmediate(() => {
          misses.release(question, claim, false);
        });
      };
      void answered.then(release, release);
    }
    return answered;
  };

  return (query, reply) => {
    const question = cache.question(query.octets, transports.indexOf(query.transport));
    const claim = misses.take(question);
    if (claim === 0) return handler(query, reply);
    if (typeof claim === 'number') return claimed(query, reply, question, claim);
    return claim.then(() => {
      if (takeFromCache(query, reply)) return;
      reply.cacheGeneration = cache.generation();
      return handler(query, reply);
    });
  };
}
