import { isIP } from 'node:net';
import { NetworkSet, parseNetwork } from '../../../dns/networks.js';

/** A value of an expression. */
export type Value = string | number | boolean | null | undefined | readonly Value[] | ReadonlyMap<string, Value>;

/** A function. Throws `Error` for invalid arguments. */
export type Function = (...args: Value[]) => Value;

/** Functions whose second argument is evaluated once for each element of the first (`evaluate.ts`). */
export const PREDICATES: readonly string[] = [
  'all',
  'any',
  'one',
  'none',
  'filter',
  'map',
  'count',
  'find',
  'findIndex',
];

/** The functions of the language of `var` and `expr`. Those of strings count characters. */
export const FUNCTIONS: Readonly<Record<string, Function>> = {
  len: (value) => {
    if (typeof value === 'string') return Buffer.byteLength(value);
    return value instanceof Map ? value.size : listOf(value).length;
  },
  trim: (text, characters = ' \t\r\n') => trimmed(textOf(text), textOf(characters), true, true),
  trimPrefix: (text, prefix) => {
    const [whole, start] = [textOf(text), textOf(prefix)];
    return whole.startsWith(start) ? whole.slice(start.length) : whole;
  },
  trimSuffix: (text, suffix) => {
    const [whole, end] = [textOf(text), textOf(suffix)];
    return whole.endsWith(end) ? whole.slice(0, whole.length - end.length) : whole;
  },
  upper: (text) => textOf(text).toUpperCase(),
  lower: (text) => textOf(text).toLowerCase(),
  split: (text, separator, most = -1) => {
    const parts = textOf(text).split(textOf(separator));
    const count = numberOf(most);
    if (count < 0 || parts.length <= count) return parts;
    return [...parts.slice(0, count - 1), parts.slice(count - 1).join(textOf(separator))];
  },
  join: (list, separator = '') => listOf(list).map(textOf).join(textOf(separator)),
  replace: (text, from, to) => textOf(text).replaceAll(textOf(from), () => textOf(to)),
  repeat: (text, count) => textOf(text).repeat(numberOf(count)),
  indexOf: (text, part) => textOf(text).indexOf(textOf(part)),
  lastIndexOf: (text, part) => textOf(text).lastIndexOf(textOf(part)),
  hasPrefix: (text, part) => textOf(text).startsWith(textOf(part)),
  hasSuffix: (text, part) => textOf(text).endsWith(textOf(part)),
  int: (value) => {
    const number = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value;
    return Math.trunc(numberOf(number));
  },
  float: (value) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return numberOf(number);
  },
  string: (value) => (typeof value === 'string' ? value : shown(value)),
  abs: (value) => Math.abs(numberOf(value)),
  ceil: (value) => Math.ceil(numberOf(value)),
  floor: (value) => Math.floor(numberOf(value)),
  round: (value) => Math.round(numberOf(value)),
  max: (...values) => Math.max(...values.map(numberOf)),
  min: (...values) => Math.min(...values.map(numberOf)),
  sum: (list) => listOf(list).reduce((sum: number, value) => sum + numberOf(value), 0),
  first: (list) => listOf(list).at(0) ?? null,
  last: (list) => listOf(list).at(-1) ?? null,
  reverse: (list) => listOf(list).toReversed(),
  concat: (...lists) => lists.flatMap((list) => [...listOf(list)]),
  keys: (map) => (map instanceof Map ? [...(map as ReadonlyMap<string, Value>).keys()] : listOf(map).map((_, i) => i)),
  values: (map) => (map instanceof Map ? [...(map as ReadonlyMap<string, Value>).values()] : listOf(map)),
  incidr: (address, network) => inNetwork(textOf(address), textOf(network)),
  // Metadata is not supported.
  metadata: () => '',
};

/** The value as a string. Throws for a value that is not one. */
export function textOf(value: Value): string {
  if (typeof value !== 'string') throw new Error(`expected a string, not ${shown(value)}`);
  return value;
}

/** The value as a number. Throws for a value that is not one. */
export function numberOf(value: Value): number {
  if (typeof value !== 'number' || Number.isNaN(value)) throw new Error(`expected a number, not ${shown(value)}`);
  return value;
}

/** The value as a list. Throws for a value that is not one. */
export function listOf(value: Value): readonly Value[] {
  if (!Array.isArray(value)) throw new Error(`expected an array, not ${shown(value)}`);
  return value as readonly Value[];
}

function shown(value: Value): string {
  if (value === null || value === undefined) return 'nil';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function trimmed(text: string, characters: string, start: boolean, end: boolean): string {
  let [from, to] = [0, text.length];
  while (start && from < to && characters.includes(text[from])) from++;
  while (end && to > from && characters.includes(text[to - 1])) to--;
  return text.slice(from, to);
}

function inNetwork(address: string, network: string): boolean {
  const family = isIP(address);
  if (family === 0) throw new Error('first argument is not an IP address');
  const parsed = parseNetwork(network);
  if (parsed === undefined || !network.includes('/')) throw new Error(`invalid CIDR address: ${network}`);
  return family === isIP(parsed.address) && new NetworkSet([parsed]).has(address);
}
