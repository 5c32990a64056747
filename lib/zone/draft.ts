import type { ResourceRecord } from '../dns/record.js';
import { decodeData } from './rrsets.js';
import { canonicalData } from './same-data.js';
import type { LooseSet } from './zone-data.js';

/** An RRset that can be changed. */
export interface DraftSet {
  ttl: number;
  /** RDLENGTH and RDATA of each record, by a text that is equal for the same data. */
  records: Map<string, Buffer>;
}

/** The RRsets of one name while an update changes them. */
export class Draft {
  readonly #name: string;
  readonly #before: readonly LooseSet[];
  /** By type, signatures by their {@link signatureType}. */
  readonly sets: Map<number, DraftSet>;

  /** `name`: in lower case; `before`: what the zone has. */
  constructor(name: string, before: readonly LooseSet[]) {
    this.#name = name;
    this.#before = before;
    this.sets = new Map(before.map(({ type, ttl, rdata }) => [type, { ttl, records: byData(type, rdata) }]));
  }

  /** The RRsets after the changes. */
  after(): LooseSet[] {
    return [...this.sets].map(([type, { ttl, records }]) => ({ type, ttl, rdata: [...records.values()] }));
  }

  /** The records that the changes have removed. */
  removed(): ResourceRecord[] {
    return this.#before.flatMap((set) => this.#without(set, this.sets.get(set.type)));
  }

  /** The records that the changes have added. */
  added(): ResourceRecord[] {
    const before = new Map(
      this.#before.map((set) => [set.type, { ttl: set.ttl, records: byData(set.type, set.rdata) }]),
    );
    return this.after().flatMap((set) => this.#without(set, before.get(set.type)));
  }

  /** The records of a set that another one does not have with the same TTL. */
  #without({ type, ttl, rdata }: LooseSet, other: DraftSet | undefined): ResourceRecord[] {
    const left =
      other?.ttl === ttl
        ? rdata.filter((record) => other.records.get(canonicalData(type, record))?.equals(record) !== true)
        : rdata;
    return left.map((record) => decodeData(this.#name, type, ttl, record));
  }
}

function byData(type: number, rdata: readonly Buffer[]): Map<string, Buffer> {
  return new Map(rdata.map((record) => [canonicalData(type, record), record]));
}
