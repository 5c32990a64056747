/** Any reply, read in a form that compares: also one that has no question. */
import { readMessage, type ReadMessage } from '../support/messages.js';

/** What a reply says, and what of it may differ on its own. */
export interface AnyReply {
  /** Whether anything came. */
  answered: boolean;
  opcode: number;
  /** With the upper bits from OPT. */
  rcode: number;
  aa: boolean;
  tc: boolean;
  rd: boolean;
  ra: boolean;
  z: boolean;
  ad: boolean;
  cd: boolean;
  /** The question section, with its count. */
  question: string;
  /** Version, flags and options of OPT; the payload size is each server's own. */
  opt: string;
  answer: string[];
  authority: string[];
  additional: string[];
}

const NONE: AnyReply = {
  answered: false,
  opcode: 0,
  rcode: 0,
  aa: false,
  tc: false,
  rd: false,
  ra: false,
  z: false,
  ad: false,
  cd: false,
  question: '',
  opt: '',
  answer: [],
  authority: [],
  additional: [],
};

/** Reads a reply. Throws when octets are missing. */
export function readAny(message: Buffer | undefined): AnyReply {
  if (message === undefined) return NONE;
  const flags = message.readUInt16BE(2);
  const questions = message.readUInt16BE(4);
  const { sections, opt, end } = readSections(message, questions);
  return {
    answered: true,
    opcode: (flags >> 11) & 15,
    rcode: (flags & 15) | (((opt?.ttl ?? 0) >>> 24) << 4),
    aa: (flags & 0x0400) !== 0,
    tc: (flags & 0x0200) !== 0,
    rd: (flags & 0x0100) !== 0,
    ra: (flags & 0x0080) !== 0,
    z: (flags & 0x0040) !== 0,
    ad: (flags & 0x0020) !== 0,
    cd: (flags & 0x0010) !== 0,
    question: `${questions} ${message.toString('hex', 12, end)}`,
    opt: opt === undefined ? '' : `${(opt.ttl >>> 16) & 0xff} ${(opt.ttl & 0xffff).toString(16)} ${opt.options}`.trim(),
    answer: sections[0],
    authority: sections[1],
    additional: sections[2],
  };
}

interface Opt {
  ttl: number;
  options: string;
}

function readSections(
  message: Buffer,
  questions: number,
): { sections: ReadMessage['sections']; opt: Opt | undefined; end: number } {
  if (questions !== 1) return { sections: [[], [], []], opt: findOpt(message, 12), end: message.length };
  const { sections } = readMessage(message);
  const end = skipName(message, 12) + 4;
  return { sections, opt: findOpt(message, end), end };
}

/** OPT, among the records from `at` on. */
function findOpt(message: Buffer, at: number): Opt | undefined {
  for (let left = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10); left > 0; left--) {
    const fields = skipName(message, at);
    const end = fields + 10 + message.readUInt16BE(fields + 8);
    if (message.readUInt16BE(fields) === 41) {
      return { ttl: message.readUInt32BE(fields + 4), options: message.toString('hex', fields + 10, end) };
    }
    at = end;
  }
  return undefined;
}

/** A reply with the TTLs of its records, OPT aside, set to 0. */
export function withoutTtls(message: Buffer | undefined): Buffer | undefined {
  if (message === undefined) return undefined;
  const copy = Buffer.from(message);
  let at = 12;
  for (let left = copy.readUInt16BE(4); left > 0; left--) at = skipName(copy, at) + 4;
  for (let left = copy.readUInt16BE(6) + copy.readUInt16BE(8) + copy.readUInt16BE(10); left > 0; left--) {
    at = skipName(copy, at);
    if (copy.readUInt16BE(at) !== 41) copy.writeUInt32BE(0, at + 4);
    at += 10 + copy.readUInt16BE(at + 8);
  }
  return copy;
}

function skipName(message: Buffer, at: number): number {
  for (;;) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += length + 1;
  }
}
