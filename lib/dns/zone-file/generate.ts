/** Expands `$GENERATE` of a zone file, as BIND does. */

const MAX_RECORDS = 0x10000;

/** The numbers of `START-STOP[/STEP]`. Throws `Error` for an invalid range, and for one of more than 65,536 numbers. */
export function* parseRange(text: string): Generator<number> {
  const match = /^(\d{1,10})-(\d{1,10})(?:\/(\d{1,10}))?$/.exec(text);
  const [start, stop, step] = [Number(match?.[1] ?? NaN), Number(match?.[2]), Number(match?.[3] ?? 1)];
  if (!(start <= stop && step >= 1))
    throw new Error(`invalid range ${JSON.stringify(text)}: START-STOP or START-STOP/STEP`);
  if ((stop - start) / step >= MAX_RECORDS) throw new Error(`the range ${text} has more than ${MAX_RECORDS} numbers`);
  for (let number = start; number <= stop; number += step) yield number;
}

// An escaped character, a `$` with or without ${OFFSET[,WIDTH[,BASE]]}; `$$` is a plain dollar sign.
const DOLLAR = /\\[^]|\$\$|\$(?:\{(-?\d{1,10})(?:,(\d{1,3})(?:,([doxXnN]))?)?\}|(\{))?/g;

/** `text` with `number` in place of each `$`. Throws `Error` for an invalid modifier. */
export function expand(text: string, number: number): string {
  return text.replace(DOLLAR, (whole, offset = '0', width = '0', base = 'd', wrong?: string) => {
    if (whole === '\\$' || whole === '$$') return '$';
    if (whole.startsWith('\\')) return whole;
    if (wrong !== undefined) throw new Error(`invalid modifier in ${JSON.stringify(text)}: \${OFFSET[,WIDTH[,BASE]]}`);
    const value = number + Number(offset);
    if (value < 0) throw new Error(`${text} gives the negative number ${value}`);
    return digits(value, Number(width), base as string);
  });
}

function digits(value: number, width: number, base: string): string {
  if (base === 'n' || base === 'N') return nibbles(value, width, base === 'N');
  const text = value.toString({ d: 10, o: 8, x: 16, X: 16 }[base]).padStart(width, '0');
  return base === 'X' ? text.toUpperCase() : text;
}

/** Hexadecimal digits in reverse order with dots between them, as in ip6.arpa. `width` counts the dots. */
function nibbles(value: number, width: number, upper: boolean): string {
  const text = value.toString(16).padStart(Math.ceil(width / 2), '0');
  return Array.from(upper ? text.toUpperCase() : text)
    .reverse()
    .join('.');
}
