/** Service parameters in presentation form (RFC 9460 s.2.1 and appendix A). */
import { unescape } from './escapes.js';
import { parameterKey, type ServiceBinding, type ServiceParameters } from './svcb.js';

type Reader = (value: string) => unknown;

/** From the value's text to what {@link ServiceParameters} has; a value that is not there is `''`. */
const READERS: Readonly<Record<string, Reader>> = {
  mandatory: list,
  alpn: list,
  'no-default-alpn': nothing,
  port,
  ipv4hint: list,
  ech: base64,
  ipv6hint: list,
  dohpath: octets,
  ohttp: nothing,
};
/** A word, parts of which may be quoted. */
const WORD = /(?:\\.|"(?:\\.|[^"\\])*"|[^\s"\\])+/gs;
const QUOTE = /(\\.)|"/gs;

/** Reads `PRIORITY TARGET [PARAMETER...]`. Throws `Error` with what is wrong. */
export function parseServiceBinding(text: string): ServiceBinding {
  if (text.replace(WORD, '').trim() !== '') throw new Error('a quote is not closed, or a backslash stands at the end');
  // A character an octet: what is not ASCII is UTF-8.
  const [priority = '', target, ...words] = (Buffer.from(text).toString('latin1').match(WORD) ?? []).map((word) =>
    word.replace(QUOTE, '$1'),
  );
  if (!/^\d+$/.test(priority)) throw new Error(`${priority} is no priority`);
  if ((target as string | undefined) === undefined) throw new Error('the target is missing');
  return { priority: Number(priority), target, params: parseParameters(words) };
}

/** Reads words like `alpn=h2,h3`, without quotes and with their escapes. Throws `Error` with what is wrong. */
export function parseParameters(words: readonly string[]): ServiceParameters {
  const params: Record<string, unknown> = {}; // of the right types, as READERS has it
  for (const word of words) {
    const [, name, value = ''] = /^([^=]*)(?:=([^]*))?$/.exec(word) as unknown as string[];
    parameterKey(name); // throws for what is none
    if (Object.hasOwn(params, name)) throw new Error(`the parameter ${name} is given twice`);
    try {
      params[name] = Object.hasOwn(READERS, name) ? READERS[name](value) : octets(value);
    } catch (error) {
      throw new Error(`the parameter ${name}: ${(error as Error).message}`, { cause: error });
    }
  }
  return params as ServiceParameters;
}

function nothing(value: string): true {
  if (value !== '') throw new Error('it takes no value');
  return true;
}

/** A comma separates; one with a backslash before it, after the string's own escapes are resolved, does not (s.A.1). */
function list(value: string): string[] {
  if (value === '') throw new Error('its list is empty');
  const items = unescape(value).match(/(?:\\[^]|[^\\,])+/g) ?? [];
  return items.map((item) => item.replace(/\\([^])/g, '$1'));
}

function port(value: string): number {
  if (!/^\d+$/.test(value) || Number(value) > 0xffff) throw new Error(`${value} is no port`);
  return Number(value);
}

function base64(value: string): Buffer {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.toString('base64') !== value) throw new Error(`${value} is no Base64`);
  return bytes;
}

function octets(value: string): Buffer {
  return Buffer.from(unescape(value), 'latin1');
}
