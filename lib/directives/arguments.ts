/** Reads arguments that several directives take. */
import { splitKey } from '../corefile/keys.js';
import type { DirectiveReader } from '../corefile/reader.js';
import { RegularExpression } from '../corefile/regular-expression.js';
import { MAX_INT32 } from '../options/numbers.js';
import { rcodeNumber, type Rcode } from '../dns/registry.js';

/** The longest duration that Go has, in milliseconds. */
const MAX_DURATION = 2 ** 63 / 1e6;
/** Milliseconds of the units that Go's durations have; `µ` is U+00B5 or U+03BC. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  '\u00b5s': 1e-3,
  '\u03bcs': 1e-3,
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3600e3,
};
/** Names of response codes that Go's DNS library has, and their names here. */
const RCODE_ALIASES: Readonly<Record<string, Rcode>> = { NOTIMPL: 'NOTIMP', BADSIG: 'BADVERS' };

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
 * The options of each use of a directive with zones. As in CoreDNS, the last use of a zone counts: earlier ones lose the
 * zone, with a warning.
 */
export function lastOfEachZone<Options extends { zones: readonly string[] }>(
  uses: readonly DirectiveReader[],
  options: readonly Options[],
): Options[] {
  return options.map((one, index) => {
    const later = new Set(options.slice(index + 1).flatMap(({ zones }) => zones));
    for (const zone of one.zones) {
      if (later.has(zone)) uses[index].warn(`the zone ${zone} is ignored: a later ${uses[index].name} has it`);
    }
    return { ...one, zones: one.zones.filter((zone) => !later.has(zone)) };
  });
}

/**
 * The zones that `args` name, networks as their reverse zones, in the form of a query's `key`; `otherwise` if there are
 * no arguments. As in CoreDNS, a transport and a port are left out, and an invalid name is passed over, with a warning
 * of the line.
 */
export function readZones(line: DirectiveReader, args: readonly string[], otherwise: readonly string[]): string[] {
  if (args.length === 0) return [...otherwise];
  return args.flatMap((text) => {
    try {
      return splitKey(text).zones;
    } catch (error) {
      line.warn(`the zone ${JSON.stringify(text)} is ignored: ${(error as Error).message}`);
      return [];
    }
  });
}

/** The zones of a line `fallthrough [ZONE...]`; without arguments the root, which means all names. */
export function readFallthrough(line: DirectiveReader): string[] {
  line.refuseBlock();
  return readZones(line, line.args, ['.']);
}

/**
 * Milliseconds of a duration in Go's format, `30s`, `1h30m`, `.5h`, `0`; rounded up, at most 2^31 - 1, which is the
 * longest delay of a timer. Throws the line's error for an invalid or negative one.
 */
export function readDuration(line: DirectiveReader, text: string): number {
  const milliseconds = readSignedDuration(line, text);
  if (milliseconds < 0) throw line.error(`negative duration ${JSON.stringify(text)}`);
  return milliseconds;
}

/** Milliseconds between checks of zone files. */
export const DEFAULT_RELOAD = 60_000;

/** The duration of a line `reload DURATION` of a directive with zone files; 0: never. As in CoreDNS, more arguments are ignored. */
export function readReload(line: DirectiveReader): number {
  line.refuseBlock();
  if (line.args.length === 0) throw line.error('reload duration value is expected');
  return readDuration(line, line.args[0]);
}

/** A duration as of {@link readDuration}, which may be negative. */
export function readSignedDuration(line: DirectiveReader, text: string): number {
  const [, sign = '', size = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (size !== '0' && !/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/.test(size)) {
    throw line.error(`invalid duration ${JSON.stringify(text)}`);
  }
  let milliseconds = 0;
  for (const [, number, unit] of size.matchAll(/([\d.]+)([^\d.]+)/g)) milliseconds += Number(number) * UNITS[unit];
  if (milliseconds > MAX_DURATION) throw line.error(`invalid duration ${JSON.stringify(text)}: over 292 years`);
  const whole = Math.min(Math.ceil(milliseconds), MAX_INT32);
  return sign === '-' && whole > 0 ? -whole : whole;
}

/**
 * A whole number of 64 bits in Go's format, which may have a sign; undefined for another text. One beyond 2^31 - 1
 * counts as that.
 */
export function parseInteger(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  if (BigInt.asIntN(64, value) !== value) return undefined;
  return Number(value > MAX_INT32 ? MAX_INT32 : value);
}

/** A whole number, not negative ({@link parseInteger}). Throws the line's error for another text. */
export function readInteger(line: DirectiveReader, text: string): number {
  const value = parseInteger(text) ?? -1;
  if (value < 0) throw line.error(`invalid number ${JSON.stringify(text)}: it must be whole and not negative`);
  return value;
}

/** The response code with a name, which may be `NOTIMPL` for NOTIMP and `BADSIG` for BADVERS; undefined for an unknown one. */
export function rcodeOf(name: string): Rcode | undefined {
  if (Object.hasOwn(RCODE_ALIASES, name)) return RCODE_ALIASES[name];
  return rcodeNumber(name) === undefined ? undefined : (name as Rcode);
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
