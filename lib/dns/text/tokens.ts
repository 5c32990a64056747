/** Splits the text of a zone file into entries, and those into tokens (RFC 1035 s.5.1). */

/** A word or a quoted string; its escapes are not yet resolved. */
export interface Token {
  text: string;
  quoted: boolean;
}

/** One entry: a line, or several that parentheses hold together. */
export interface Entry {
  /** The line on which it starts, from 1. */
  line: number;
  /** Whether white space stands before its first token: the owner is the last entry's. */
  indented: boolean;
  /** At least one. */
  tokens: Token[];
}

/** Says what is wrong, and on which line. */
export type Fail = (line: number, reason: string) => never;

// A word may have a quoted part, as in alpn="h2,h3" (RFC 9460 s.2.1); it ends before a quote only at its start.
const TOKEN =
  /(?<space>[ \t\r\f]+)|(?<newline>\n)|(?<comment>;[^\n]*)|(?<paren>[()])|"(?<string>(?:\\[^\n]|[^"\\\n])*)"|(?<word>(?:\\[^\n]|[^\s();"\\])(?:\\[^\n]|[^\s();"\\]|"(?:\\[^\n]|[^"\\\n])*")*)/gy;

/** The entries of `text`, one after the other. Calls `fail` for quotes and parentheses that do not match. */
export function* entriesOf(text: string, fail: Fail): Generator<Entry> {
  let line = 1;
  let depth = 0;
  let entry: Entry = { line, indented: false, tokens: [] };
  let atStart = true;
  const pattern = new RegExp(TOKEN); // of its own: it remembers where it is
  while (pattern.lastIndex < text.length) {
    const groups: Partial<Record<string, string>> | undefined = pattern.exec(text)?.groups;
    if (groups === undefined) fail(line, 'a quote is not closed on its line, or a backslash stands at its end');
    const { space, newline, paren, string, word } = groups;
    if (newline !== undefined) {
      line++;
      if (depth > 0) continue;
      if (entry.tokens.length > 0) yield entry;
      entry = { line, indented: false, tokens: [] };
      atStart = true;
      continue;
    }
    if (space !== undefined && atStart) entry.indented = true;
    atStart = false;
    if (paren === '(') depth++;
    if (paren === ')' && --depth < 0) fail(line, 'a parenthesis is closed that was not opened');
    if (string !== undefined) entry.tokens.push({ text: string, quoted: true });
    if (word !== undefined) entry.tokens.push({ text: word.replace(UNQUOTE, '$1'), quoted: false });
  }
  if (depth > 0) fail(entry.line, 'a parenthesis is not closed');
  if (entry.tokens.length > 0) yield entry;
}

/** Drops the quotes of a word's quoted parts, not those that are escaped. */
const UNQUOTE = /(\\[^])|"/g;
