/** Generates questions. */
import packet from 'dns-packet';
import { NAMES } from './site.js';
import type { Random } from './random.js';

/** A question as it is asked. */
export interface Question {
  name: string;
  type: string;
  class: packet.RecordClass;
  flags: number;
  /** Undefined: without EDNS. */
  edns: { size: number; dnssec: boolean; nsid: boolean } | undefined;
}

const COMMON = ['A', 'A', 'AAAA', 'MX', 'TXT', 'NS', 'SOA', 'CNAME', 'SRV', 'PTR', 'ANY', 'HTTPS', 'CAA', 'DS'];
const TYPES = [
  ...COMMON,
  ...COMMON,
  'NAPTR',
  'TLSA',
  'SSHFP',
  'DNAME',
  'DNSKEY',
  'HINFO',
  'SVCB',
  'NSEC',
  'RRSIG',
  'URI',
  'LOC',
  'NULL',
];

/** Makes one. */
export function generateQuestion(random: Random): Question {
  const name = random.chance(0.08) ? `x${random.below(1000)}.${random.pick(NAMES)}` : random.pick(NAMES);
  return {
    name: mixedCase(name.replace(/\.\.$/, '.'), random),
    type: random.pick(TYPES),
    class: random.chance(0.97) ? 'IN' : random.pick(['CH', 'ANY', 'HS'] as const),
    flags: (random.chance(0.8) ? packet.RECURSION_DESIRED : 0) | (random.chance(0.1) ? packet.CHECKING_DISABLED : 0),
    edns: random.chance(0.7)
      ? { size: random.pick([1232, 4096, 512]), dnssec: random.chance(0.3), nsid: random.chance(0.1) }
      : undefined,
  };
}

function mixedCase(name: string, random: Random): string {
  if (random.chance(0.5)) return name;
  return Array.from(name, (letter) => (random.chance(0.5) ? letter.toUpperCase() : letter)).join('');
}

/** The message with that ID. */
export function encodeQuestion({ name, type, class: recordClass, flags, edns }: Question, id: number): Buffer {
  const options = edns?.nsid === true ? [{ code: 3, data: Buffer.alloc(0) }] : [];
  const opt = edns && {
    type: 'OPT' as const,
    name: '.',
    udpPayloadSize: edns.size,
    flags: edns.dnssec ? packet.DNSSEC_OK : 0,
    options: options as packet.PacketOpt[],
    extendedRcode: 0,
    ednsVersion: 0,
    flag_do: edns.dnssec,
  };
  return packet.encode({
    type: 'query',
    id,
    flags,
    questions: [{ type: type as packet.RecordType, class: recordClass, name }],
    additionals: opt === undefined ? [] : [opt],
  });
}
