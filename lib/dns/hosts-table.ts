import { isIP, isIPv4 } from 'node:net';
import { writeIPv6 } from './records/fields.js';
import { checkIPv6 } from './text/reader.js';
import { MessageWriter } from './writer.js';
import { isInZones, normalizeName } from './names.js';

/** The types that a hosts file has records of for a name. */
export type AddressType = 'A' | 'AAAA';

/**
 * The names and addresses of a hosts file (hosts(5)): addresses by name, names by the name of the reverse look-up; all
 * as a query's `key`.
 */
export class HostsTable {
  readonly #addresses: Readonly<Record<AddressType, Map<string, string[]>>> = { A: new Map(), AAAA: new Map() };
  readonly #names = new Map<string, string[]>();
  readonly #zones: readonly string[];
  /** Lines and names that were skipped, each with its place and the reason. */
  readonly warnings: string[] = [];

  /**
   * Reads lines of `ADDRESS NAME...`; `#` starts a comment. Names outside of `zones` are skipped. `*.example.com`
   * stands for the names with one label more than `example.com`. An IPv4-mapped IPv6 address is an IPv4 address. `file`
   * names the text in warnings.
   */
  constructor(text: string, zones: readonly string[], file: string) {
    this.#zones = zones;
    text.split('\n').forEach((line, i) => {
      const [word, ...names] = line.split('#')[0].trim().split(/\s+/);
      if (word === '') return;
      const address = addressOf(word);
      if (address === undefined) {
        this.warnings.push(`${file}:${i + 1}: invalid address ${JSON.stringify(word)}: the line is passed over`);
        return;
      }
      for (const name of names) {
        if (!this.#add(address, name)) {
          this.warnings.push(`${file}:${i + 1}: invalid name ${JSON.stringify(name)}: it is passed over`);
        }
      }
    });
  }

  /** The addresses of a name, in the file's order; those of a wildcard if it has no line of its own. */
  addresses(type: AddressType, key: string): readonly string[] {
    const addresses = this.#addresses[type];
    return addresses.get(key) ?? addresses.get(wildcardOf(key)) ?? [];
  }

  /** The number of addresses of all names, and of names of all addresses. */
  get size(): number {
    const lists = [...this.#addresses.A.values(), ...this.#addresses.AAAA.values(), ...this.#names.values()];
    return lists.reduce((sum, list) => sum + list.length, 0);
  }

  /** Names of an address, by `1.2.0.192.in-addr.arpa` or its IPv6 form. */
  names(key: string): readonly string[] {
    return this.#names.get(key) ?? [];
  }

  /** False for an invalid name. */
  #add(address: string, name: string): boolean {
    const key = normalizeName(name);
    if (key === undefined) return false;
    if (!isInZones(key, this.#zones)) return true;
    push(this.#addresses[isIPv4(address) ? 'A' : 'AAAA'], key, address);
    if (!key.startsWith('*.')) push(this.#names, reverseName(address), key);
    return true;
  }
}

/** The address in a word, IPv4-mapped ones as IPv4; undefined for another word. A zone (`%eth0`) is dropped. */
function addressOf(word: string): string | undefined {
  const [address] = word.split('%');
  if (isIP(address) === 0) return undefined;
  if (isIPv4(address)) return address;
  return checkIPv6(address).replace(/^::ffff:(?=\d+\.)/, '');
}

/** The name with `*` in place of its first label. */
function wildcardOf(key: string): string {
  const [label] = /^(?:\\.|[^.\\])*/s.exec(key) ?? [''];
  return `*${key.slice(label.length)}`;
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else if (!list.includes(value)) list.push(value);
}

/** RFC 1035 s.3.5, RFC 3596 s.2.5. */
export function reverseName(address: string): string {
  if (isIPv4(address)) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const octets = Buffer.alloc(16);
  const writer = new MessageWriter();
  writer.begin(octets, 0, octets.length, '.');
  writeIPv6(writer, address);
  return `${Array.from(octets.toString('hex')).reverse().join('.')}.ip6.arpa`;
}
