/** Splits the text of a zone file into entries, and entries into tokens (RFC 1035 s.5.1). */

/** A word or a quoted string. Its escapes are not resolved. */
export interface Token {
  text: string;
  quoted: boolean;
  /** Whether it follows another token without white space, like the second token of `a"b"`. Default: false. */
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

const TOKEN =
  /(?<space>[ \t\r\f]+)|(?<newline>\n)|(?<comment>;[^\n]*)|(?<paren>[()])|"(?<string>(?:\\[^\n]|[^"\\\n])*)"|(?<word>(?:\\[^\n]|[^\s();"\\])+)/gy;

/** The entries of `text`, one after the other. Calls `fail` for quotes and parentheses that do not match. */
export function* entriesOf(text: string, fail: Fail): Generator<Entry> {
  let line = 1;
  let depth = 0;
  let entry: Entry = { line, indented: false, tokens: [] };
  let atStart = true;
  let glued = false;
  const pattern = new RegExp(TOKEN); // a copy, since it keeps a position
  while (pattern.lastIndex < text.length) {
    const groups: Partial<Record<string, string>> | undefined = pattern.exec(text)?.groups;
    if (groups === undefined) fail(line, 'a quote is not closed on its line, or the line ends with a backslash');
    const { space, newline, paren, string, word } = groups;
    if (newline !== undefined) {
      line++;
      glued = false;
      if (depth > 0) continue;
      if (entry.tokens.length > 0) yield entry;
      entry = { line, indented: false, tokens: [] };
      atStart = true;
      continue;
    }
    if (space !== undefined && atStart) entry.indented = true;
    atStart = false;
    if (paren === '(') depth++;
    if (paren === ')' && --depth < 0) fail(line, 'a closing parenthesis has no opening one');
    const token = string ?? word;
    if (token !== undefined) entry.tokens.push({ text: token, quoted: string !== undefined, ...(glued && { glued }) });
    glued = token !== undefined;
  }
  if (depth > 0) fail(entry.line, 'a parenthesis is not closed');
  if (entry.tokens.length > 0) yield entry;
}

/**
 * Splits the text of one record into tokens. Parentheses hold several lines together; `;` starts a comment. Throws
 * `Error` if a quote or a parenthesis is not closed, or if the text is not one entry.
 */
export function splitRecord(text: string): Token[] {
  const fail = (_: number, reason: string): never => {
    throw new Error(reason);
  };
  const [entry, another] = [...entriesOf(text, fail)];
  if ((entry as Entry | undefined) === undefined) throw new Error('the record is empty');
  if ((another as Entry | undefined) !== undefined) throw new Error('the text has more than one record');
  return entry.tokens;
}
