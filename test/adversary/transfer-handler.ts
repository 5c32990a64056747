/** A handler with a zone that nobody can take in one piece. */
import { packRecords, type Query, type Reply, type ResourceRecord } from 'multisocket';

const COUNT = 200_000;

function* records(zone: string): Generator<ResourceRecord> {
  const serials = { serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1 };
  const soa = { type: 'SOA', name: zone, ttl: 60, data: { mname: zone, rname: zone, ...serials } } as const;
  yield soa;
  for (let i = 0; i < COUNT; i++) yield { type: 'TXT', name: `host-${i}.${zone}`, ttl: 60, data: 'x'.repeat(200) };
  yield soa;
}

export default function handle(query: Query, reply: Reply): void {
  if (query.type === 'AXFR') void reply.stream(packRecords(query, records(query.key)));
  else reply.answer({ type: 'A', name: query.name, ttl: 60, data: '192.0.2.1' });
}
