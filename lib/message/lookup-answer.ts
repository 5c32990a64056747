import type { ResourceRecord } from '../dns/record.js';
import type { Rcode } from '../dns/registry.js';
import type { CacheChoice, Dependency } from './cache-choice.js';

/** The result of `Query.lookup`. */
export interface LookupAnswer {
  /** `'REFUSED'` if no zone of this server has the name; `'SERVFAIL'` if aliases form a loop. */
  rcode: Rcode;
  answers: readonly ResourceRecord[];
  authorities: readonly ResourceRecord[];
  additionals: readonly ResourceRecord[];
  /** @internal How the answer may be cached. */
  caching?: CacheChoice;
  /** @internal What it depends on besides the question. */
  dependencies?: readonly Dependency[];
}

/** How a query asks its server, and the questions that led to it. */
export interface Lookups<Query> {
  ask(query: Query, name: string, type: string): Promise<LookupAnswer>;
  asked: readonly string[];
}
