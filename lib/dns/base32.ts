/** Base32 with the extended hexadecimal alphabet, without padding (RFC 4648 s.7), as NSEC3 has it (RFC 5155 s.3.3). */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

/** Octets as digits in upper case. */
export function toBase32(octets: Uint8Array): string {
  let text = '';
  let bits = 0;
  let kept = 0;
  for (const octet of octets) {
    kept = (kept << 8) | octet;
    for (bits += 8; bits >= 5; bits -= 5) text += DIGITS[(kept >>> (bits - 5)) & 31];
    kept &= 31;
  }
  return bits === 0 ? text : text + DIGITS[(kept << (5 - bits)) & 31];
}

/** The octets of digits in upper or lower case; undefined for other characters. Bits that fill no octet are left out. */
export function fromBase32(text: string): Buffer | undefined {
  if (!/^[\da-v]*$/i.test(text)) return undefined;
  const octets = Buffer.alloc(Math.trunc((text.length * 5) / 8));
  let bits = 0;
  let kept = 0;
  let at = 0;
  for (const digit of text.toUpperCase()) {
    kept = ((kept << 5) | DIGITS.indexOf(digit)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    octets[at++] = kept >>> bits;
  }
  return octets;
}
