/** Which server block a query belongs to: by the address that it came to, then by its name. */
import { addressName, type ServedAddress } from '../corefile/addresses.js';
import { ZoneTable } from '../corefile/zone-table.js';
import type { Endpoint } from '../message/batch.js';
import type { Query } from '../message/query.js';

/** An address at work: its name, what serves each of its zones, and all that do. */
interface Site<T> {
  name: string;
  zones: ZoneTable<T>;
  all: T[];
}

/** See the file's head. */
export class Router<T> {
  /** By port, then by address. */
  readonly #ports = new Map<number, Map<string, Site<T>>>();
  readonly #only: Site<T> | undefined;

  /** `blocks`: what serves a server block, by the block's index. */
  constructor(addresses: readonly ServedAddress[], blocks: readonly T[]) {
    let last: Site<T> | undefined;
    for (const served of addresses) {
      const zones = served.zones.map(({ zone, block }) => [zone, blocks[block]] as const);
      const all = [...new Set(zones.map(([, what]) => what))];
      last = { name: addressName(served), zones: new ZoneTable(zones), all };
      const sites = this.#ports.get(served.port) ?? new Map<string, Site<T>>();
      this.#ports.set(served.port, sites.set(served.address, last));
    }
    this.#only = addresses.length === 1 ? last : undefined;
  }

  /** What serves a query; undefined where no zone matches. */
  find(query: Query): T | undefined {
    return this.#siteOf(query.local)?.zones.find(query.key, query.type);
  }

  /** The name of the address that a query came to. */
  serverOf(query: Query): string {
    return this.#siteOf(query.local)?.name ?? '';
  }

  /** What serves the zones of the address that a socket of ours is bound to. */
  at(local: Endpoint): readonly T[] {
    return this.#siteOf(local)?.all ?? [];
  }

  #siteOf({ address, port, family }: Endpoint): Site<T> | undefined {
    if (this.#only !== undefined) return this.#only;
    // Where the system has chosen the port, the Corefile says 0.
    for (const sites of [this.#ports.get(port), this.#ports.get(0)]) {
      // As the kernel does: who is bound to the address itself comes before who is bound to all.
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
