import type { ServedAddress } from '../corefile/addresses.js';
import type { AnswerZones } from '../corefile/answer-zones.js';
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
  readonly #blocks: readonly (AnswerZones | undefined)[];

  /** `blocks`: the zones of each server block, by the block's index; undefined: its chain answers all queries. */
  constructor({ zones }: Pick<ServedAddress, 'zones'>, blocks: readonly (AnswerZones | undefined)[]) {
    this.#blockOf = new ZoneTable(zones.map(({ zone, block }) => [zone, block]));
    this.#names = new Set(zones.map(({ zone }) => zone));
    this.#blocks = blocks;
    for (const name of this.#names) this.#update(name);
    for (const block of new Set(zones.map(({ block }) => block))) {
      const own = blocks[block];
      if (own === undefined) continue;
      for (const { origin } of own.all()) this.#update(origin);
      own.onChange((origin) => {
        this.#update(origin);
        for (const name of this.#names) if (isIn(name, origin)) this.#update(name);
      });
    }
  }

  /** Whether native code may answer for any zone. */
  static isUseful({ zones }: Pick<ServedAddress, 'zones'>, blocks: readonly (AnswerZones | undefined)[]): boolean {
    return zones.some(({ block }) => blocks[block] !== undefined);
  }

  /**
   * Makes the entry of a name: that of a server block, or of one of its zones. All names down to the next entry have the
   * same server block and the same zone.
   */
  #update(name: string): void {
    const block = this.#blockOf.find(name, 'A');
    const zone = block === undefined ? undefined : this.#blocks[block]?.find(name);
    if (zone?.origin === name || this.#names.has(name)) {
      this.native.put(name, { leavesVacant: zone?.leavesVacant ?? false, leavesAliases: true }, zone?.image);
    } else this.native.remove(name);
  }
}
