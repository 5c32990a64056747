/** Answers for `localhost` and for the networks that every host has for itself (RFC 6761 s.6.3, RFC 6303 s.4). */
import type { WorkerDirective } from '../../corefile/directive.js';
import { isIn } from '../../dns/names.js';
import type { ResourceRecord } from '../../dns/record.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { Counters } from '../counters.js';

/** The options of `local`. */
export interface LocalConfig {
  /** Whether `localhost.example.org`, which search domains make of `localhost`, is the host as well. */
  prefix: boolean;
}

/** Seconds; CoreDNS's value. */
const TTL = 604_800;
const ZONES: readonly string[] = ['localhost', '0.in-addr.arpa', '127.in-addr.arpa', '255.in-addr.arpa'];
const LOOPBACK = '1.0.0.127.in-addr.arpa';
const ADDRESSES: Readonly<Record<string, string>> = { A: '127.0.0.1', AAAA: '::1' };

/** Starts it. */
export function startLocal({ prefix }: LocalConfig): WorkerDirective {
  const counters = new Counters();
  return {
    handle(query, reply, next) {
      const { key } = query;
      if (query.class !== 'IN') return next(query, reply);
      const isBelow = key.endsWith('.localhost') || (prefix && key.startsWith('localhost.'));
      if (isBelow) counters.add('local_localhost_requests_total', 'Counter of localhost.<domain> requests.', {});
      const zone = isBelow ? key : ZONES.find((each) => isIn(key, each));
      if (zone === undefined) return next(query, reply);
      answer(query, reply, zone, isBelow);
    },
    metrics: () => counters.take(),
  };
}

/** `isBelow`: the name has addresses only. */
function answer({ key, name, type }: Query, reply: Reply, zone: string, isBelow: boolean): void {
  const isHost = isBelow || key === 'localhost';
  if (isHost && Object.hasOwn(ADDRESSES, type))
    reply.answer({ type: type as 'A', name, ttl: TTL, data: ADDRESSES[type] });
  else if (key === zone && !isBelow && type === 'SOA') reply.answer(soa(name));
  else if (key === zone && !isBelow && type === 'NS') reply.answer({ type: 'NS', name, ttl: TTL, data: 'localhost' });
  else if (key === LOOPBACK && type === 'PTR') reply.answer({ type: 'PTR', name, ttl: TTL, data: 'localhost' });
  else {
    if (key !== zone && key !== LOOPBACK) reply.rcode = 'NXDOMAIN';
    reply.authority(soa(zone));
  }
}

function soa(name: string): ResourceRecord {
  const data = {
    mname: 'localhost',
    rname: 'root.localhost',
    serial: 1,
    refresh: 0,
    retry: 0,
    expire: 0,
    minimum: TTL,
  };
  return { type: 'SOA', name, ttl: TTL, data };
}
