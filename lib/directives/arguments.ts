/** Reads arguments that several directives take. */
import type { DirectiveReader } from '../corefile/reader.js';
import { RegularExpression } from '../corefile/regular-expression.js';
import { reverseZones } from '../corefile/reverse-zones.js';
import { normalizeName } from '../dns/names.js';

/** The longest delay of a timer in milliseconds. */
const MAX_DURATION = 0x7fffffff;
const MAX_INTEGER = 0x7fffffff;
/** Milliseconds of the units that Go's durations have. */
const UNITS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 60e3, h: 3600e3 };

/** The use of a directive that may appear once in a server block. Throws CoreDNS's error for a second one. */
export function once([use, ...others]: readonly DirectiveReader[]): DirectiveReader {
  if (others.length > 0) throw others[0].error('this plugin can only be used once per Server Block');
  return use;
}

/** The first use of a directive. Warns of others: CoreDNS takes and ignores them. */
export function first([use, ...others]: readonly DirectiveReader[]): DirectiveReader {
  for (const other of others) other.warn(`it is ignored: the one of line ${use.line} counts`);
  return use;
}

/** The last use of a directive. Warns of others: CoreDNS reads them, but they have no effect. */
export function last(uses: readonly DirectiveReader[]): DirectiveReader {
  const use = uses[uses.length - 1];
  for (const other of uses.slice(0, -1)) other.warn(`it is ignored: the one of line ${use.line} counts`);
  return use;
}

/**
 * The zones that `args` name, networks as their reverse zones; `otherwise` if there are none. In the form of a query's
 * `key`. Throws the line's error for an invalid name.
 */
export function readZones(line: DirectiveReader, args: readonly string[], otherwise: readonly string[]): string[] {
  if (args.length === 0) return [...otherwise];
  return args.flatMap((name) => {
    const zones = reverseZones(name) ?? [normalizeName(name)];
    return zones.map((zone) => {
      if (zone === undefined) throw line.error(`not a valid zone: ${JSON.stringify(name)}`);
      return zone;
    });
  });
}

/** The zones of a line `fallthrough [ZONE...]`; without arguments the root, which means all names. */
export function readFallthrough(line: DirectiveReader): string[] {
  line.refuseBlock();
  return readZones(line, line.args, ['.']);
}

/**
 * Milliseconds of a duration in Go's format, `30s`, `1h30m`, `1.5h`, `0`; rounded up, at most 2^31 - 1. Throws the
 * line's error for an invalid or negative one.
 */
export function readDuration(line: DirectiveReader, text: string): number {
  if (text === '0') return 0;
  if (!/^\+?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(text)) {
    throw line.error(`invalid duration ${JSON.stringify(text)}`);
  }
  let milliseconds = 0;
  for (const [, number, unit] of text.matchAll(/([\d.]+)([^\d.]+)/g)) milliseconds += Number(number) * UNITS[unit];
  if (milliseconds > MAX_DURATION) throw line.error(`the duration ${text} is longer than ${MAX_DURATION} ms`);
  return Math.ceil(milliseconds);
}

/** A whole number from 0 to 2^31 - 1. Throws the line's error for an invalid one. */
export function readInteger(line: DirectiveReader, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value <= MAX_INTEGER)) throw line.error(`not a number from 0 to ${MAX_INTEGER}: ${JSON.stringify(text)}`);
  return value;
}

/**
 * A valid regular expression. Throws the line's error for an invalid one: the text that `describe` makes of the reason,
 * which is in Go's words.
 */
export function readExpression(
  line: DirectiveReader,
  source: string,
  describe: (reason: string) => string = (reason) => reason,
): string {
  try {
    new RegularExpression(source);
  } catch (error) {
    const { message } = error as Error;
    throw line.error(error instanceof RangeError ? message : describe(message));
  }
  return source;
}
