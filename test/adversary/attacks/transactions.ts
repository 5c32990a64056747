/** Updates, notifications and signatures from clients without a key: none may change a zone, or cost others their answers. */
import { message, sign, withRecord, type RecordParts, type Signing } from '../../support/other-opcodes.js';
import { queryOf } from '../../conformance/wire.js';
import { datagramAttack } from '../datagram-attack.js';
import type { Random } from '../random.js';

const COUNT = 400;
/** The key of `own/transactions`, and a signature that its owner made too long ago. */
export const ATTACKED_KEY = { name: 'attacked.key', secret: 'YSBzZWNyZXQgb2YgdGhlIG93bmVy' };
const OLD = 100_000;

/** A record of an UPDATE, mostly one that is allowed. */
function record(random: Random): RecordParts {
  return {
    name: random.pick(['www.example.org', 'example.org', 'example.com', '.', `${random.word()}.example.org`]),
    type: random.pick(['A', 'NS', 'SOA', 'MX', 'TXT', 'ANY', 'AXFR', 'OPT', 'TSIG', random.below(65_536)] as const),
    class: random.pick(['IN', 'IN', 'ANY', 'NONE', random.below(65_536)] as const),
    ttl: random.pick([0, 0, 60, 0xffffffff]),
    data: random.pick(['', 'c0000201', 'c00c', 'c0ff', '00ff', random.octets(random.below(40)).toString('hex')]),
  };
}

const records = (random: Random): RecordParts[] => Array.from({ length: random.below(4) }, () => record(random));

/** A signature that is not the owner's. */
function forgery(random: Random): Signing {
  const now = Math.floor(Date.now() / 1000);
  const owner = { key: ATTACKED_KEY.name, secret: Buffer.from(ATTACKED_KEY.secret, 'base64') };
  return random.pick<Signing>([
    { ...owner, time: now - OLD },
    { ...owner, time: now + OLD },
    { ...owner, secret: random.octets(16) },
    { ...owner, secret: Buffer.alloc(0) },
    { ...owner, macSize: random.below(10) },
    { ...owner, macSize: 16, time: now - OLD, fudge: 0xffff },
    { ...owner, key: `${'a'.repeat(60)}.${random.word()}`, algorithm: 'hmac-sha512' },
    { ...owner, algorithm: 'hmac-md5' },
  ]);
}

/** The next message. Its ID tells which one it is. */
function attempt(random: Random, id: number): Buffer {
  const opcode = random.pick(['UPDATE', 'UPDATE', 'NOTIFY'] as const);
  const plain = message({ id, opcode, first: records(random), second: records(random) });
  const kinds: (() => Buffer)[] = [
    () => plain,
    () => plain.subarray(0, 12 + random.below(plain.length - 12)),
    () => sign(plain, forgery(random)),
    () => sign(message({ id, second: [{ data: 'c0000201', ttl: 60 }] }), forgery(random)),
    () => sign(sign(plain, forgery(random)), forgery(random)),
    () => withRecord(sign(plain, forgery(random)), record(random)),
    () => sign(queryOf({ id, name: 'www.example.org' }), forgery(random)),
    () => withRecord(plain, { type: 'TSIG', class: 'ANY', data: random.octets(random.below(80)).toString('hex') }),
    // As many records as fit, each with a pointer.
    () => message({ id, second: Array.from({ length: 90 }, () => ({ class: 'ANY', type: 'ANY' }) as const) }),
  ];
  return Buffer.from(random.pick(kinds)());
}

export const transactions = datagramAttack('transactions', { count: COUNT, make: attempt, judge });

/** What is wrong with a reply. */
function judge(asked: Buffer, reply: Buffer): string | undefined {
  const opcode = (asked[2] >> 3) & 15;
  if (((reply[2] >> 3) & 15) !== opcode) return 'the opcode has changed';
  if (opcode === 5 && (reply[3] & 15) === 0) return 'an update was taken';
  // A signed error has a whole MAC where its query has half of one, and the server's time.
  if ((reply[3] & 15) !== 0 && reply.length > asked.length + 11 + 32 + 6) return 'an error is longer than its message';
  return undefined;
}
