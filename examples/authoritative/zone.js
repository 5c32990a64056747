// An authoritative server for one zone, which stands in memory: answers, NODATA and NXDOMAIN as RFC 2308 has them.
const ZONE = 'example.org';
const soa = {
  type: 'SOA',
  name: ZONE,
  ttl: 3600,
  data: {
    mname: `ns.${ZONE}`,
    rname: `hostmaster.${ZONE}`,
    serial: 1,
    refresh: 7200,
    retry: 3600,
    expire: 1209600,
    minimum: 300,
  },
};
const records = [
  soa,
  { type: 'NS', name: ZONE, ttl: 3600, data: `ns.${ZONE}` },
  { type: 'A', name: `ns.${ZONE}`, ttl: 3600, data: '192.0.2.53' },
  { type: 'A', name: `www.${ZONE}`, ttl: 300, data: '192.0.2.80' },
  { type: 'AAAA', name: `www.${ZONE}`, ttl: 300, data: '2001:db8::80' },
];
const byName = new Map();
for (const record of records) byName.set(record.name, [...(byName.get(record.name) ?? []), record]);

/** @type {import('multisocket').Handler} */
export default function answer(query, reply) {
  const { key, type } = query;
  if (key !== ZONE && !key.endsWith(`.${ZONE}`)) {
    reply.rcode = 'REFUSED';
    return;
  }
  reply.authoritative = true;
  const found = byName.get(key);
  const matching = found?.filter((record) => record.type === type) ?? [];
  if (matching.length > 0) reply.answer(...matching);
  else reply.authority(soa);
  if (found === undefined) reply.rcode = 'NXDOMAIN';
}
