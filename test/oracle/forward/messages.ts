/** The messages of upstreams that misbehave. Chance decides the details. */
import { A, raw, record, RECORDS } from '../../support/odd-answers.js';
import { replyTo, type Asked } from '../../support/upstream.js';
import type { Random } from '../coredns/random.js';
import { ANSWER, FORGED, MALFORMED, NO_ANSWER, type Outcome } from './behaviour.js';

const TC = 0x0200;

/** Answers as it is right. */
export const answer = ({ message, send }: Asked): void => {
  send(replyTo(message));
};

/** Changes a copy of a message. */
function changed(message: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(message);
  change(copy);
  return copy;
}

/** Changes the answer that would be right. */
export function wrong({ message }: Asked, change: (reply: Buffer) => void): Buffer {
  return changed(replyTo(message), change);
}

/** Sets the octets of the question's name to one case. */
function inCase({ message }: Asked, upper: boolean): Buffer {
  return changed(replyTo(message), (reply) => {
    for (let i = 13; i < RECORDS - 5; i++) {
      const letter = String.fromCharCode(reply[i]);
      if (/[a-z]/i.test(letter)) reply[i] = (upper ? letter.toUpperCase() : letter.toLowerCase()).charCodeAt(0);
    }
  });
}

/** An answer with TC and no record. */
export const truncated = (asked: Asked): Buffer => replyTo(asked.message, { flags: TC | 0x0180, answers: [] });
/** Sets the flags of a message. */
export const flags = (reply: Buffer, value: number): number => reply.writeUInt16BE(value, 2);
const hasOpt = ({ decoded }: Asked): boolean => decoded.additionals!.some(({ type }) => type === 'OPT');
/** An error with its question, and nothing else. */
export const error =
  (rcode: number) =>
  (asked: Asked): Buffer =>
    replyTo(asked.message, { flags: 0x0180 | rcode, answers: [] });

/** Forged or broken messages: they are ignored, so that the right answer is taken if it follows. */
export const IGNORED: readonly [name: string, make: (asked: Asked, random: Random) => Buffer, reference: string][] = [
  ['short', ({ message }, random) => message.subarray(0, 1 + random.below(11)), MALFORMED],
  ['empty', () => Buffer.alloc(0), MALFORMED],
  [
    'random octets',
    (_, random) => Buffer.from(Array.from({ length: 12 + random.below(80) }, () => random.below(256))),
    FORGED,
  ],
  ['wrong ID', (asked, random) => wrong(asked, (reply) => (reply[0] ^= 1 + random.below(255))), FORGED],
  ['wrong name in the question', (asked) => wrong(asked, (reply) => (reply[13] ^= 1)), FORGED],
  ['wrong type in the question', (asked) => wrong(asked, (reply) => (reply[RECORDS - 3] = 28)), FORGED],
  ['wrong class in the question', (asked) => wrong(asked, (reply) => (reply[RECORDS - 1] = 3)), FORGED],
  ['the query itself (QR=0)', ({ message }) => message, 'RFC 1035 s.4.1.1'],
  ['opcode NOTIFY', (asked) => wrong(asked, (reply) => flags(reply, 0xa180)), 'RFC 1035 s.4.1.1'],
];

/** Answers that differ from what is usual. `right`: what the client gets if the upstream never does otherwise. */
export const ALWAYS: readonly [
  name: string,
  make: (asked: Asked, random: Random) => Buffer,
  right: readonly Outcome[],
  reference: string,
][] = [
  ['the answer', ({ message }) => replyTo(message), ANSWER, 'RFC 1034 s.5.3.1'],
  ['the question in lower case', (asked) => inCase(asked, false), ANSWER, 'RFC 4343 s.3, RFC 1035 s.2.3.3'],
  ['the question in upper case', (asked) => inCase(asked, true), ANSWER, 'RFC 4343 s.3, RFC 1035 s.2.3.3'],
  [
    'header only, NOERROR',
    ({ message }) =>
      changed(message.subarray(0, 12), (reply) => {
        flags(reply, 0x8180);
        reply.fill(0, 4);
      }),
    NO_ANSWER,
    FORGED,
  ],
  [
    'header only, REFUSED',
    ({ message }) =>
      changed(message.subarray(0, 12), (reply) => {
        flags(reply, 0x8185);
        reply.fill(0, 4);
      }),
    ['REFUSED', 'SERVFAIL'],
    'no rule: errors may have no question',
  ],
  [
    'cut without TC',
    (asked, random) => {
      const reply = replyTo(asked.message);
      return reply.subarray(0, RECORDS + 1 + random.below(reply.length - RECORDS - 1));
    },
    NO_ANSWER,
    MALFORMED,
  ],
  ['the Z flag', (asked) => wrong(asked, (reply) => flags(reply, 0x81c0)), ANSWER, 'RFC 1035 s.4.1.1'],
  ['no RA', (asked) => wrong(asked, (reply) => flags(reply, 0x8100)), [...ANSWER, 'SERVFAIL'], 'no rule'],
  [
    'records of other zones',
    (asked) =>
      raw(
        asked,
        [1, 1, 1],
        A,
        record([3, 0x6f, 0x72, 0x67, 0], 2, [3, 0x6e, 0x73, 0x31, 0]),
        record([3, 0x6e, 0x73, 0x31, 0], 1, [192, 0, 2, 66]),
      ),
    ANSWER,
    'RFC 2181 s.5.4.1',
  ],
  [
    'an answer of another name',
    (asked) => raw(asked, [2, 0, 0], A, record([3, 0x6f, 0x72, 0x67, 0], 1, [192, 0, 2, 66])),
    [...ANSWER, 'other', 'SERVFAIL'],
    'no rule for a forwarder',
  ],
  ['NXDOMAIN', error(3), ['NXDOMAIN'], 'RFC 2308 s.2.1'],
  ['REFUSED', error(5), ['REFUSED', 'SERVFAIL'], 'RFC 1035 s.4.1.1'],
  ['NOTIMP', error(4), ['NOTIMP', 'SERVFAIL'], 'RFC 1035 s.4.1.1'],
  ['SERVFAIL', error(2), NO_ANSWER, 'RFC 1035 s.4.1.1'],
  [
    'FORMERR to EDNS',
    (asked) => (hasOpt(asked) ? error(1) : ({ message }: Asked) => replyTo(message))(asked),
    ANSWER,
    'RFC 6891 s.6.2.2, s.7',
  ],
  [
    'FORMERR to EDNS, header only',
    (asked) =>
      hasOpt(asked)
        ? changed(asked.message.subarray(0, 12), (reply) => {
            flags(reply, 0x8181);
            reply.fill(0, 4);
          })
        : replyTo(asked.message),
    ANSWER,
    'RFC 6891 s.6.2.2, s.7',
  ],
  [
    'NOTIMP to EDNS',
    (asked) => (hasOpt(asked) ? error(4) : ({ message }: Asked) => replyTo(message))(asked),
    [...ANSWER, 'NOTIMP'],
    'RFC 6891 s.7 asks for FORMERR',
  ],
];
