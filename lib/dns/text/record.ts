/**
 * Reads one resource record from its tokens (RFC 1035 s.5.1). A token is never read as a directive such as `$INCLUDE`.
 */
import { classNumber, className, typeName, typeNumber } from '../registry.js';
import { absoluteName } from '../names.js';
import { TYPE } from '../numbers.js';
import type { ResourceRecord } from '../record.js';
import { parseRdata } from '../records/index.js';
import { invalid, parseTtl, TextReader } from './reader.js';
import type { Token } from './tokens.js';

export { splitRecord } from './tokens.js';

/** The type of a record's `data`. */
export type RecordData = ResourceRecord['data'];

/** A record that was read from text. */
export interface ParsedRecord {
  /** In presentation form, with the text's upper and lower case, without the last dot; the root is `.`. */
  name: string;
  /** Upper case, as {@link typeName} names it. */
  type: string;
  /** Seconds, 0 to 2^31 - 1; undefined if the text has none. */
  ttl: number | undefined;
  /** Upper case; `'IN'` if the text has none. */
  class: string;
  data: RecordData;
}

/**
 * Reads `OWNER [TTL] [CLASS] TYPE RDATA`; TTL and class in any order. Names without a dot at the end are relative to
 * `origin`, `.` for the root. Throws `Error` that names the invalid token.
 *
 * Tokens may hold text from outside: a token stays one token, whatever its characters are.
 */
export function parseRecord(tokens: readonly Token[], origin: string): ParsedRecord {
  const [owner, ...rest] = tokens;
  if ((owner as Token | undefined) === undefined) throw new Error('the owner is missing');
  return parseRecordOf(ownerName(owner, origin), rest, origin);
}

/** The name for which an owner's token stands; `@` is the origin. Throws `Error` for an invalid name. */
export function ownerName({ text, quoted }: Token, origin: string): string {
  return text === '@' && !quoted ? origin : absoluteName(text, origin);
}

/** Reads a record without its owner, as {@link parseRecord} does. */
export function parseRecordOf(name: string, tokens: readonly Token[], origin: string): ParsedRecord {
  let ttl: number | undefined;
  let recordClass: string | undefined;
  let next = 0;
  for (; next < tokens.length; next++) {
    const { text } = tokens[next];
    const seconds = ttl === undefined ? parseTtl(text) : undefined;
    const number = recordClass === undefined ? classNumber(text.toUpperCase()) : undefined;
    if (seconds !== undefined) ttl = seconds;
    else if (number !== undefined) recordClass = className(number);
    else break;
  }
  const { number, name: type } = typeOf(tokens.at(next)?.text);
  const data = parseRdata(new TextReader(tokens.slice(next + 1), origin), number, type) as RecordData;
  return { name, type, ttl, class: recordClass ?? 'IN', data };
}

function typeOf(text: string | undefined): { number: number; name: string } {
  if (text === undefined) throw new Error('the type is missing');
  const number = typeNumber(text.toUpperCase());
  if (number === undefined) throw invalid('type', text, 'a name such as AAAA, or TYPE65280');
  const name = typeName(number);
  if (isMeta(number)) throw new Error(`the type ${name} cannot stand in a zone`);
  return { number, name };
}

/** Whether a type is for questions and messages only, and not for zones (RFC 6895 s.3.1): OPT, and 128 to 255. */
export function isMeta(type: number): boolean {
  return type === 0 || type === TYPE.OPT || (type >= 128 && type <= 255);
}
