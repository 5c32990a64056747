/** Queries of all shapes for differential tests: random, the same for the same seed. */
import { typeNumber } from '../../dist/dns/registry.js';
import { generateQuestion, type GeneratedZone, type Random } from '../directives/file/zone-generator.js';
import { encodeQuestion } from '../support/questions.js';
import { hex, optHex, type OptionText } from './wire.js';

/** A query and what is special about it. */
export interface GeneratedQuery {
  /** With the ID 0. */
  message: Buffer;
  name: string;
  type: number;
  class: number;
  opcode: number;
  /** 16 bits. */
  flags: number;
  /** Its OPT record: payload size and version; undefined without. */
  opt: { size: number; version: number } | undefined;
  shape: Shape;
}

/** How the message is built; all but the first are malformed or no query. */
export type Shape =
  | 'plain'
  | 'response'
  | 'no question'
  | 'two questions'
  | 'two OPT'
  | 'OPT in answer'
  | 'OPT with name'
  | 'half an option'
  | 'cut'
  | 'octets behind'
  | 'pointer'
  | 'long label';

const ODD_SHAPES: readonly Shape[] = [
  'response',
  'no question',
  'two questions',
  'two OPT',
  'OPT in answer',
  'OPT with name',
  'half an option',
  'cut',
  'octets behind',
  'pointer',
  'long label',
];
const ODD_TYPES = [0, 10, 41, 100, 128, 249, 250, 251, 252, 253, 254, 65280, 65535];
const ODD_CLASSES = [0, 2, 3, 4, 254, 255, 256, 65535];
const SIZES = [0, 100, 512, 600, 1232, 1400, 4096, 65535];
const OPTIONS: readonly OptionText[] = ['65001:', '65001:0102', '3:', '8:00011800c00002', '12:0000', '65535:ff', '20:'];

/** A query about one of a zone's names, or one near it, or elsewhere. */
export function generateQuery(random: Random, names: GeneratedZone['names']): GeneratedQuery {
  const question = generateQuestion(random, names);
  const name = random.chance(4) ? random.pick(['.', 'org.', 'example.com.', 'xexample.org.']) : question.name;
  const type = random.chance(8) ? random.pick(ODD_TYPES) : typeNumber(question.type)!;
  const qclass = random.chance(8) ? random.pick(ODD_CLASSES) : 1;
  const opcode = random.chance(6) ? 1 + random.below(15) : 0;
  const shape = random.chance(8) ? random.pick(ODD_SHAPES) : 'plain';
  let flags = random.below(0x80) & 0x70; // Z, AD, CD
  if (random.chance(50)) flags |= 0x0100;
  if (random.chance(5)) flags |= random.below(0x10000) & 0x068f; // AA, TC, RA, RCODE
  flags |= opcode << 11;
  if (shape === 'response') flags |= 0x8000;
  const withOpt = random.chance(50) || shape.includes('OPT') || shape === 'half an option';
  const opt = withOpt ? { size: random.pick(SIZES), version: random.chance(8) ? random.pick([1, 255]) : 0 } : undefined;
  const options = random.chance(40) ? Array.from({ length: 1 + random.below(3) }, () => random.pick(OPTIONS)) : [];
  const optFlags = random.chance(40) ? 0x8000 : random.chance(10) ? random.below(0x8000) : 0;
  const record = opt === undefined ? '' : optHex({ ...opt, flags: optFlags, options });
  const text = encodeQuestion(name === '.' ? '' : name, type)
    .toString('hex')
    .slice(0, -4);
  const message = build(shape, flags, text + hex(qclass), record, random);
  return { message, name, type, class: qclass, opcode, flags, opt, shape };
}

function build(shape: Shape, flags: number, question: string, opt: string, random: Random): Buffer {
  const whole = (counts: readonly number[], rest: string): Buffer =>
    Buffer.from(hex(0) + hex(flags) + counts.map((count) => hex(count)).join('') + rest, 'hex');
  const additionals = opt === '' ? 0 : 1;
  const plain = whole([1, 0, 0, additionals], question + opt);
  switch (shape) {
    case 'no question':
      return whole([0, 0, 0, additionals], opt);
    case 'two questions':
      return whole([2, 0, 0, additionals], question + question + opt);
    case 'two OPT':
      return whole([1, 0, 0, 2], question + opt + opt);
    case 'OPT in answer':
      return whole([1, 1, 0, 0], question + opt);
    case 'OPT with name':
      return whole([1, 0, 0, 1], `${question}0161${opt}`);
    case 'half an option':
      return whole([1, 0, 0, 1], question + optHex().slice(0, -4) + hex(3) + '000300');
    case 'cut':
      return plain.subarray(0, 12 + random.below(question.length / 2));
    case 'octets behind':
      return Buffer.concat([plain, Buffer.alloc(1 + random.below(5), 1)]);
    case 'pointer':
      return whole([1, 0, 0, 0], `${random.pick(['c00c', '0161c00c', 'c0ff', 'c000'])}00010001`);
    case 'long label':
      return whole([1, 0, 0, 0], `${random.pick(['40', '80', 'bf'])}${'61'.repeat(64)}0000010001`);
    default:
      return plain;
  }
}
