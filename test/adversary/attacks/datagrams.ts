/** Datagrams that nobody should send, and how much comes back for them. */
import { queryBytes } from '../../support/clients.js';
import { hostilePacket } from '../../support/hostile.js';
import { datagramAttack } from '../datagram-attack.js';
import { optHex, queryOf } from '../../conformance/wire.js';
import type { Random } from '../random.js';

const COUNT = 600;
/** Octets of a reply: without EDNS (RFC 1035 s.4.2.1), and the default of `maxPayloadSize`. */
const [PLAIN, LONGEST] = [512, 1232];

/** The next datagram. Its ID tells which one it is. */
function datagram(random: Random, id: number): Buffer {
  const kinds: (() => Buffer)[] = [
    () => hostilePacket(() => random.below(1 << 30) / 2 ** 30),
    // A response must never be answered.
    () => setBits(queryBytes('www.example.org'), 0x8000),
    () => Buffer.from(`0000010000${'01'.repeat(7)}${random.octets(20).toString('hex')}`, 'hex'),
    // Pointers: to themselves, to the header, forward, in chains.
    () => Buffer.from('0000010000010000000000000161c00c00010001', 'hex'),
    () => Buffer.from(`000001000001000000000000${'c00e'.repeat(1 + random.below(30))}00010001`, 'hex'),
    // Options that claim more than they have, and a great many of them.
    () => Buffer.from(`${queryOf().toString('hex', 0, 20)}${optHex({ options: ['10:00'] })}ffff`, 'hex'),
    () => queryOf({ opt: { options: Array.from({ length: 300 }, () => '65001:' as const) } }),
    () => queryOf({ opt: { size: random.below(65_536), version: random.below(256), flags: random.below(65_536) } }),
    () => queryOf({ type: random.below(65_536), class: random.below(65_536), flags: random.below(0x8000) }),
    () => Buffer.concat([queryOf(), random.octets(random.below(1200))]),
  ];
  const message = Buffer.from(random.pick(kinds)());
  if (message.length >= 2) message.writeUInt16BE(id);
  return message;
}

function setBits(message: Buffer, bits: number): Buffer {
  message.writeUInt16BE(message.readUInt16BE(2) | bits, 2);
  return message;
}

export const datagrams = datagramAttack('datagrams', { count: COUNT, make: datagram, judge });

/** What is wrong with a reply by UDP. */
function judge(message: Buffer, reply: Buffer): string | undefined {
  if ((message[2] & 0x80) !== 0) return 'a response was answered';
  if (message.length < 12) return 'less than a header was answered';
  const [rcode, truncated] = [reply[3] & 15, (reply[2] & 2) !== 0];
  const bad = truncated || rcode === 1 || rcode === 4 || rcode === 5;
  // OPT, which a query has, has 11 octets without options; an extended error may have more.
  if (bad && reply.length > Math.max(message.length, 12) + 11)
    return `an error of ${reply.length} octets for ${message.length}`;
  const limit = message.readUInt16BE(10) === 0 ? PLAIN : LONGEST;
  return reply.length > limit ? `${reply.length} octets` : undefined;
}
