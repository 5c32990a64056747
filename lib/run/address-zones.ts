import type { ServedZone, ServedZones } from '../authority/served-zones.js';
import type { ServedAddress } from '../corefile/addresses.js';
import { ZoneTable } from '../corefile/zone-table.js';
import { isIn } from '../dns/names.js';
import { NativeZones } from '../worker/native-zones.js';

/** The zones that native code answers at one address, for all its server blocks. Follows the changes of the zones. */
export class AddressZones {
  readonly native = new NativeZones();
  /** The server block of each zone of the address. */
  readonly #blockOf: ZoneTable<number>;
  /** The zones of the server blocks at the address. */
  readonly #names: ReadonlySet<string>;
  readonly #blocks: readonly (readonly ServedZones[])[];

  /**
   * `blocks`: the zones of each server block, by the block's index, those of the first directive first; empty: its chain
   * answers all queries.
   */
  constructor({ zones }: Pick<ServedAddress, 'zones'>, blocks: readonly (readonly ServedZones[])[]) {
    this.#blockOf = new ZoneTable(zones.map(({ zone, block }) => [zone, block]));
    this.#names = new Set(zones.map(({ zone }) => zone));
    this.#blocks = blocks;
    for (const name of this.#names) this.#update(name);
    for (const block of new Set(zones.map(({ block }) => block))) this.#follow(blocks[block]);
  }

  #follow(block: readonly ServedZones[]): void {
    for (const own of block) {
      for (const { origin } of own.all()) this.#update(origin);
      const others = block.filter((zones) => zones !== own);
      own.onChange((origin) => {
        this.#update(origin);
        for (const name of this.#names) if (isIn(name, origin)) this.#update(name);
        // The first directive that has a name answers.
        for (const zones of others)
          for (const zone of zones.all()) if (isIn(zone.origin, origin)) this.#update(zone.origin);
      });
    }
  }

  /**
   * Makes the entry of a name: that of a server block, or of one of its zones. All names down to the next entry have the
   * same server block and the same zone.
   */
  #update(name: string): void {
    const block = this.#blockOf.find(name, 'A');
    for (const zones of block === undefined ? [] : this.#blocks[block]) {
      const zone = zones.find(name, 'A');
      if (zone === undefined) continue;
      this.#put(name, zone, zones.fallthroughOf(zone).length > 0);
      return;
    }
    // The handler answers for a server block without the zone.
    if (this.#names.has(name)) this.native.put(name, { leavesVacant: false, leavesAliases: true });
    else this.native.remove(name);
  }

  #put(name: string, { origin, image }: ServedZone, leavesVacant: boolean): void {
    if (origin === name || this.#names.has(name)) this.native.put(name, { leavesVacant, leavesAliases: true }, image);
    else this.native.remove(name);
  }
}
