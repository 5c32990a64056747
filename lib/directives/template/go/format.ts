/** Go's fmt.Sprintf, for the values of templates. */
import { fromOutside, hasOutside, unmarked } from '../outside-text.js';
import { isList, printed, typeOf, type Value } from './values.js';

const VERB = /%(?<flags>[-+# 0]*)(?<width>\d+)?(?:\.(?<precision>\d*))?(?<verb>.)?/gsu;
const RADIX: Readonly<Record<string, number>> = { d: 10, b: 2, o: 8, x: 16, X: 16 };

interface Spec {
  flags: string;
  width: number;
  precision: number | undefined;
  verb: string;
}

/** `text` with the values in place of its verbs. An error of a verb appears in the output, as in Go. */
export function format(text: string, values: readonly Value[]): string {
  let next = 0;
  const filled = text.replace(VERB, (...found) => {
    const groups = found.at(-1) as Partial<Record<string, string>>;
    const { flags = '', width = '0', precision, verb = '' } = groups;
    if (verb === '%') return '%';
    if (verb === '') return '%!(NOVERB)';
    if (next >= values.length) return `%!${verb}(MISSING)`;
    const spec = {
      flags,
      width: Number(width),
      precision: precision === undefined ? undefined : Number(precision),
      verb,
    };
    return padded(formatOne(values[next++], spec), spec);
  });
  const extra = values.slice(next).map((value) => `${typeOf(value)}=${printed(value)}`);
  return extra.length === 0 ? filled : `${filled}%!(EXTRA ${extra.join(', ')})`;
}

function formatOne(value: Value, spec: Spec): string {
  const { verb, flags, precision } = spec;
  if (verb === 'v') return printed(value);
  if (verb === 'T') return typeOf(value);
  if (isList(value)) return `[${value.map((element) => formatOne(element, spec)).join(' ')}]`;
  if (typeof value === 'string') {
    const cut = precision === undefined ? value : value.slice(0, precision);
    if (verb === 's') return cut;
    if (verb === 'q') return `"${changed(cut, (text) => text.replace(/["\\]/g, '\\$&'))}"`;
    if (verb === 'x' || verb === 'X') return changed(cut, (text) => cased(Buffer.from(text).toString('hex'), verb));
  }
  if (typeof value === 'boolean' && verb === 't') return String(value);
  if (typeof value === 'bigint') {
    if (Object.hasOwn(RADIX, verb)) return integer(value, spec);
    if (verb === 'c') return String.fromCodePoint(Number(value));
  }
  if (typeof value === 'number') {
    if (verb === 'f' || verb === 'F') return signed(value.toFixed(precision ?? 6), flags);
    if (verb === 'e') return signed(value.toExponential(precision ?? 6).replace(/([+-])(\d)$/, '$10$2'), flags);
    if (verb === 'g')
      return signed(precision === undefined ? String(value) : String(Number(value.toPrecision(precision))), flags);
  }
  return `%!${verb}(${typeOf(value)}=${printed(value)})`;
}

function integer(value: bigint, { flags, precision, verb }: Spec): string {
  const digits = cased((value < 0n ? -value : value).toString(RADIX[verb]), verb).padStart(precision ?? 0, '0');
  const prefix = flags.includes('#') && verb.toLowerCase() === 'x' ? `0${verb}` : '';
  return signed(`${value < 0n ? '-' : ''}${prefix}${digits}`, flags);
}

function signed(text: string, flags: string): string {
  if (text.startsWith('-')) return text;
  if (flags.includes('+')) return `+${text}`;
  return flags.includes(' ') ? ` ${text}` : text;
}

function padded(text: string, { flags, width, verb }: Spec): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0') || /[svqT]/.test(verb)) return text.padStart(width);
  const [, sign, digits] = /^([-+ ]?)(.*)$/s.exec(text) ?? ['', '', ''];
  return sign + digits.padStart(width - sign.length, '0');
}

function cased(text: string, verb: string): string {
  return verb === 'X' ? text.toUpperCase() : text;
}

/** Applies `change` to the text; the result is from outside if any of the text was. */
function changed(text: string, change: (text: string) => string): string {
  const result = change(unmarked(text));
  return hasOutside(text) ? fromOutside(result) : result;
}
