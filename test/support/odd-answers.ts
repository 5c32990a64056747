/** Encoded answers that are malformed, or unusual. */
import type { Asked } from './upstream.js';

/** The offset of the records: after a header and a question for a name of 17 octets, such as `www.example.org`. */
export const RECORDS = 12 + 17 + 4;

/** A response with these octets after its question. `counts`: of answers, authorities and additionals. */
export function raw(
  { message }: Pick<Asked, 'message'>,
  counts: [number, number, number],
  ...parts: (number[] | Buffer)[]
): Buffer {
  const reply = Buffer.concat([message.subarray(0, RECORDS), ...parts.map((part) => Buffer.from(part))]);
  reply.writeUInt16BE(0x8180, 2);
  for (const [i, count] of counts.entries()) reply.writeUInt16BE(count, 6 + 2 * i);
  return reply;
}

/** A record: owner, type, class IN, TTL 60, RDATA. */
export function record(owner: number[], type: number, rdata: number[], length = rdata.length): number[] {
  return [...owner, type >> 8, type & 255, 0, 1, 0, 0, 0, 60, length >> 8, length & 255, ...rdata];
}

/** A pointer to the name of the question. */
export const QUESTION = [0xc0, 12];
export const A = record(QUESTION, 1, [192, 0, 2, 1]);
export const OPT = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];
const text = (label: string): number[] => [label.length, ...Buffer.from(label)];
/** The offset of the RDATA of a first record whose owner is a pointer. */
const RDATA = RECORDS + 12;

/** Malformed answers to a question for a name of 17 octets. */
export const malformed: [what: string, make: (asked: Pick<Asked, 'message'>) => Buffer][] = [
  ['an owner that points to itself', (asked) => raw(asked, [1, 0, 0], record([0xc0, RECORDS], 1, [192, 0, 2, 1]))],
  ['an owner that points forward', (asked) => raw(asked, [1, 0, 0], record([0xc0, RECORDS + 8], 1, [192, 0, 2, 1]))],
  ['an owner that points into the header', (asked) => raw(asked, [1, 0, 0], record([0xc0, 4], 1, [192, 0, 2, 1]))],
  ['an owner that points behind the message', (asked) => raw(asked, [1, 0, 0], record([0xff, 0xff], 1, [1, 2, 3, 4]))],
  ['an owner with a label type of old', (asked) => raw(asked, [1, 0, 0], record([0x41, 0, 0], 1, [192, 0, 2, 1]))],
  [
    'an owner of more than 255 octets',
    (asked) => {
      const long = Array.from({ length: 4 }, () => [63, ...Buffer.alloc(63, 'a')]).flat();
      return raw(asked, [1, 0, 0], record([...long, 0xc0, 12], 1, [192, 0, 2, 1]));
    },
  ],
  ['a CNAME target in a loop', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 5, [0xc0, RDATA]))],
  ['a CNAME target that points forward', (asked) => raw(asked, [2, 0, 0], record(QUESTION, 5, [0xc0, RDATA + 2]), A)],
  [
    'a CNAME target that ends behind its RDATA',
    (asked) => raw(asked, [1, 0, 0], record(QUESTION, 5, [...text('target'), 0], 5), [0, 0]),
  ],
  ['RDATA behind a CNAME target', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 5, [...text('t'), 0, 1, 2]))],
  ['an SOA without its numbers', (asked) => raw(asked, [0, 1, 0], record(QUESTION, 6, [0xc0, 12, 0xc0, 12, 0, 0]))],
  ['an MX whose name is a loop', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 15, [0, 1, 0xc0, RDATA + 2]))],
  ['an SRV with a name cut off', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 33, [0, 1, 0, 1, 0, 1, 5, 97]))],
  ['an NS loop in the authority section', (asked) => raw(asked, [0, 1, 0], record(QUESTION, 2, [0xc0, RDATA]))],
  ['a malformed additional record', (asked) => raw(asked, [1, 0, 1], A, record([0xc0, RECORDS + 16], 1, [1, 2, 3, 4]))],
  ['an A record of five octets', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 1, [192, 0, 2, 1, 0]))],
  ['an AAAA record of four octets', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 28, [192, 0, 2, 1]))],
  ['a TXT record whose text is longer', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 16, [9, 97, 98]))],
  [
    'an RRSIG with a compressed signer',
    (asked) => raw(asked, [1, 0, 0], record(QUESTION, 46, [...Array<number>(18).fill(0), 0xc0, 12, 1, 2])),
  ],
  [
    'an HTTPS record whose parameter is longer',
    (asked) => raw(asked, [1, 0, 0], record(QUESTION, 65, [0, 1, 0, 0, 1, 0, 9, 97])),
  ],
  ['more answers than there are', (asked) => raw(asked, [2, 0, 0], A)],
  ['fewer answers than there are', (asked) => raw(asked, [1, 0, 0], A, A)],
  ['octets behind the last record', (asked) => raw(asked, [1, 0, 0], A, [0])],
  ['RDATA behind the message', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 65280, [1, 2], 200))],
  ['two OPT records', (asked) => raw(asked, [1, 0, 2], A, OPT, OPT)],
  ['an OPT in the answer section', (asked) => raw(asked, [2, 0, 0], A, OPT)],
  ['an OPT in the authority section', (asked) => raw(asked, [1, 1, 0], A, OPT)],
  ['an OPT with an owner', (asked) => raw(asked, [1, 0, 1], A, [...QUESTION, ...OPT.slice(1)])],
  ['an OPT whose option is longer', (asked) => raw(asked, [1, 0, 1], A, [...OPT.slice(0, 9), 0, 5, 0, 15, 0, 9, 0])],
  [
    'two questions',
    (asked) => {
      const { message } = asked;
      const reply = Buffer.concat([message.subarray(0, RECORDS), message.subarray(12, RECORDS), Buffer.from(A)]);
      reply.writeUInt16BE(0x8180, 2);
      reply.writeUInt16BE(2, 4);
      reply.writeUInt16BE(1, 6);
      return reply;
    },
  ],
];
