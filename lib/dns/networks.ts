/** Networks of IP addresses (RFC 4632 s.3.1, RFC 4291 s.2.3). */
import { BlockList, isIP } from 'node:net';

/** The addresses that begin with the same bits. */
export interface Network {
  /** Numeric, without a zone. */
  address: string;
  /** How many bits of `address` count: 0 to 32, or to 128 for IPv6. */
  prefixLength: number;
}

/** Reads `ADDRESS/BITS`, or an address alone, which is a network of one. Undefined: the text is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', digits] = (/^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []) as (string | undefined)[];
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  const prefixLength = digits === undefined ? most : Number(digits);
  return version === 0 || prefixLength > most ? undefined : { address, prefixLength };
}

/** A set of networks. */
export class NetworkSet {
  readonly #list = new BlockList();

  constructor(networks: readonly Network[]) {
    for (const { address, prefixLength } of networks) this.#list.addSubnet(address, prefixLength, familyOf(address));
  }

  /** Whether a numeric address is in one of the networks. An IPv4-mapped address counts as IPv4 (RFC 4291 s.2.5.5.2). */
  has(address: string): boolean {
    return this.#list.check(address, familyOf(address));
  }
}

/** The addresses of this host alone (RFC 1122 s.3.2.1.3, RFC 4291 s.2.5.3). */
export const LOOPBACK = new NetworkSet([
  { address: '127.0.0.0', prefixLength: 8 },
  { address: '::1', prefixLength: 128 },
]);

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
