import type { ServedAddress } from '../corefile/addresses.js';
import { nameOfAddress } from '../socket/addresses.js';
import { ZoneTable } from '../corefile/zone-table.js';
import type { Endpoint } from '../message/batch.js';
import type { Query } from '../message/query.js';

/** An address in service: its name, the value of each of its zones, and all values. */
interface Site<T> {
  /** In the list of all addresses. */
  index: number;
  name: string;
  zones: ZoneTable<T>;
  all: T[];
}

/** Finds the server block of a query: by the address that it came to, then by its name. */
export class Router<T> {
  /** By port, then by address. */
  readonly #ports = new Map<number, Map<string, Site<T>>>();
  readonly #only: Site<T> | undefined;

  /** `blocks`: a value for each server block, by the block's index. */
  constructor(addresses: readonly ServedAddress[], blocks: readonly T[]) {
    let last: Site<T> | undefined;
    for (const [index, served] of addresses.entries()) {
      const zones = served.zones.map(({ zone, block }) => [zone, blocks[block]] as const);
      const all = [...new Set(zones.map(([, what]) => what))];
      last = { index, name: nameOfAddress(served), zones: new ZoneTable(zones), all };
      const sites = this.#ports.get(served.port) ?? new Map<string, Site<T>>();
      this.#ports.set(served.port, sites.set(served.address, last));
    }
    this.#only = addresses.length === 1 ? last : undefined;
  }

  /** The value for a query; undefined if no zone matches. */
  find(query: Pick<Query, 'local' | 'key' | 'type'>): T | undefined {
    return this.#siteOf(query.local)?.zones.find(query.key, query.type);
  }

  /** The name of the address that a query came to. */
  serverOf(query: Query): string {
    return this.#siteOf(query.local)?.name ?? '';
  }

  /** The index of the address that one of our sockets is bound to; undefined: it is none of them. */
  indexAt(local: Endpoint): number | undefined {
    return this.#siteOf(local)?.index;
  }

  /** The values of the zones of the address that one of our sockets is bound to. */
  at(local: Endpoint): readonly T[] {
    return this.#siteOf(local)?.all ?? [];
  }

  #siteOf({ address, port, family }: Endpoint): Site<T> | undefined {
    if (this.#only !== undefined) return this.#only;
    // If the system has chosen the port, the Corefile says 0.
    for (const sites of [this.#ports.get(port), this.#ports.get(0)]) {
      // As in the kernel, a socket bound to the address itself has precedence over one bound to all addresses.
      const site =
        sites?.get(address) ??
        (family === 'IPv4' ? sites?.get('0.0.0.0') : undefined) ??
        sites?.get('::') ??
        sites?.get('');
      if (site !== undefined) return site;
    }
    return undefined;
  }
}
