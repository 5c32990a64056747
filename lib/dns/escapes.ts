/** Escapes in presentation form. */

/**
 * Resolves the escapes of RFC 1035 s.5.1, `\X` and `\DDD`. `text` and the result have a character an octet. Throws
 * `Error` for an escape that is none.
 */
export function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(\d{1,3}|[^]|$)/g, (escape, of: string) => {
    if (!/^\d/.test(of)) {
      if (of === '') throw new Error('a backslash stands at the end');
      return of;
    }
    if (of.length !== 3 || Number(of) > 255) throw new Error(`${escape} is no escape: three digits up to 255 are`);
    return String.fromCharCode(Number(of));
  });
}

/** An octet of a label as text: what is not printable as `\DDD`, a dot or a backslash with a backslash (RFC 1035 s.5.1). */
export function escapeOctet(octet: number): string {
  if (octet < 0x21 || octet > 0x7e) return `\\${String(octet).padStart(3, '0')}`;
  const character = String.fromCharCode(octet);
  return character === '.' || character === '\\' ? `\\${character}` : character;
}

/** Whether the character at `at` stands after an odd number of backslashes. */
export function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === '\\') backslashes++;
  return backslashes % 2 === 1;
}
