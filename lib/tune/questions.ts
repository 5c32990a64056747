/** The questions of a load: from a file in dnsperf's format, or made from zones. */
import { readFileSync } from 'node:fs';
import packet from 'dns-packet';
import { DEFAULT_UDP_PAYLOAD, HEADER_SIZE, MAX_LABEL, MAX_NAME, TYPE } from '../dns/numbers.js';
import { withCode, type CodedError } from '../errors.js';
import { typeNumber } from '../dns/registry.js';

/** The most questions from one source. */
export const MAX_QUESTIONS = 100_000;

/** A question of class IN. */
export interface Question {
  /** Presentation form, with or without the last dot. */
  name: string;
  /** `'A'`, `'TYPE65280'`. */
  type: string;
}

/** Labels that are asked for below a zone with unknown names, each for an A record. */
const LABELS = ['www', 'mail', 'ns1', 'ns2', 'api', 'cdn', 'static', 'img', 'm', 'blog', 'shop', 'app'];

/**
 * The questions of a file in dnsperf's format: a name and a type a line; what begins with `;` or `#` is a comment. At
 * most {@link MAX_QUESTIONS} of them.
 *
 * Throws `ERR_MULTISOCKET_QUESTIONS`, with file and line, for an invalid line and an empty file, and a system error for
 * a file that cannot be read.
 */
export function readQuestions(file: string): Buffer[] {
  const questions: Buffer[] = [];
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const [i, line] of lines.entries()) {
    const [name, type, more] = line.trim().split(/\s+/) as (string | undefined)[];
    if (name === undefined || name === '' || /^[;#]/.test(name)) continue;
    const known = type !== undefined && typeNumber(type.toUpperCase()) !== undefined;
    if (!known || more !== undefined) throw questionsError(`${file}:${i + 1}: not a name and a type: ${line.trim()}`);
    questions.push(encodeQuestion({ name, type: type.toUpperCase() }));
    if (questions.length === MAX_QUESTIONS) break;
  }
  if (questions.length === 0) throw questionsError(`${file} has no questions`);
  return questions;
}

/** Questions for zones of which only the name is known; `''` is the root, below which `example.org` is asked for. */
export function questionsFor(zones: readonly string[]): Question[] {
  return zones.flatMap((zone) => {
    const origin = zone === '' || zone === '.' ? 'example.org' : zone;
    const below = LABELS.map((label) => ({ name: `${label}.${origin}`, type: 'A' }));
    return [{ name: origin, type: 'A' }, { name: origin, type: 'AAAA' }, { name: origin, type: 'MX' }, ...below];
  });
}

/**
 * A query as dig sends it: RD, and EDNS with a payload size of 1,232. Throws `ERR_MULTISOCKET_QUESTIONS` for a name of more
 * than 255 octets, or with a label of none or of more than 63 (RFC 1035 s.3.1).
 */
export function encodeQuestion({ name, type }: Question): Buffer {
  const labels = name.replace(/\.$/, '').split('.');
  const isRoot = name === '.' || name === '';
  if (
    !isRoot &&
    (name.length > MAX_NAME - 1 || labels.some((label) => label === '' || Buffer.byteLength(label) > MAX_LABEL))
  ) {
    throw questionsError(`not a name: ${name}`);
  }
  const message = packet.encode({
    type: 'query',
    flags: packet.RECURSION_DESIRED,
    questions: [{ name, type: 'A', class: 'IN' }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: DEFAULT_UDP_PAYLOAD,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  });
  // Written here, since dns-packet does not know every type.
  const nameLength = isRoot ? 1 : Buffer.byteLength(labels.join('.')) + 2;
  message.writeUInt16BE(typeNumber(type) ?? TYPE.A, HEADER_SIZE + nameLength);
  return message;
}

function questionsError(reason: string): CodedError {
  return withCode(new Error(reason), 'ERR_MULTISOCKET_QUESTIONS');
}
