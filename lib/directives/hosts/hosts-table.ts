/** Names and addresses of a hosts file (hosts(5)). */
import { isIP, isIPv4 } from 'node:net';
import { normalizeName } from '../../dns/zone-name.js';

/** What a hosts file says: addresses by name, names by the name of the reverse look-up; all as a query's `key`. */
export class HostsTable {
  readonly #a = new Map<string, string[]>();
  readonly #aaaa = new Map<string, string[]>();
  readonly #names = new Map<string, string[]>();

  /** Reads lines of `ADDRESS NAME...`; what follows `#` is comment, and lines without an address are passed over. */
  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [address, ...names] = line.split('#')[0].trim().split(/\s+/);
      if (isIP(address.split('%')[0]) === 0) continue;
      for (const name of names) this.#add(address.split('%')[0], name);
    }
  }

  /** IPv4 addresses of a name, in the file's order. */
  ipv4(key: string): readonly string[] | undefined {
    return this.#a.get(key);
  }

  /** IPv6 addresses of a name, in the file's order. */
  ipv6(key: string): readonly string[] | undefined {
    return this.#aaaa.get(key);
  }

  /** Names of an address, by `1.2.0.192.in-addr.arpa` or its like for IPv6. */
  names(key: string): readonly string[] | undefined {
    return this.#names.get(key);
  }

  /** Whether the name has an address. */
  has(key: string): boolean {
    return this.#a.has(key) || this.#aaaa.has(key);
  }

  #add(address: string, name: string): void {
    const key = normalizeName(name);
    if (key === undefined) return;
    push(isIPv4(address) ? this.#a : this.#aaaa, key, address);
    push(this.#names, reverseName(address), key);
  }
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else if (!list.includes(value)) list.push(value);
}

/** RFC 1035 s.3.5, RFC 3596 s.2.5. */
export function reverseName(address: string): string {
  if (isIPv4(address)) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const [head, tail] = dotless(address).split('::') as [string, string | undefined];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  const nibbles = groups.map((group) => group.padStart(4, '0')).join('');
  return `${Array.from(nibbles.toLowerCase()).reverse().join('.')}.ip6.arpa`;
}

/** `::ffff:1.2.3.4` with its last part in hexadecimal. */
function dotless(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a, b, c, d] = bytes.map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
}
