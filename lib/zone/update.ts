/** Changes of a zone (RFC 2136 s.3.4). */
import { MAX_TTL, TYPE } from '../dns/numbers.js';
import type { ResourceRecord } from '../dns/record.js';
import { checkNumber } from '../dns/records/fields.js';
import type { Change } from '../dns/update.js';
import { Draft } from './draft.js';
import { TOP } from './name-tree.js';
import { recordType, setTypeOf } from './rrsets.js';
import { canonicalData, encodeData } from './same-data.js';
import { isLater, serialIn, withNextSerial } from './serial.js';
import { dataType, keyIn, refuse } from './update-error.js';
import type { ZoneData } from './zone-data.js';
import { signedIndex } from './signed-index.js';
import { SINGLE, standsBesideCname } from './zone-loader.js';

/**
 * What an update has changed: the difference between two versions of a zone, as IXFR sends it (RFC 1995 s.4). Both lists
 * begin with the SOA record, the old and the new one. They are empty, and the serial numbers are equal, if the zone is as
 * it was.
 */
export interface ZoneDifference {
  /** The serial number before the update, 0 to 2^32 - 1. */
  readonly oldSerial: number;
  /** The serial number after it. */
  readonly newSerial: number;
  /** Records that the zone does not have any more. One whose TTL has changed is in both lists. */
  readonly removed: readonly ResourceRecord[];
  /** Records that it did not have before. */
  readonly added: readonly ResourceRecord[];
}

/** A record of an update, encoded. */
interface Item {
  name: string;
  /** Of its set. */
  type: number;
  ttl: number;
  rdata: Buffer;
}

/** Types whose records only the signer of a zone makes. */
const SIGNERS: ReadonlySet<number> = new Set([TYPE.RRSIG, TYPE.NSEC, TYPE.NSEC3, TYPE.NSEC3PARAM]);

/** Options of `Zone.update`. */
export interface UpdateOptions {
  /**
   * Whether the changes come from the signer of the zone, by a transfer for example, so that they may have RRSIG, NSEC,
   * NSEC3 and NSEC3PARAM records. Default: false, such records are refused.
   */
  signer?: boolean;
}

/** Makes changes to a zone: all of them, or none if it throws `ERR_MULTISOCKET_UPDATE`. */
export function updateZone(
  data: ZoneData,
  changes: Iterable<Change>,
  { signer = false }: UpdateOptions = {},
): ZoneDifference {
  const update = new Update(data, signer);
  for (const change of changes) update.apply(change);
  return update.commit();
}

/** Changes that are made to drafts of the names that they touch. The zone changes in {@link commit}. */
class Update {
  readonly #data: ZoneData;
  readonly #fromSigner: boolean;
  readonly #drafts = new Map<string, Draft>();

  constructor(data: ZoneData, fromSigner: boolean) {
    this.#data = data;
    this.#fromSigner = fromSigner;
  }

  /** Makes one change, or ignores it as RFC 2136 s.3.4.2 says. */
  apply(change: Change): void {
    const { kind } = change;
    const { origin } = this.#data;
    if (kind === 'deleteName') this.#deleteName(keyIn(origin, change.name));
    else if (kind === 'deleteRRset') this.#deleteSets(keyIn(origin, change.name), this.#type(change.type));
    else if (kind === 'deleteRecord') this.#delete(this.#encode(change.record));
    else if ((kind as string) === 'add') this.#add(this.#encode(change.record));
    else refuse('FORMERR', `unknown change ${JSON.stringify(kind)}: add, deleteRecord, deleteRRset or deleteName`);
  }

  /** Writes the drafts into the zone, with the next serial number unless a change has given one. */
  commit(): ZoneDifference {
    const data = this.#data;
    const [oldSoa] = data.sets.records(data.find(TOP, TYPE.SOA));
    const oldSerial = serialIn(oldSoa);
    const top = this.#draft(data.origin);
    const soa = top.sets.get(TYPE.SOA)?.records ?? new Map<string, Buffer>();
    const drafts = [...this.#drafts.values()];
    if (drafts.every((draft) => draft.removed().length + draft.added().length === 0)) {
      return { oldSerial, newSerial: oldSerial, removed: [], added: [] };
    }
    const [[key, given]] = soa;
    const newSoa = given.equals(oldSoa) ? withNextSerial(oldSoa) : given;
    soa.set(key, newSoa);
    const removed = soaFirst(drafts.flatMap((draft) => draft.removed()));
    const added = soaFirst(drafts.flatMap((draft) => draft.added()));
    for (const [name, draft] of this.#drafts) data.replace(name, draft.after());
    data.index = signedIndex(data);
    return { oldSerial, newSerial: serialIn(newSoa), removed, added };
  }

  #type(text: string): number {
    const type = dataType(text);
    if (!this.#fromSigner && SIGNERS.has(type))
      refuse('REFUSED', `${text} records come from the signer of the zone alone`);
    return type;
  }

  #encode(record: ResourceRecord): Item {
    const name = keyIn(this.#data.origin, record.name);
    const type = this.#type(record.type);
    try {
      if (record.class !== undefined && record.class !== 'IN') throw new Error(`the class ${record.class} is not IN`);
      const ttl = checkNumber('TTL', record.ttl, MAX_TTL);
      const rdata = encodeData(type, record.type, record.data);
      return { name, type: setTypeOf(type, rdata), ttl, rdata };
    } catch (error) {
      return refuse('FORMERR', `${name} ${record.type}: ${(error as Error).message}`);
    }
  }

  /** RFC 2136 s.3.4.2.2, RFC 6672 s.5.2. */
  #add({ name, type, ttl, rdata }: Item): void {
    const { sets } = this.#draft(name);
    const known = sets.get(type);
    if (type === TYPE.SOA) {
      const before = known?.records.values().next().value;
      if (before === undefined || !isLater(serialIn(rdata), serialIn(before))) return;
    }
    // A CNAME stands alone, and what is there already stays.
    if (known === undefined && !standsBesideCname(type)) {
      const others = [...sets.keys()].filter((other) => !standsBesideCname(other));
      if (sets.has(TYPE.CNAME) || (type === TYPE.CNAME && others.length > 0)) return;
    }
    const records = known === undefined || SINGLE.has(type) ? new Map<string, Buffer>() : known.records;
    records.set(canonicalData(type, rdata), rdata);
    // All records of an RRset have one TTL (RFC 2181 s.5.2): that of the last one.
    sets.set(type, { ttl, records });
  }

  /** RFC 2136 s.3.4.2.4. */
  #delete({ name, type, rdata }: Item): void {
    const { sets } = this.#draft(name);
    const records = sets.get(type)?.records;
    const key = canonicalData(type, rdata);
    if (records?.has(key) !== true || type === TYPE.SOA) return;
    if (records.size > 1) records.delete(key);
    else this.#deleteSet(name, type);
  }

  /** Deletes the sets with the records of a TYPE. */
  #deleteSets(name: string, type: number): void {
    for (const setType of [...this.#draft(name).sets.keys()])
      if (recordType(setType) === type) this.#deleteSet(name, setType);
  }

  /** RFC 2136 s.3.4.2.3. SOA and NS of the zone's own name stay. */
  #deleteSet(name: string, type: number): void {
    const stays = name === this.#data.origin && (type === TYPE.SOA || type === TYPE.NS);
    if (!stays) this.#draft(name).sets.delete(type);
  }

  #deleteName(name: string): void {
    for (const type of [...this.#draft(name).sets.keys()]) this.#deleteSet(name, type);
  }

  #draft(name: string): Draft {
    let draft = this.#drafts.get(name);
    if (draft === undefined) {
      const node = this.#data.names.at(name);
      draft = new Draft(name, node === undefined ? [] : this.#data.loose(node));
      this.#drafts.set(name, draft);
    }
    return draft;
  }
}

function soaFirst(records: readonly ResourceRecord[]): ResourceRecord[] {
  return records.toSorted((a, b) => Number(b.type === 'SOA') - Number(a.type === 'SOA'));
}
