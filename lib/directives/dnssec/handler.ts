import type { WorkerDirective } from '../../corefile/directive.js';
import type { MetricSample } from '../../corefile/metric-sample.js';
import { isIn } from '../../dns/names.js';
import { CLASS, TYPE } from '../../dns/numbers.js';
import type { ResourceRecord } from '../../dns/record.js';
import { SigningKey } from '../../dnssec/signing-key.js';
import { withCode } from '../../errors.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { after } from '../after.js';
import { signReply } from './sign-reply.js';
import { Signer } from './signer.js';

/** What `dnssec` says. */
export interface DnssecConfig {
  /** Lower case, without the last dot. */
  zones: readonly string[];
  /** Paths of key files, with or without a suffix. */
  keys: readonly string[];
  /** RRsets whose signatures are kept. */
  capacity: number;
}

/**
 * Reads the keys. Throws `ERR_MULTISOCKET_DNSSEC_KEY` for one that is faulty, or that can sign none of the zones, and
 * `readFileSync`'s errors.
 */
export function readKeys({ keys, zones }: DnssecConfig): SigningKey[] {
  return keys.map((path) => {
    const key = SigningKey.read(path);
    if (zones.some((zone) => isIn(zone, key.zone))) return key;
    const message = `key ${key.zone}. (keyid: ${key.tag}) can not sign any of the zones`;
    throw withCode(new Error(message), 'ERR_MULTISOCKET_DNSSEC_KEY');
  });
}

/** Reads the keys, and signs the replies to queries with DO. */
export function startDnssec(config: DnssecConfig): WorkerDirective {
  const keys = readKeys(config);
  const signer = new Signer(keys, config.capacity);
  const zones = config.zones.toSorted((a, b) => b.length - a.length); // the longest first
  const zoneOf = (name: string): string | undefined => zones.find((zone) => isIn(name, zone));
  return {
    handle(query, reply, next) {
      const zone = zoneOf(query.key);
      if (zone === undefined || query.classNumber !== CLASS.IN || keys.length === 0) return next(query, reply);
      if (query.typeNumber === TYPE.DNSKEY && query.key === zone) {
        answerKeys(query, reply, keys, signer);
        return;
      }
      if (!query.dnssecOk) return next(query, reply);
      return after(next(query, reply), () => signReply(query, reply, zoneOf, signer));
    },
    metrics: () => metricsOf(signer),
  };
}

/** The keys of a zone, which its data do not have. */
function answerKeys(query: Query, reply: Reply, keys: readonly SigningKey[], signer: Signer): void {
  const records = keys.map(({ data, ttl }): ResourceRecord => ({
    type: 'DNSKEY',
    name: query.name,
    ttl,
    class: 'IN',
    data,
  }));
  reply.authoritative = true;
  reply.answer(...records);
  if (query.dnssecOk) reply.answer(...signer.sign(records, query.key));
}

function metricsOf(signer: Signer): MetricSample[] {
  const { hits, misses, size } = signer.take();
  const labels = {};
  return [
    {
      name: 'dnssec_cache_entries',
      help: 'The number of elements in the dnssec cache.',
      labels: { type: 'signature' },
      value: { type: 'gauge', number: size },
    },
    {
      name: 'dnssec_cache_hits_total',
      help: 'The count of cache hits.',
      labels,
      value: { type: 'counter', number: hits },
    },
    {
      name: 'dnssec_cache_misses_total',
      help: 'The count of cache misses.',
      labels,
      value: { type: 'counter', number: misses },
    },
  ];
}
