/** Updates, notifications and signatures from clients without a key: none may change a zone, or cost others their answers. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { message, sign, withRecord, type RecordParts, type Signing } from '../../support/other-opcodes.js';
import { queryOf } from '../../conformance/wire.js';
import { holds, type Attack } from '../attack.js';
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

export const transactions: Attack = {
  name: 'transactions',
  seconds: 2,
  suits: (target) => target.listeners('dns').length > 0,
  run: (target, random) =>
    target.during(async () => {
      const [{ port }] = target.listeners('dns');
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      await once(socket, 'listening');
      const sent = new Map<number, Buffer>();
      const problems: string[] = [];
      socket.on('message', (reply) => {
        const asked = sent.get(reply.readUInt16BE(0));
        const problem = asked === undefined ? 'a reply to nothing that was sent' : judge(asked, reply);
        if (problem !== undefined) problems.push(`${problem}: ${asked?.toString('hex')} -> ${reply.toString('hex')}`);
      });
      for (let id = 0; id < COUNT; id++) {
        const asked = attempt(random, id);
        sent.set(id, asked);
        socket.send(asked, port, '127.0.0.1');
        if (id % 50 === 0) await wait(10);
      }
      await wait(100);
      socket.close();
      holds(problems.length === 0, problems[0]);
    }),
};

/** What is wrong with a reply. */
function judge(asked: Buffer, reply: Buffer): string | undefined {
  const opcode = (asked[2] >> 3) & 15;
  if (((reply[2] >> 3) & 15) !== opcode) return 'the opcode has changed';
  if (opcode === 5 && (reply[3] & 15) === 0) return 'an update was taken';
  // A signed error has a whole MAC where its query has half of one, and the server's time.
  if ((reply[3] & 15) !== 0 && reply.length > asked.length + 11 + 32 + 6) return 'an error is longer than its message';
  return undefined;
}
