import { wireName } from '../dns/wire-name.js';
import { addon, type NativeZoneImage, type ZoneRules, type ZoneTable } from '../native/addon.js';

/** The zones of a thread that native code answers, by name. Names are in the form of `Query.key`. */
export class NativeZones {
  readonly table: ZoneTable = new addon.ZoneTable();

  /** See {@link ZoneTable.put}. */
  put(name: string, rules: ZoneRules, image?: NativeZoneImage): void {
    if (image === undefined) this.table.put(wireName(name), rules);
    else this.table.put(wireName(name), rules, image, wireName(image.origin));
  }

  remove(name: string): void {
    this.table.remove(wireName(name));
  }
}
