/** SVCB and HTTPS: the binding of a service to where it is (RFC 9460). */
import { inspect } from 'node:util';
import { u16, writeA, writeAaaa, writeString } from './rdata-fields.js';
import type { MessageWriter } from './writer.js';

/**
 * The data of SVCB and HTTPS: `{ priority: 1, target: '.', params: { alpn: ['h2', 'h3'], port: 8443 } }`. Records may
 * have it in presentation form as well, `'1 . alpn=h2,h3 port=8443'` (RFC 9460 s.2.1), where names are absolute.
 */
export interface ServiceBinding {
  /** SvcPriority, 0 to 65,535; 0: an alias (AliasMode). */
  priority: number;
  /** TargetName; `'.'`: the owner's own name. */
  target: string;
  params?: ServiceParameters;
}

/** Service parameters by their names (RFC 9460 s.7, RFC 9461 s.5, RFC 9540 s.4); those without one as `key65280`. */
export interface ServiceParameters {
  /** Names of those that a client has to understand, all of which have to be there (RFC 9460 s.8). */
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
  /** Octets as they go on the wire. */
  [key: `key${number}`]: Uint8Array;
}

interface Parameter {
  key: number;
  /** Writes the value; the length before it is somebody else's. */
  write: (writer: MessageWriter, value: never) => void;
}

const MANDATORY = 0;
const ALPN = 1;
const NO_DEFAULT_ALPN = 2;
/** Reserved (RFC 9460 s.14.3.2). */
const INVALID_KEY = 0xffff;

const PARAMETERS: Readonly<Record<string, Parameter>> = {
  mandatory: { key: MANDATORY, write: writeMandatory },
  alpn: { key: ALPN, write: eachOf(writeProtocol) },
  'no-default-alpn': { key: NO_DEFAULT_ALPN, write: writeNothing },
  port: { key: 3, write: writePort },
  ipv4hint: { key: 4, write: eachOf(writeA) },
  ech: { key: 5, write: writeOctets },
  ipv6hint: { key: 6, write: eachOf(writeAaaa) },
  dohpath: { key: 7, write: writeTemplate },
  ohttp: { key: 8, write: writeNothing },
};

const NAMES = new Map(Object.entries(PARAMETERS).map(([name, { key }]) => [key, name]));

/** Writes the RDATA. Throws `Error` with what is wrong with it. */
export function writeServiceBinding(writer: MessageWriter, { priority, target, params = {} }: ServiceBinding): void {
  u16(writer, 'priority', priority);
  writer.name(target, false); // RFC 9460 s.2.2
  const parameters = Object.entries(params)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value: value as never, ...parameterOf(name) }))
    .sort((a, b) => a.key - b.key);
  checkKeys(parameters.map(({ key }) => key));
  for (const { name, key, value, write } of parameters) {
    writer.u16(key);
    try {
      writer.sized(() => {
        write(writer, value);
      });
    } catch (error) {
      throw new Error(`the parameter ${name}: ${(error as Error).message}`, { cause: error });
    }
  }
  if (params.mandatory !== undefined) checkMandatory(params.mandatory, params);
}

/** The number of a service parameter, 0 to 65,534. Throws `Error` for a name that is none. */
export function parameterKey(name: string): number {
  return parameterOf(name).key;
}

/** The name of a service parameter by its number; `key65280` for one that has none. */
export function parameterName(key: number): string {
  return NAMES.get(key) ?? `key${key}`;
}

function parameterOf(name: string): Parameter {
  if (Object.hasOwn(PARAMETERS, name)) return PARAMETERS[name];
  const key = Number(/^key(0|[1-9]\d{0,4})$/.exec(name)?.[1] ?? NaN);
  if (!(key < INVALID_KEY)) throw new Error(`${name} is no service parameter`);
  return { key, write: writeOctets };
}

/** `keys`: in order. */
function checkKeys(keys: readonly number[]): void {
  const again = keys.find((key, i) => key === keys[i - 1]);
  if (again !== undefined) throw new Error(`the parameter with the number ${again} is given twice`);
  // RFC 9460 s.7.1.1.
  if (keys.includes(NO_DEFAULT_ALPN) && !keys.includes(ALPN)) throw new Error('no-default-alpn needs alpn');
}

function checkMandatory(mandatory: readonly string[], params: ServiceParameters): void {
  const there = new Set(Object.keys(params).map(parameterKey));
  const missing = mandatory.find((name) => !there.has(parameterKey(name)));
  if (missing !== undefined) throw new Error(`${missing} is mandatory and is not there`);
}

function writeMandatory(writer: MessageWriter, names: readonly string[]): void {
  const keys = list(names)
    .map((name) => parameterKey(name))
    .sort((a, b) => a - b);
  if (keys[0] === MANDATORY) throw new Error('it cannot name itself');
  if (new Set(keys).size < keys.length) throw new Error('it names one twice');
  for (const key of keys) writer.u16(key);
}

function eachOf(write: (writer: MessageWriter, item: string) => void): (writer: MessageWriter, items: never) => void {
  return (writer, items) => {
    for (const item of list(items)) write(writer, item);
  };
}

function list(items: unknown): readonly string[] {
  if (!Array.isArray(items) || items.length === 0) throw new Error('its list is empty');
  return items as string[];
}

function writeProtocol(writer: MessageWriter, protocol: string): void {
  if (protocol === '') throw new Error('a protocol has no name');
  writeString(writer, Buffer.from(protocol, 'latin1'));
}

function writeNothing(_: MessageWriter, value: unknown): void {
  if (value !== true) throw new Error(`it takes no value: true is expected, not ${inspect(value)}`);
}

function writePort(writer: MessageWriter, port: number): void {
  u16(writer, 'port', port);
}

function writeOctets(writer: MessageWriter, octets: unknown): void {
  if (!(octets instanceof Uint8Array)) throw new Error(`a Buffer is needed, not ${inspect(octets)}`);
  writer.bytes(octets);
}

function writeTemplate(writer: MessageWriter, template: string | Uint8Array): void {
  writer.bytes(typeof template === 'string' ? Buffer.from(template) : template);
}
