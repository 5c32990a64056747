/** The records of a zone in the order of a transfer: from the SOA to the SOA (RFC 5936 s.2.2). */
import type { ResourceRecord } from 'multisocket';

/** The SOA of a zone. */
export function soaRecord(origin: string, serial: number): ResourceRecord {
  const times = { refresh: 3600, retry: 600, expire: 86_400, minimum: 300 };
  const data = { mname: `ns.${origin}`, rname: `admin.${origin}`, serial, ...times };
  return { type: 'SOA', name: origin, ttl: 3600, data };
}

/** A zone with `hosts` addresses. */
export function* zoneRecords(origin: string, hosts: number, serial = 1): Generator<ResourceRecord, void> {
  yield soaRecord(origin, serial);
  yield { type: 'NS', name: origin, ttl: 3600, data: `ns.${origin}` };
  for (let i = 0; i < hosts; i++) {
    const data = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
    yield { type: 'A', name: `host-${i}.${origin}`, ttl: 300, data };
  }
  yield soaRecord(origin, serial);
}
