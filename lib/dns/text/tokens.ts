/** Splits the text of a zone file into entries, and entries into tokens (RFC 1035 s.5.1). */

/** A word or a quoted string. Its escapes are not resolved. */
export interface Token {
  text: string;
  quoted: boolean;
  /** Whether it follows another token without white space, like the second token of `a"b"`. */
  glued?: boolean;
}

/** One entry: a line, or several that parentheses hold together. */
export interface Entry {
  /** The line on which it starts, from 1. */
  line: number;
  /** Whether white space stands before its first token: its owner is that of the entry before. */
  indented: boolean;
  /** At least one. */
  tokens: Token[];
}

/** Reports an error on a line. */
export type Fail = (line: number, reason: string) => never;

const TAB = 0x09;
const NEWLINE = 0x0a;
const FORM_FEED = 0x0c;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const OPENING = 0x28;
const CLOSING = 0x29;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;

/** Octets of a line. The longest RDATA with an escape for each octet take a quarter of it. */
export const MAX_LINE = 1 << 20;
/** Words of an entry. A record has fewer, also if each octet is a word. */
const MAX_WORDS = 1 << 17;
/** By octet, 0: it ends a word, or is a backslash. */
const IN_WORD = new Uint8Array(256).fill(1);
for (const code of [TAB, NEWLINE, FORM_FEED, RETURN, SPACE, QUOTE, OPENING, CLOSING, SEMICOLON, BACKSLASH])
  IN_WORD[code] = 0;

const UNCLOSED = 'a quote is not closed on its line, or the line ends with a backslash';

/**
 * The entries of a text, one after the other. The text comes in pieces; each but the last one ends with a newline. Calls
 * `fail` for quotes and parentheses that do not match, for an entry of too many words, and for a piece that begins with a
 * line of more than {@link MAX_LINE} octets.
 */
export function* entriesOf(pieces: Iterable<string>, fail: Fail): Generator<Entry> {
  let line = 1;
  let depth = 0;
  let entry: Entry = { line, indented: false, tokens: [] };
  let atStart = true;
  let glued = false;
  for (const text of pieces) {
    if (startsTooLong(text)) fail(line, `a line has more than ${MAX_LINE} octets`);
    for (let at = 0; at < text.length;) {
      const code = text.charCodeAt(at);
      if (code === NEWLINE) {
        at++;
        line++;
        glued = false;
        if (depth > 0) continue;
        if (entry.tokens.length > 0) yield entry;
        entry = { line, indented: false, tokens: [] };
        atStart = true;
        continue;
      }
      if (isSpace(code)) {
        if (atStart) entry.indented = true;
        at++;
        glued = false;
      } else if (code === SEMICOLON) {
        const end = text.indexOf('\n', at);
        at = end < 0 ? text.length : end;
      } else if (code === OPENING || code === CLOSING) {
        depth += code === OPENING ? 1 : -1;
        if (depth < 0) fail(line, 'a closing parenthesis has no opening one');
        at++;
        glued = false;
      } else {
        const quoted = code === QUOTE;
        const end = quoted ? stringEnd(text, at + 1) : wordEnd(text, at);
        if (end < 0) fail(line, UNCLOSED);
        const word = text.slice(quoted ? at + 1 : at, end);
        if (entry.tokens.push({ text: word, quoted, glued }) > MAX_WORDS)
          fail(entry.line, `an entry has more than ${MAX_WORDS} words`);
        at = quoted ? end + 1 : end;
        glued = true;
      }
      atStart = false;
    }
  }
  if (depth > 0) fail(entry.line, 'a parenthesis is not closed');
  if (entry.tokens.length > 0) yield entry;
}

function startsTooLong(text: string): boolean {
  if (text.length <= MAX_LINE) return false;
  const end = text.indexOf('\n');
  return end < 0 || end > MAX_LINE;
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB || code === RETURN || code === FORM_FEED;
}

/** The place of the quote that ends the string with its first character at `at`; -1: it is not closed on its line. */
function stringEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i;
    if (code === NEWLINE || (code === BACKSLASH && text.charCodeAt(++i) === NEWLINE)) return -1;
  }
  return -1;
}

/** The end of the word that starts at `at`; -1: a backslash ends the line. */
function wordEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    if (IN_WORD[text.charCodeAt(i)] !== 0) continue;
    if (text.charCodeAt(i) !== BACKSLASH) return i;
    i++;
    if (i === text.length || text.charCodeAt(i) === NEWLINE) return -1;
  }
  return text.length;
}

/**
 * Splits the text of one record into tokens. Parentheses hold several lines together; `;` starts a comment. Throws
 * `Error` if a quote or a parenthesis is not closed, or if the text is not one entry.
 */
export function splitRecord(text: string): Token[] {
  const fail = (_: number, reason: string): never => {
    throw new Error(reason);
  };
  const [entry, another] = [...entriesOf([text], fail)];
  if ((entry as Entry | undefined) === undefined) throw new Error('the record is empty');
  if ((another as Entry | undefined) !== undefined) throw new Error('the text has more than one record');
  return entry.tokens;
}
