/** The reverse zones of a network (RFC 1035 s.3.5, RFC 3596 s.2.5). */
import { isIPv4, isIPv6 } from 'node:net';

/**
 * The zones of a network in CIDR notation (RFC 4632 s.3.1), without the last dot: `10.0.0.0/8` is `10.in-addr.arpa`. A
 * prefix that ends within an octet, for IPv6 within four bits, becomes several zones: `10.0.0.0/23` is
 * `0.0.10.in-addr.arpa` and `1.0.10.in-addr.arpa`. Bits behind the prefix do not matter. Returns undefined for an
 * invalid network.
 */
export function reverseZones(cidr: string): string[] | undefined {
  const [, address = '', length] = /^([^/%]*)\/(\d+)$/.exec(cidr) ?? [];
  const prefix = Number(length);
  if (isIPv4(address) && prefix <= 32) return zones(address.split('.').map(Number), 8, prefix, 10, 'in-addr.arpa');
  if (isIPv6(address) && prefix <= 128) return zones(nibbles(address), 4, prefix, 16, 'ip6.arpa');
  return undefined;
}

/** `digits`: the address in units of `width` bits, which the zones' labels show in base `radix`. */
function zones(digits: number[], width: number, prefix: number, radix: number, suffix: string): string[] {
  const whole = digits.slice(0, Math.floor(prefix / width));
  const zone = (...last: number[]): string =>
    [suffix, ...[...whole, ...last].map((digit) => digit.toString(radix))].reverse().join('.');
  if (prefix % width === 0) return [zone()];
  const count = 1 << (width - (prefix % width));
  const first = digits[whole.length] & -count;
  return Array.from({ length: count }, (_, i) => zone(first + i));
}

/** An IPv6 address as 32 numbers of four bits (RFC 4291 s.2.2). */
function nibbles(address: string): number[] {
  // An IPv4 address at the end stands for two groups.
  const hexadecimal = address.replace(/\d+\.\d+\.\d+\.\d+$/, (ipv4) => {
    const [a, b, c, d] = ipv4.split('.').map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [before, after] = hexadecimal.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const groups = hexadecimal.includes('::')
    ? [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
    : before;
  return Array.from(groups.map((group) => group.padStart(4, '0')).join(''), (digit) => parseInt(digit, 16));
}
