/** SVCB and HTTPS: service parameters, from text to the wire (RFC 9460 s.2). */
import { checkIPv4, checkIPv6, parseBase64, type Fields } from './fields.js';
import { unescape, wireName } from './names.js';

interface Parameter {
  key: number;
  /** From the value's text to octets; a value that is not there is `''`. */
  encode: (value: string) => Buffer;
}

const u16 = (number: number): Buffer => Buffer.of(number >> 8, number & 0xff);

function nothing(value: string): Buffer {
  if (value !== '') throw new Error('it takes no value');
  return Buffer.alloc(0);
}

/** A comma separates; one with a backslash before it, after the string's own escapes are resolved, does not (s.A.1). */
function list(value: string): string[] {
  if (value === '') throw new Error('its list is empty');
  const items = unescape(value).match(/(?:\\[^]|[^\\,])+/g) ?? [];
  return items.map((item) => item.replace(/\\([^])/g, '$1'));
}

function port(value: string): Buffer {
  if (!/^\d+$/.test(value) || Number(value) > 0xffff) throw new Error(`${value} is no port`);
  return u16(Number(value));
}

function protocols(value: string): Buffer {
  return Buffer.concat(list(value).map((id) => Buffer.from(String.fromCharCode(id.length) + id, 'latin1')));
}

function addresses(check: (text: string) => string, encode: (text: string) => Buffer): (value: string) => Buffer {
  return (value) => Buffer.concat(list(value).map((address) => encode(check(address))));
}

function ipv4(text: string): Buffer {
  return Buffer.from(text.split('.').map(Number));
}

function ipv6(text: string): Buffer {
  // The last 32 bits may be written as an IPv4 address.
  const dotted = /\d+\.\d+\.\d+\.\d+$/.exec(text)?.[0];
  const plain = dotted === undefined ? text : text.replace(dotted, ipv4(dotted).toString('hex').replace(/..../, '$&:'));
  const [before, after] = plain.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const zeros = Array<string>(8 - before.length - ((after as string[] | undefined)?.length ?? 0)).fill('0');
  const groups = [...before, ...zeros, ...((after as string[] | undefined) ?? [])];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function raw(value: string): Buffer {
  return Buffer.from(unescape(value), 'latin1');
}

const PARAMETERS: Readonly<Record<string, Parameter>> = {
  mandatory: {
    key: 0,
    encode: (value) =>
      Buffer.concat(
        list(value)
          .map((name) => keyOf(name))
          .sort((a, b) => a - b)
          .map(u16),
      ),
  },
  alpn: { key: 1, encode: protocols },
  'no-default-alpn': { key: 2, encode: nothing },
  port: { key: 3, encode: port },
  ipv4hint: { key: 4, encode: addresses(checkIPv4, ipv4) },
  ech: { key: 5, encode: parseBase64 },
  ipv6hint: { key: 6, encode: addresses(checkIPv6, ipv6) },
  dohpath: { key: 7, encode: raw }, // RFC 9461
  ohttp: { key: 8, encode: nothing }, // RFC 9540
};

function parameterOf(name: string): Parameter {
  if (Object.hasOwn(PARAMETERS, name)) return PARAMETERS[name];
  const key = Number(/^key(0|[1-9]\d{0,4})$/.exec(name)?.[1] ?? NaN);
  if (!(key < 0xffff)) throw new Error(`${name} is no service parameter`); // 65535 is reserved
  return { key, encode: raw };
}

function keyOf(name: string): number {
  return parameterOf(name).key;
}

/** The RDATA of SVCB and HTTPS. Throws `Error` with what is wrong. */
export function svcb(fields: Fields): Buffer {
  const priority = fields.integer(16);
  const target = wireName(fields.name());
  const values = new Map<number, Buffer>();
  while (!fields.atEnd) {
    const [, name, value = ''] = /^([^=]*)(?:=([^]*))?$/.exec(fields.word('a parameter')) as unknown as string[];
    const { key, encode } = parameterOf(name);
    if (values.has(key)) throw new Error(`the parameter ${name} is given twice`);
    try {
      values.set(key, encode(value));
    } catch (error) {
      throw new Error(`the parameter ${name}: ${(error as Error).message}`, { cause: error });
    }
  }
  const sorted = [...values].sort(([a], [b]) => a - b);
  return Buffer.concat([
    u16(priority),
    target,
    ...sorted.flatMap(([key, value]) => [u16(key), u16(value.length), value]),
  ]);
}
