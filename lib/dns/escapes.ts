/** The escapes of presentation form (RFC 1035 s.5.1): `\X`, and `\DDD` with the decimal number of an octet. */

/**
 * Resolves the escapes of a text. The text and the result have one character for each octet. Throws `Error` for an
 * invalid escape.
 */
export function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(\d{1,3}|[^]|$)/g, (escape, of: string) => {
    if (!/^\d/.test(of)) {
      if (of === '') throw new Error('invalid escape "\\" at the end: a character or three digits follow a backslash');
      return of;
    }
    if (of.length !== 3 || Number(of) > 255) throw new Error(`invalid escape ${escape}: three digits, at most \\255`);
    return String.fromCharCode(Number(of));
  });
}

/** An octet as `\DDD`. */
export function decimalEscape(octet: number): string {
  return `\\${String(octet).padStart(3, '0')}`;
}

/** An octet of a label as text. A dot or backslash has a backslash before it; octets outside of `!` to `~` are `\DDD`. */
export function escapeOctet(octet: number): string {
  if (octet < 0x21 || octet > 0x7e) return decimalEscape(octet);
  const character = String.fromCharCode(octet);
  return character === '.' || character === '\\' ? `\\${character}` : character;
}

/** Octets as a quoted string of a zone file. */
export function quoted(octets: Uint8Array): string {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');
  const escaped = text
    .replaceAll(/["\\]/g, '\\$&')
    .replaceAll(/[^ -~]/g, (octet) => decimalEscape(octet.charCodeAt(0)));
  return `"${escaped}"`;
}

/** Whether an odd number of backslashes stands directly before the character at `at`. */
export function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === '\\') backslashes++;
  return backslashes % 2 === 1;
}
