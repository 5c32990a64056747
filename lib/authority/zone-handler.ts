import { isInZones } from '../dns/names.js';
import type { Handler } from '../message/handler.js';
import { followAlias } from '../message/lookup.js';
import { noNext } from '../message/no-next.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import { give } from '../zone/give.js';
import type { Alias, ZoneAnswer } from '../zone/zone-answer.js';
import type { ServedZones } from './served-zones.js';

/** The handler of a directive that answers queries from zones. */
export class ZoneHandler {
  /** Its zones, from which native code answers in its place. */
  readonly answerZones: ServedZones;

  constructor(zones: ServedZones) {
    this.answerZones = zones;
  }

  /** Answers a query of its zones; others go to `next`. */
  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    if (query.class !== 'IN') return next(query, reply);
    const { key, type } = query;
    const served = this.answerZones.find(key, type);
    if (served === undefined) {
      if (next !== noNext) return next(query, reply);
      // No zone here has the name. CoreDNS answers the same if the directive is the last one.
      reply.rcode = 'REFUSED';
      return;
    }
    const found = served.zone?.lookup(key, type, query);
    if (found === undefined) {
      reply.rcode = 'SERVFAIL';
      return;
    }
    // Zones are transferred by another directive (RFC 5936 s.2.2.1).
    if (type === 'AXFR' || type === 'IXFR') {
      reply.rcode = 'REFUSED';
      return;
    }
    if (found.vacant === true && isInZones(key, this.answerZones.fallthroughOf(served))) return next(query, reply);
    if (found.unresolved !== undefined && query.lookups !== undefined)
      return resolve(query, reply, found, found.unresolved);
    give(reply, found);
  }

  /** Whether all zones are loaded. */
  ready(): boolean {
    return this.answerZones.ready();
  }
}

/** Answers with aliases, and with the server's own answer for the name that they lead to (RFC 1034 s.4.3.2 step 3a). */
async function resolve(
  query: Query,
  reply: Reply,
  found: ZoneAnswer,
  { records, proof, target }: Alias,
): Promise<void> {
  reply.authoritative = true;
  reply.answer(...records);
  reply.authority(...proof);
  if (await followAlias(query, reply, target)) return;
  reply.answers = [];
  reply.authorities = [];
  give(reply, found);
}
