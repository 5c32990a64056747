/** The parameters of SVCB and HTTPS (RFC 9460 s.7). */
import { isUtf8 } from 'node:buffer';
import { inspect } from 'node:util';
import { quoted, unescape } from '../escapes.js';
import { ipv4At, ipv6At } from '../ip-text.js';
import { MAX_PORT } from '../numbers.js';
import type { WireReader } from '../reader.js';
import { invalid, parseBase64 } from '../text/reader.js';
import type { MessageWriter } from '../writer.js';
import { checkOctets, u16, writeIPv4, writeIPv6, writeString } from './fields.js';

/**
 * Service parameters by their names (RFC 9460 s.7, RFC 9461 s.5, RFC 9540 s.4); `key65280` for a parameter without a
 * name.
 */
export interface ServiceParameters {
  /** The names of the parameters that a client must understand. Each of them must be present (RFC 9460 s.8). */
  mandatory?: readonly string[];
  /** Protocols, 1 to 255 octets each. */
  alpn?: readonly string[];
  /** Only together with `alpn`. */
  'no-default-alpn'?: true;
  /** 0 to 65,535. */
  port?: number;
  ipv4hint?: readonly string[];
  /** An ECHConfigList. */
  ech?: Uint8Array;
  ipv6hint?: readonly string[];
  /** A URI template (RFC 6570) with the variable `dns`. */
  dohpath?: string | Uint8Array;
  ohttp?: true;
  /** Octets of the wire format. */
  [key: `key${number}`]: Uint8Array;
}

/** How a parameter is read, written and printed. `reader` has only the value; a missing text value is `''`. */
interface Parameter {
  key: number;
  read(reader: WireReader): unknown;
  write(writer: MessageWriter, value: never): void;
  parse(text: string): unknown;
  /** Returns `undefined` for a parameter without a value. */
  print(value: never): string | undefined;
}

const MANDATORY = 0;
const ALPN = 1;
const NO_DEFAULT_ALPN = 2;
/** Reserved (RFC 9460 s.14.3.2). */
const INVALID_KEY = 0xffff;

/** A list. Its text has commas between the items. */
function list(
  key: number,
  read: (reader: WireReader) => string,
  write: (writer: MessageWriter, item: string) => void,
): Parameter {
  return {
    key,
    read(reader) {
      const items: string[] = [];
      while (reader.left > 0) items.push(read(reader));
      return items;
    },
    write(writer, items: unknown) {
      for (const item of checkList(items)) write(writer, item);
    },
    parse: parseList,
    print: (items: readonly string[]) =>
      quoted(Buffer.from(items.map((item) => item.replaceAll(/[\\,]/g, '\\$&')).join(','), 'latin1')),
  };
}

/** A parameter without a value. */
function flag(key: number): Parameter {
  return {
    key,
    read: () => true,
    write(_, value: unknown) {
      if (value !== true) throw new Error(`it takes no value: true is expected, not ${inspect(value)}`);
    },
    parse(text) {
      if (text !== '') throw new Error('it takes no value');
      return true;
    },
    print: () => undefined,
  };
}

/** Octets. Their text may have escapes. */
function octetsOf(key: number): Parameter {
  return {
    key,
    read: (reader) => reader.rest(),
    write(writer, value: unknown) {
      writer.bytes(checkOctets('value', value));
    },
    parse: (text) => Buffer.from(unescape(text), 'latin1'),
    print: quoted,
  };
}

const mandatory: Parameter = {
  ...list(
    MANDATORY,
    (reader) => parameterName(reader.u16()),
    () => undefined,
  ),
  write(writer, names: unknown) {
    const keys = checkList(names)
      .map(parameterKey)
      .sort((a, b) => a - b);
    if (keys[0] === MANDATORY) throw new Error('it cannot name itself');
    if (new Set(keys).size < keys.length) throw new Error('it names a parameter twice');
    for (const key of keys) writer.u16(key);
  },
};

const port: Parameter = {
  key: 3,
  read: (reader) => reader.u16(),
  write(writer, value: number) {
    u16.write(writer, value, 'port');
  },
  parse(text) {
    if (!/^\d+$/.test(text) || Number(text) > MAX_PORT) throw invalid('port', text, `0 to ${MAX_PORT}`);
    return Number(text);
  },
  print: String,
};

const ech: Parameter = {
  ...octetsOf(5),
  parse: (text) => parseBase64('ech', text),
  print: (value: Uint8Array) => Buffer.from(value).toString('base64'),
};

const dohpath: Parameter = {
  ...octetsOf(7),
  read(reader) {
    const octets = reader.rest();
    return isUtf8(octets) ? octets.toString() : octets;
  },
  write(writer, value: string | Uint8Array) {
    writer.bytes(typeof value === 'string' ? Buffer.from(value) : checkOctets('value', value));
  },
  print: (value: string | Uint8Array) => quoted(Buffer.from(value as string)),
};

function writeProtocol(writer: MessageWriter, protocol: string): void {
  if (protocol === '') throw new Error('a protocol has no name');
  writeString(writer, Buffer.from(protocol, 'latin1'));
}

const PARAMETERS: Readonly<Record<string, Parameter>> = {
  mandatory,
  alpn: list(ALPN, (reader) => reader.string().toString('latin1'), writeProtocol),
  'no-default-alpn': flag(NO_DEFAULT_ALPN),
  port,
  ipv4hint: list(4, (reader) => ipv4At(reader.octets(4), 0), writeIPv4),
  ech,
  ipv6hint: list(6, (reader) => ipv6At(reader.octets(16), 0), writeIPv6),
  dohpath,
  ohttp: flag(8),
};

const NAMES = new Map(Object.entries(PARAMETERS).map(([name, { key }]) => [key, name]));

/** Writes the parameters in the order of their numbers. Throws `Error` for invalid parameters. */
export function writeParameters(writer: MessageWriter, params: ServiceParameters): void {
  const parameters = Object.entries(params)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value: value as never, parameter: parameterOf(name) }))
    .sort((a, b) => a.parameter.key - b.parameter.key);
  checkKeys(parameters.map(({ parameter }) => parameter.key));
  for (const { name, value, parameter } of parameters) {
    writer.u16(parameter.key);
    within(name, () => {
      writer.sized(() => {
        parameter.write(writer, value);
      });
    });
  }
  if (params.mandatory !== undefined) checkMandatory(params.mandatory, params);
}

/** Reads parameters up to the end. Throws `Error` for malformed ones. */
export function readParameters(reader: WireReader): ServiceParameters {
  const params: Record<string, unknown> = {}; // of the right types, as PARAMETERS has it
  const { end } = reader;
  while (reader.at < end) {
    const name = parameterName(reader.u16());
    const length = reader.u16();
    if (length > reader.left) throw new Error('the parameters end too early');
    reader.end = reader.at + length;
    params[name] = parameterOf(name).read(reader);
    reader.end = end;
  }
  return params as ServiceParameters;
}

/** Reads words like `alpn=h2,h3`, without quotes and with their escapes. Throws `Error` for an invalid parameter. */
export function parseParameters(words: readonly string[]): ServiceParameters {
  const params: Record<string, unknown> = {}; // of the right types, as PARAMETERS has it
  for (const word of words) {
    const [, name, value = ''] = /^([^=]*)(?:=([^]*))?$/.exec(word) as unknown as string[];
    const parameter = parameterOf(name);
    if (Object.hasOwn(params, name)) throw new Error(`the parameter ${name} is given twice`);
    params[name] = within(name, () => parameter.parse(value));
  }
  return params as ServiceParameters;
}

/** The parameters in presentation form, each with a space before it. */
export function printParameters(params: ServiceParameters): string {
  return Object.entries(params)
    .map(([name, value]) => {
      const text = parameterOf(name).print(value as never);
      return text === undefined ? ` ${name}` : ` ${name}=${text}`;
    })
    .join('');
}

/** The name of a service parameter by its number; `key65280` for a parameter without a name. */
function parameterName(key: number): string {
  return NAMES.get(key) ?? `key${key}`;
}

/** The number of a service parameter, 0 to 65,534. Throws `Error` for an unknown name. */
function parameterKey(name: string): number {
  return parameterOf(name).key;
}

function parameterOf(name: string): Parameter {
  if (Object.hasOwn(PARAMETERS, name)) return PARAMETERS[name];
  const key = Number(/^key(0|[1-9]\d{0,4})$/.exec(name)?.[1] ?? NaN);
  if (!(key < INVALID_KEY)) {
    throw new Error(`unknown service parameter ${name}: key0 to key65534, ${Object.keys(PARAMETERS).join(', ')}`);
  }
  return octetsOf(key);
}

function within<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`the parameter ${name}: ${(error as Error).message}`, { cause: error });
  }
}

/** Checks the numbers of parameters, which are in ascending order. */
function checkKeys(keys: readonly number[]): void {
  const again = keys.find((key, i) => key === keys[i - 1]);
  if (again !== undefined) throw new Error(`the parameter with the number ${again} is given twice`);
  // RFC 9460 s.7.1.1.
  if (keys.includes(NO_DEFAULT_ALPN) && !keys.includes(ALPN)) throw new Error('no-default-alpn needs alpn');
}

function checkMandatory(names: readonly string[], params: ServiceParameters): void {
  const there = new Set(Object.keys(params).map(parameterKey));
  const missing = names.find((name) => !there.has(parameterKey(name)));
  if (missing !== undefined) throw new Error(`${missing} is mandatory and is not there`);
}

function checkList(items: unknown): readonly string[] {
  if (!Array.isArray(items) || items.length === 0) throw new Error('its list is empty');
  return items as string[];
}

/**
 * Splits a list at its commas. A comma with a backslash before it, after the escapes of the string are resolved, does
 * not split (RFC 9460 s.A.1).
 */
function parseList(value: string): string[] {
  if (value === '') throw new Error('its list is empty');
  const items = unescape(value).match(/(?:\\[^]|[^\\,])+/g) ?? [];
  return items.map((item) => item.replace(/\\([^])/g, '$1'));
}
