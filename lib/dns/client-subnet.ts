/** The EDNS option Client Subnet (RFC 7871). */
import { ipv4At, ipv6At } from './ip-text.js';
import { OPTION } from './numbers.js';
import type { EdnsOption } from './edns.js';

/** Octets before the address: the family and two prefix lengths. */
const HEAD = 4;
const SOURCE = 2;
const SCOPE = 3;
const IPV6 = 2;
const IPV6_SIZE = 16;
const MAX_BITS = [0, 32, 128];

/** The network of a client, on whose behalf a resolver asks. */
export interface ClientSubnet {
  /** Numeric; bits behind the prefix are 0: `'192.0.2.0'`. */
  address: string;
  /** SOURCE PREFIX-LENGTH: bits of the address that the resolver tells; 0: the client wants none of it used. */
  sourcePrefix: number;
  /** SCOPE PREFIX-LENGTH; 0 in queries. */
  scopePrefix: number;
}

/** Reads the first such option; undefined: there is none. The options are those of a valid query. */
export function readClientSubnet(options: readonly EdnsOption[]): ClientSubnet | undefined {
  const data = options.find(({ code }) => code === OPTION.CLIENT_SUBNET)?.data;
  if (data === undefined) return undefined;
  const address = new Uint8Array(IPV6_SIZE);
  address.set(data.subarray(HEAD));
  const text = data.readUInt16BE(0) === IPV6 ? ipv6At(address, 0) : ipv4At(address, 0);
  return { address: text, sourcePrefix: data[SOURCE], scopePrefix: data[SCOPE] };
}

/**
 * The option of a reply: that of the query with a scope (RFC 7871 s.7.2.1). A client that tells nothing of its address gets
 * the scope 0, and none is longer than an address.
 */
export function withScope({ code, data }: EdnsOption, scope: number): EdnsOption {
  const scoped = Buffer.from(data);
  scoped[SCOPE] = scoped[SOURCE] === 0 ? 0 : Math.min(scope, MAX_BITS[data.readUInt16BE(0)]);
  return { code, data: scoped };
}

/**
 * The scope in the option of a reply; undefined if that option does not repeat the one of the query, as it has to (RFC 7871
 * s.7.3), or if its scope is longer than an address.
 */
export function scopeOf(replied: EdnsOption, asked: EdnsOption): number | undefined {
  const expected = Buffer.from(asked.data);
  const scope = replied.data.at(SCOPE) ?? Infinity;
  expected[SCOPE] = scope;
  return expected.equals(replied.data) && scope <= MAX_BITS[asked.data.readUInt16BE(0)] ? scope : undefined;
}

/** Whether data are a valid option of a query (RFC 7871 s.6, s.7.1.2), as in `native/message/client_subnet.h`. */
export function isClientSubnet(data: Buffer): boolean {
  if (data.length < HEAD || data[SCOPE] !== 0) return false;
  const family = data.readUInt16BE(0);
  const source = data[SOURCE];
  if (family >= MAX_BITS.length || source > MAX_BITS[family]) return false;
  if (data.length - HEAD !== Math.ceil(source / 8)) return false;
  return source % 8 === 0 || (data[data.length - 1] & (0xff >> (source % 8))) === 0;
}
