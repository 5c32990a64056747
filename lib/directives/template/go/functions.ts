/** The functions of Go's text/template, and `parseInt` of CoreDNS. */
import { fromOutside, hasOutside, unmarked } from '../outside-text.js';
import { format } from './format.js';
import { isList, isTrue, printed, typeOf, type Method, type Value } from './values.js';

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };

/** Each throws `Error` for invalid arguments. `and` and `or` are part of the language (`evaluate.ts`). */
export const functions: Readonly<Record<string, Method>> = {
  eq(first, ...others) {
    if (others.length === 0) throw new Error('missing argument for comparison');
    return others.some((other) => compare(first, other, true) === 0);
  },
  ne: (a, b) => compare(a, b, true) !== 0,
  lt: (a, b) => compare(a, b, false) < 0,
  le: (a, b) => compare(a, b, false) <= 0,
  gt: (a, b) => compare(a, b, false) > 0,
  ge: (a, b) => compare(a, b, false) >= 0,
  not: (value) => !isTrue(value),
  index: (value, ...keys) => keys.reduce(elementOf, value),
  len(value) {
    if (typeof value === 'string') return BigInt(Buffer.byteLength(unmarked(value)));
    if (isList(value)) return BigInt(value.length);
    if (value instanceof Map) return BigInt(value.size);
    throw new Error(`len of type ${typeOf(value)}`);
  },
  slice(value, ...bounds) {
    if (typeof value !== 'string' && !isList(value)) throw new Error(`can't slice item of type ${typeOf(value)}`);
    const [start, end] = [0, 1].map((place) => (place < bounds.length ? Number(integer(bounds[place])) : undefined));
    const [from, to] = [start ?? 0, end ?? value.length];
    if (from < 0 || to > value.length) throw new Error(`index out of range: ${from < 0 ? from : to}`);
    if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
    return value.slice(from, to);
  },
  print: (...values) =>
    values
      .map((value, place) => {
        const blank = place > 0 && typeof value !== 'string' && typeof values[place - 1] !== 'string';
        return (blank ? ' ' : '') + printed(value);
      })
      .join(''),
  println: (...values) => `${values.map(printed).join(' ')}\n`,
  printf(text, ...values) {
    if (typeof text !== 'string') throw new Error(`expected string; found ${printed(text)}`);
    return format(text, values);
  },
  html: (...values) => transformed(values, (text) => text.replace(/[&<>"']/g, (character) => HTML[character])),
  urlquery: (...values) => transformed(values, queryEscaped),
  parseInt(text, base, bits) {
    if (typeof text !== 'string') throw new Error(`expected string; found ${printed(text)}`);
    return parseUint(unmarked(text), Number(integer(base)), Number(integer(bits)));
  },
};

/** The names that a template may call. */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set([...Object.keys(functions), 'and', 'or']);

/** Below 0, 0 or above 0. `equality`: only whether it is 0 counts. */
function compare(a: Value, b: Value, equality: boolean): number {
  if (equality && (a === null || b === null)) return a === b ? 0 : 1;
  const [left, right] = [a, b].map((value) => (typeof value === 'string' ? unmarked(value) : value));
  if (typeof left === 'boolean' && typeof right === 'boolean' && equality) return left === right ? 0 : 1;
  for (const type of ['string', 'bigint', 'number']) {
    if (typeof left !== type || typeof right !== type) continue;
    if (left === right) return 0;
    return (left as string) < (right as string) ? -1 : 1;
  }
  const both = typeof left === typeof right;
  throw new Error(both ? 'invalid type for comparison' : 'incompatible types for comparison');
}

function elementOf(value: Value, key: Value): Value {
  if (value instanceof Map) {
    if (typeof key !== 'string') throw new Error(`value has type ${typeOf(key)}; should be string`);
    return (value as ReadonlyMap<string, Value>).get(unmarked(key)) ?? '';
  }
  if (!isList(value) && typeof value !== 'string') throw new Error(`can't index item of type ${typeOf(value)}`);
  const place = Number(integer(key));
  if (place < 0 || place >= value.length) throw new Error(`index out of range: ${place}`);
  return isList(value) ? value[place] : BigInt(Buffer.from(unmarked(value))[place]);
}

function integer(value: Value): bigint {
  if (typeof value !== 'bigint') throw new Error(`expected integer; found ${printed(value)}`);
  return value;
}

/** Applies `change` to the text; the result is from outside if any of the text was. */
function transformed(values: readonly Value[], change: (text: string) => string): string {
  const text = functions.print(...values) as string;
  const changed = change(unmarked(text));
  return hasOutside(text) ? fromOutside(changed) : changed;
}

/** As a part of the query of a URL. */
function queryEscaped(text: string): string {
  const escaped = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
  return escaped.replaceAll('%20', '+');
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Go's strconv.ParseUint, which CoreDNS calls `parseInt`. */
function parseUint(text: string, base: number, bits: number): bigint {
  const fail = (reason: string): Error => new Error(`strconv.ParseUint: parsing ${JSON.stringify(text)}: ${reason}`);
  if (base !== 0 && (base < 2 || base > 36)) throw fail(`invalid base ${base}`);
  if (bits < 0 || bits > 64) throw fail(`invalid bit size ${bits}`);
  const [digits, radix] = base === 0 ? withPrefix(text) : [text, base];
  const values = Array.from(digits.toLowerCase(), (digit) => DIGITS.indexOf(digit));
  if (values.length === 0 || values.some((value) => value < 0 || value >= radix)) throw fail('invalid syntax');
  const number = values.reduce((sum, value) => sum * BigInt(radix) + BigInt(value), 0n);
  if (number >= 1n << BigInt(bits === 0 ? 64 : bits)) throw fail('value out of range');
  return number;
}

/** The digits and the base of a number that tells its base: `0x1f`, `0b11`, `0o17`, `017`, `15`. */
function withPrefix(text: string): [digits: string, base: number] {
  const prefix = /^0[xbo]?(?=.)/i.exec(text)?.[0].toLowerCase() ?? '';
  const bases: Readonly<Record<string, number>> = { '0x': 16, '0b': 2, '0o': 8, '0': 8 };
  return [text.slice(prefix.length).replaceAll('_', ''), bases[prefix] ?? 10];
}
