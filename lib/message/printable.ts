import { decimalEscape } from '../dns/escapes.js';

/**
 * Makes text from others safe for logs and terminals: returns it on one line. Control characters, line and paragraph
 * separators, characters that change the direction of text or are invisible, and lone surrogates become `\DDD` (as in
 * names, RFC 1035 s.5.1) or `\u{HEX}` above 255. So the text cannot forge a log line or send terminal escapes.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xff ? `\\u{${code.toString(16)}}` : decimalEscape(code);
  });
}
