/** The handler of names below `test`. The first label of the name chooses the answer. Other names are REFUSED. */
import { setTimeout as wait } from 'node:timers/promises';
import { packRecords, type Query, type Rcode, type Reply } from 'multisocket';
import { zoneRecords } from '../support/zone-records.js';

const TXT = 'TYPE16';

/** Answers a query below `test`. */
export function answerTest(query: Query, reply: Reply): void | Promise<void> {
  const { name, key } = query;
  const [what, number] = key.split('.')[0].split('-');
  const size = Number(number);
  const raw = (length: number): { type: string; name: string; ttl: number; data: Buffer } => ({
    type: 'TYPE65280',
    name,
    ttl: 60,
    data: Buffer.alloc(length, 0x55),
  });
  if (!key.endsWith('.test')) {
    reply.rcode = 'REFUSED';
    return;
  }
  reply.authoritative = true;
  switch (what) {
    case 'raw': // one record with so many octets of RDATA
      reply.answer(raw(size));
      return;
    case 'rrset': // an RRset of so many addresses
      for (let i = 0; i < size; i++) reply.answer({ type: 'A', name, ttl: 60, data: `192.0.2.${i}` });
      return;
    case 'extra': // an answer, and so many octets in the additional section
      reply.answer({ type: 'A', name, ttl: 60, data: '192.0.2.1' }).additional(raw(size));
      return;
    case 'glue': // a referral with so many addresses
      reply.authoritative = false;
      reply.authority({ type: 'NS', name, ttl: 60, data: `ns.${name}` });
      for (let i = 0; i < size; i++) reply.additional({ type: 'A', name: `ns.${name}`, ttl: 60, data: `192.0.2.${i}` });
      return;
    case 'transfer': // a zone with so many addresses, by several messages
      void reply.stream(packRecords(query, zoneRecords(key, size), { maxSize: 512 }));
      return;
    case 'scoped': // an address for clients with the same first bits
      reply.answer({ type: 'A', name, ttl: 60, data: '192.0.2.1' }).clientSubnet({ scope: size });
      return;
    case 'badcookie':
      reply.rcode = 'BADCOOKIE';
      return;
    case 'ede':
      reply.rcode = 'SERVFAIL';
      reply.ede(23, 'no route').ede(22);
      return;
    case 'verbose': // an extended error with a long text
      reply.answer({ type: 'A', name, ttl: 60, data: '192.0.2.1' }).ede(0, 'x'.repeat(size));
      return;
    case 'stale':
      reply.answer({ type: 'A', name, ttl: 60, data: '192.0.2.1' }).ede(3);
      return;
    case 'told': {
      // What was read of the query's OPT record.
      const { edns } = query;
      const options = edns?.options.map(({ code, data }) => `${code}:${data.toString('hex')}`) ?? [];
      const words = edns && [`${edns.udpPayloadSize}`, `${edns.dnssecOk}`, ...options];
      const text = Buffer.from(words?.join(' ') ?? 'none');
      reply.answer({ type: TXT, name, ttl: 0, data: Buffer.concat([Buffer.of(text.length), text]) });
      return;
    }
    case 'throw':
      throw new Error('thrown on purpose');
    case 'reject':
      return Promise.reject(new Error('rejected on purpose'));
    case 'nothing':
      reply.authoritative = false;
      return;
    case 'never':
      return new Promise(() => undefined);
    case 'late':
      return wait(50).then(() => {
        reply.answer({ type: 'A', name, ttl: 60, data: '192.0.2.1' });
      });
    case 'wrong': // a record that cannot be written
      reply.answer({ type: 'A', name, ttl: 60, data: 'no address' });
      return;
    case 'ttl': // an address with this TTL, and one with a longer one
      reply.answer({ type: 'A', name, ttl: size, data: '192.0.2.1' }, { type: 'A', name, ttl: 300, data: '192.0.2.2' });
      return;
    case 'huge': // a TTL with its uppermost bit set, as an upstream may send it
      reply.send(Buffer.concat([header(query), query.raw.subarray(12), hugeTtl()]));
      return;
    case 'none': // a denial, with SOA's TTL and MINIMUM as given, or without SOA
      reply.rcode = 'NXDOMAIN';
      if (!Number.isNaN(size)) reply.authority(soa(name, 300, size));
      return;
    case 'nodata':
      reply.authority(soa(name, size, 300));
      return;
    case 'fails':
      reply.rcode = 'SERVFAIL';
      return;
    default:
      if (query.type === 'AAAA') reply.answer({ type: 'AAAA', name, ttl: 60, data: '2001:db8::1' });
      else reply.answer({ type: 'A', name, ttl: 60, data: '192.0.2.1' });
  }
}

function soa(name: string, ttl: number, minimum: number) {
  const data = { mname: 'a.test', rname: 'b.test', serial: 1, refresh: 2, retry: 3, expire: 4, minimum };
  return { type: 'SOA', name: name.split('.').slice(1).join('.'), ttl, data } as const;
}

function header(query: Query): Buffer {
  return Buffer.of(query.id >> 8, query.id & 255, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0);
}

/** An address for the question's name. */
function hugeTtl(): Buffer {
  return Buffer.from('c00c000100010' + '0000000' + '0004c0000201', 'hex').fill(0x80, 6, 7);
}

/** Answers a NOTIFY; an UPDATE, with the response code that its zone is named after; and queries as {@link answerTest}. */
export function answerTransaction(query: Query, reply: Reply): void | Promise<void> {
  const { update, opcode, key } = query;
  if (opcode === 'QUERY' && key.endsWith('.test')) return answerTest(query, reply);
  const named: readonly Rcode[] = ['YXDOMAIN', 'YXRRSET', 'NXRRSET', 'NOTAUTH', 'NOTZONE'];
  const rcode = named.find((name) => key === `${name.toLowerCase()}.example.org`) ?? 'NOERROR';
  reply.rcode = update?.inZone === false ? 'NOTZONE' : rcode;
}
