/** Reads the header fields in which proxies say whose request they pass on. */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { MAX_PORT } from '../../dns/numbers.js';
import type { Endpoint } from '../../message/batch.js';
import { endpointOf } from '../ip.js';

/**
 * What a proxy says of the sender of the request that it got: an address (port 0: it does not say which); `'hidden'`: it
 * does not want to say (RFC 7239 s.6.2, s.6.3); `'malformed'`: nobody knows what it means.
 */
export type Hop = Endpoint | 'hidden' | 'malformed';

/** The hops in the lines of `X-Forwarded-For`, the last one first: each proxy adds one at the end. */
export function* hopsOfXForwardedFor(lines: readonly string[]): Generator<Hop> {
  for (const line of lines.toReversed()) {
    for (let end = line.length; end >= 0;) {
      const comma = line.lastIndexOf(',', end - 1);
      const start = end === 0 ? 0 : comma + 1;
      const text = line.slice(start, end).trim();
      // Empty elements do not count (RFC 9110 s.5.6.1.2).
      if (text !== '') yield readNode(/^"(.*)"$/.exec(text)?.[1] ?? text);
      end = start - 1;
    }
  }
}

/** The hops in the lines of `Forwarded` (RFC 7239), the last one first. */
export function* hopsOfForwarded(lines: readonly string[]): Generator<Hop> {
  for (const line of lines.toReversed()) {
    const elements = elementsOf(line);
    // A quote that a client left open may change what the proxy has added: the line as a whole is not to be believed.
    if (elements === undefined) yield 'malformed';
    else for (const element of elements.toReversed()) yield readElement(element);
  }
}

const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
/** A parameter (RFC 7239 s.4), and what follows it. Both may be missing. */
const PAIR = new RegExp(`[ \\t]*(?:(${TOKEN})=(${TOKEN}|${QUOTED})[ \\t]*)?(?:([;,])|$)`, 'y');

/** The elements of a line, each with its parameters. Undefined: the line is malformed. */
function elementsOf(line: string): [name: string, value: string][][] | undefined {
  const elements: [string, string][][] = [[]];
  PAIR.lastIndex = 0;
  for (;;) {
    const found = PAIR.exec(line) as [string, string?, string?, string?] | null;
    if (found === null) return undefined;
    const [, name, value = '', separator] = found;
    if (name !== undefined) elements[elements.length - 1].push([name.toLowerCase(), value]);
    if (separator === undefined) break;
    if (separator === ',') elements.push([]);
  }
  return elements.filter((element) => element.length > 0);
}

function readElement(element: readonly [name: string, value: string][]): Hop {
  const values = element.flatMap(([name, value]) => (name === 'for' ? [value] : []));
  if (values.length > 1) return 'malformed'; // RFC 7239 s.4
  const [value] = values as [string?];
  if (value === undefined) return 'hidden';
  return readNode(value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value);
}

/** Reads a node: `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:4711`, `2001:db8::1`, `unknown`, `_name`. */
function readNode(node: string): Hop {
  if (isIPv6(node)) return endpoint(node, '0');
  const [, bracketed, plain = '', port] = (/^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}|_[\w.-]+))?$/.exec(node) ?? []) as (
    string | undefined
  )[];
  if (bracketed !== undefined) return isIPv6(bracketed) ? endpoint(bracketed, port) : 'malformed';
  if (isIPv4(plain)) return endpoint(plain, port);
  return /^(?:unknown|_[\w.-]+)$/i.test(plain) ? 'hidden' : 'malformed';
}

function endpoint(address: string, digits = '0'): Hop {
  const port = digits.startsWith('_') ? 0 : Number(digits);
  if (port > MAX_PORT || address.includes('%')) return 'malformed';
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  // In the only form of an address, as that of a connection's peer.
  return endpointOf(new SocketAddress({ address, family }).address, port);
}
