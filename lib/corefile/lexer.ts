import { parsingError, type Position } from './errors.js';

/** A word, or a brace that stands alone and outside of quotes. */
export interface Token extends Position {
  text: string;
  kind: 'word' | '{' | '}';
  /** Whether only white space stands before it on its line. A line break within quotes does not start a line. */
  startsLine: boolean;
}

const WHITE_SPACE = /\p{White_Space}/u;

/**
 * Splits the text of a Corefile into tokens.
 *
 * A token ends at white space. A quote counts only at the start of a token, which then ends at the next quote without a
 * backslash before it; `\"` is a quote there, and other backslashes stand for themselves. `#` outside of quotes starts
 * a comment, to the end of the line. A byte order mark at the start and every carriage return are dropped.
 *
 * Throws a {@link CorefileError} if a quote is not closed.
 */
export function tokenize(text: string, file: string): Token[] {
  const input = text.replace(/^\ufeff/, '').replaceAll('\r', '');
  const tokens: Token[] = [];
  let line = 1;
  let startsLine = true;
  let at = 0;
  const add = (word: string, kind: Token['kind']): void => {
    tokens.push({ text: word, kind, file, line, startsLine });
    startsLine = false;
  };
  while (at < input.length) {
    const character = input[at];
    if (character === '\n') {
      line++;
      startsLine = true;
      at++;
    } else if (WHITE_SPACE.test(character)) {
      at++;
    } else if (character === '#') {
      const end = input.indexOf('\n', at);
      at = end < 0 ? input.length : end;
    } else if (character === '"') {
      const end = closingQuote(input, at + 1);
      if (end < 0) throw parsingError({ file, line }, `Unexpected EOF, expecting '"'`);
      const quoted = input.slice(at + 1, end);
      add(quoted.replaceAll('\\"', '"'), 'word');
      line += quoted.split('\n').length - 1;
      at = end + 1;
    } else {
      const start = at;
      while (at < input.length && input[at] !== '#' && !WHITE_SPACE.test(input[at])) at++;
      const word = input.slice(start, at);
      add(word, word === '{' || word === '}' ? word : 'word');
    }
  }
  return tokens;
}

/** The next quote that is not escaped; -1 if there is none. A backslash escapes the next character. */
function closingQuote(input: string, from: number): number {
  for (let at = from; at < input.length; at++) {
    if (input[at] === '"') return at;
    if (input[at] === '\\') at++;
  }
  return -1;
}
