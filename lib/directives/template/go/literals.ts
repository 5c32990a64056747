/** Literals of Go. Each function throws `Error` for one that is invalid. */

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** `"text"` with escapes, or `` `text` `` without. */
export function readString(text: string): string {
  return text.startsWith('`') ? text.slice(1, -1) : unescape(text.slice(1, -1));
}

/** The number of a character: `'a'` is 97. */
export function readCharacter(text: string): bigint {
  const [character, more] = Array.from(unescape(text.slice(1, -1))) as (string | undefined)[];
  if (character === undefined || more !== undefined) throw new Error(`malformed character constant: ${text}`);
  return BigInt(character.codePointAt(0) ?? 0);
}

/** An integer as a bigint, a number with a fraction or an exponent as a number. */
export function readNumber(text: string): bigint | number {
  const [, sign, digits] = /^([+-]?)(.*)$/.exec(text.replaceAll('_', '')) ?? ['', '', ''];
  if (/^(?:0[xXbBoO][\da-fA-F]+|[1-9]\d*|0)$/.test(digits)) return BigInt(digits) * (sign === '-' ? -1n : 1n);
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits}`) * (sign === '-' ? -1n : 1n);
  const number = Number(sign + digits);
  if (Number.isNaN(number)) throw new Error(`bad number syntax: ${JSON.stringify(text)}`);
  return number;
}

function unescape(text: string): string {
  return text.replaceAll(
    /\\(?:([0-7]{3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/gsu,
    (escape, octal?: string, hex?: string, short?: string, long?: string, letter?: string) => {
      if (letter !== undefined) {
        if (!Object.hasOwn(ESCAPES, letter)) throw new Error(`invalid syntax: ${escape}`);
        return ESCAPES[letter];
      }
      return String.fromCodePoint(octal === undefined ? parseInt(hex ?? short ?? long ?? '', 16) : parseInt(octal, 8));
    },
  );
}
