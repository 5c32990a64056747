/** The records of a zone in the order of a transfer: from the SOA to the SOA (RFC 5936 s.2.2). */
import type { ResourceRecord } from 'multisocket';

/** The SOA of a zone. */
export function soaRecord(origin: string, serial: number): ResourceRecord {
  const times = { refresh: 3600, retry: 600, expire: 86_400, minimum: 300 };
  const data = { mname: `ns.${origin}`, rname: `admin.${origin}`, serial, ...times };
  return { type: 'SOA', name: origin, ttl: 3600, data };
}

/** Parts of names and addresses: V8 keeps the text of each number that it has converted for a while. */
const numbers = Array.from({ length: 1000 }, (_, i) => String(i));

/** A zone with `hosts` addresses: `host-0-0` to `host-0-999`, `host-1-0` and so on. */
export function* zoneRecords(origin: string, hosts: number, serial = 1): Generator<ResourceRecord, void> {
  yield soaRecord(origin, serial);
  yield { type: 'NS', name: origin, ttl: 3600, data: `ns.${origin}` };
  for (let i = 0; i < hosts; i++) {
    const [high, low] = [numbers[Math.trunc(i / 1000)], numbers[i % 1000]];
    const address = `10.${numbers[(i >> 16) & 255]}.${numbers[(i >> 8) & 255]}.${numbers[i & 255]}`;
    yield { type: 'A', name: `host-${high}-${low}.${origin}`, ttl: 300, data: address };
  }
  yield soaRecord(origin, serial);
}
