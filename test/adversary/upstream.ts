/** The upstream of servers that forward. It is honest, except to names that ask for something else. */
import { createHash } from 'node:crypto';
import { ScriptedUpstream, type Asked } from '../support/upstream.js';

/** An address that only malformed answers have. */
export const POISON = '203.0.113.66';
const POISON_HEX = Buffer.from(POISON.split('.').map(Number)).toString('hex');

/** Makes an answer of a question and of an honest answer's header. */
type Malformed = (question: Buffer, header: Buffer) => Buffer;

const record = (owner: string, type: string, data: string, length = data.length / 2): string =>
  `${owner}${type}00010000003c${length.toString(16).padStart(4, '0')}${data}`;
const answerOf: (question: Buffer, header: Buffer, records: string, counts?: string) => Buffer = (
  question,
  header,
  records,
  counts = '000100000000',
) => {
  const head = Buffer.from(header);
  head.write(counts, 6, 'hex');
  return Buffer.concat([head, question, Buffer.from(records, 'hex')]);
};
const pointer = (at: number): string => (0xc000 | at).toString(16);
const poison = record('c00c', '0001', POISON_HEX);

/** Malformed answers by the name that asks for them. None of them may reach a client. */
export const MALFORMED: Readonly<Record<string, Malformed>> = {
  ownerself: (q, h) => answerOf(q, h, record(pointer(12 + q.length), '0001', POISON_HEX)),
  ownerforward: (q, h) => answerOf(q, h, record(pointer(12 + q.length + 12), '0001', POISON_HEX)),
  ownerheader: (q, h) => answerOf(q, h, record('c002', '0001', POISON_HEX)),
  ownerbeyond: (q, h) => answerOf(q, h, record('ffff', '0001', POISON_HEX)),
  cnameself: (q, h) => answerOf(q, h, record('c00c', '0005', pointer(12 + q.length + 12)) + poison, '000200000000'),
  cnameforward: (q, h) => answerOf(q, h, record('c00c', '0005', pointer(12 + q.length + 14)) + poison, '000200000000'),
  labeltype: (q, h) => answerOf(q, h, record('4161', '0001', POISON_HEX)),
  longname: (q, h) => answerOf(q, h, record(`${`3f${'61'.repeat(63)}`.repeat(4)}00`, '0001', POISON_HEX)),
  rdlength: (q, h) => answerOf(q, h, record('c00c', '0001', POISON_HEX, 400)),
  shortdata: (q, h) => answerOf(q, h, `${record('c00c', '0001', 'cb0071', 3)}${poison}`, '000200000000'),
  counts: (q, h) => answerOf(q, h, poison, 'ffffffffffff'),
  behind: (q, h) => answerOf(q, h, `${poison}0000000000`),
  twoopt: (q, h) => answerOf(q, h, `${poison}${'0000290400000000000000'.repeat(2)}`, '000100000002'),
  cut: (q, h) => answerOf(q, h, poison).subarray(0, 12 + q.length + 5),
};

/** Names that the upstream treats in a way of its own, by the start of their first label. */
export const kinds = { silent: 'silent-', race: 'race-', malformed: 'bad-' } as const;
/** How long the answer to a {@link kinds.race} takes, in ms, while forged ones arrive. */
export const RACE = 150;

/** The address that the upstream gives a name. */
export function addressOf(name: string): string {
  const [a, b, c] = createHash('sha256').update(name.toLowerCase()).digest();
  return `10.${a}.${b}.${c}`;
}

/** Starts an upstream on 127.0.0.1. */
export async function startUpstream(): Promise<ScriptedUpstream> {
  return ScriptedUpstream.start(serve);
}

function serve(asked: Asked): void {
  const { name, type } = asked.decoded.questions?.[0] ?? { name: '.', type: 'A' };
  const header = Buffer.from(asked.message.subarray(0, 12));
  header.writeUInt16BE(0x8080 | (header.readUInt16BE(2) & 0x0100), 2);
  const question = questionOf(asked.message);
  const address = Buffer.from(addressOf(name).split('.').map(Number)).toString('hex');
  const honest =
    type === 'A'
      ? answerOf(question, header, record('c00c', '0001', address))
      : answerOf(question, header, '', '000000000000');
  const [first] = name.toLowerCase().split('.');
  if (first.startsWith(kinds.silent)) return;
  if (first.startsWith(kinds.malformed)) {
    asked.send(MALFORMED[first.split('-')[1]](question, header));
  } else if (first.startsWith(kinds.race)) {
    forge(asked, answerOf(question, header, poison));
    setTimeout(() => {
      asked.send(honest);
    }, RACE);
  } else asked.send(honest);
}

/** The octets of a message's question. Queries have no compressed names. */
function questionOf(message: Buffer): Buffer {
  let end = 12;
  while (message[end] !== 0) end += 1 + message[end];
  return message.subarray(12, end + 5);
}

/** Sends answers with wrong IDs, from the right address and port. */
function forge(asked: Asked, forged: Buffer): void {
  const right = asked.message.readUInt16BE(0);
  for (let i = 1; i <= 64; i++) {
    forged.writeUInt16BE((right + 997 * i) & 0xffff);
    asked.send(Buffer.from(forged));
  }
}
