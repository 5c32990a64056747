/** Reads one resource record from its tokens (RFC 1035 s.5.1). No token is ever taken for a directive such as `$INCLUDE`. */
import { classNumber, className, typeName, typeNumber } from '../registry.js';
import { absoluteName } from '../names.js';
import { Fields, parseTtl } from './fields.js';
import { parseRdata, type RecordData } from './rdata.js';
import { entriesOf, type Token } from './tokens.js';

/** A record as text gives it. */
export interface ParsedRecord {
  /** In presentation form, in the text's spelling, without the last dot; the root is `.`. */
  name: string;
  /** Upper case, as {@link typeName} names it. */
  type: string;
  /** Seconds, 0 to 2^31 - 1; undefined when the text has none. */
  ttl: number | undefined;
  /** Upper case; `'IN'` when the text has none. */
  class: string;
  data: RecordData;
}

const TYPE_OPT = 41;

/**
 * Splits the text of one record into tokens: words and quoted strings. Parentheses hold several lines together; `;`
 * starts a comment. Throws `Error` when a quote or a parenthesis is not closed, or when the text is not one record.
 */
export function splitRecord(text: string): Token[] {
  const fail = (_: number, reason: string): never => {
    throw new Error(reason);
  };
  const [entry, another] = [...entriesOf(text, fail)];
  if ((entry as typeof entry | undefined) === undefined) throw new Error('the record is empty');
  if ((another as typeof entry | undefined) !== undefined) throw new Error('the text has more than one record');
  return entry.tokens;
}

/**
 * Reads `OWNER [TTL] [CLASS] TYPE RDATA`; TTL and class in any order. `origin` is what relative names are relative to, `.`
 * for the root. Throws `Error` with the token in question.
 *
 * Tokens may hold text from outside: a token stays one token, whatever characters it has.
 */
export function parseRecord(tokens: readonly Token[], origin: string): ParsedRecord {
  const [owner, ...rest] = tokens;
  if ((owner as Token | undefined) === undefined) throw new Error('the owner is missing');
  return parseRecordOf(ownerName(owner, origin), rest, origin);
}

/** The name that an owner's token means; `@` is the origin. Throws `Error` for an invalid name. */
export function ownerName({ text, quoted }: Token, origin: string): string {
  return text === '@' && !quoted ? origin : absoluteName(text, origin);
}

/** Reads what follows the owner: {@link parseRecord}. */
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
  const type = typeOf(tokens.at(next)?.text);
  const generic = tokens.at(next + 1)?.text === '\\#';
  const data = parseRdata(type, new Fields(tokens.slice(next + (generic ? 2 : 1)), origin), generic);
  return { name, type, ttl, class: recordClass ?? 'IN', data };
}

function typeOf(text: string | undefined): string {
  if (text === undefined) throw new Error('the type is missing');
  const number = typeNumber(text.toUpperCase());
  if (number === undefined) throw new Error(`${text} is no type`);
  const type = typeName(number);
  if (isMeta(number)) throw new Error(`the type ${type} cannot stand in a zone`);
  return type;
}

/** Whether a type stands in questions or beside messages, never in a zone (RFC 6895 s.3.1): OPT, and 128 to 255. */
function isMeta(type: number): boolean {
  return type === 0 || type === TYPE_OPT || (type >= 128 && type <= 255);
}
