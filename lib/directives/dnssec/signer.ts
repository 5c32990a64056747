import type { ResourceRecord } from '../../dns/record.js';
import { typeNumber } from '../../dns/registry.js';
import { canonicalRrset } from '../../dnssec/canonical.js';
import { prepareRrsig, type SignatureOptions } from '../../dnssec/sign.js';
import type { SigningKey } from '../../dnssec/signing-key.js';
import { ZoneKeys } from '../../dnssec/zone-keys.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
/** A signature starts that long ago, for clocks that are slow, in seconds. CoreDNS's value. */
const BEFORE = 3 * HOUR;
/** A signature ends after so many seconds. CoreDNS's value. */
const LIFE = 8 * DAY;
/** A signature that ends within so many seconds is made anew. CoreDNS's value. */
const RENEWAL = 2 * DAY;
/** The TTL that signatures state, since that of the zone is not known here, in seconds. CoreDNS's value. */
const ORIGINAL_TTL = 3600;

/** Signs RRsets, and keeps the signatures. */
export class Signer {
  readonly #keys: ZoneKeys;
  readonly #capacity: number;
  /** By zone and RRset; those used last stand at the end. */
  readonly #kept = new Map<string, readonly ResourceRecord[]>();
  #hits = 0;
  #misses = 0;

  /** `capacity`: how many RRsets have their signatures kept. */
  constructor(keys: readonly SigningKey[], capacity: number) {
    this.#keys = new ZoneKeys(keys);
    this.#capacity = capacity;
  }

  /** The number of RRsets with kept signatures, and how often they were found and not found since the last call. */
  take(): { size: number; hits: number; misses: number } {
    const counts = { size: this.#kept.size, hits: this.#hits, misses: this.#misses };
    this.#hits = this.#misses = 0;
    return counts;
  }

  /** The RRSIG records of an RRset of `zone`, with its TTL. Throws `Error` for records that cannot be encoded. */
  sign(records: readonly ResourceRecord[], zone: string): ResourceRecord[] {
    const now = Math.floor(Date.now() / 1000);
    const rrset = canonicalRrset(records, ORIGINAL_TTL);
    const key = `${zone} ${rrset.toString('latin1')}`;
    let signatures = this.#kept.get(key);
    if (signatures === undefined || expiration(signatures[0]) < now + RENEWAL) {
      this.#misses++;
      const keys = this.#keys.signersOf(typeNumber(records[0].type) ?? 0);
      const options = { signer: zone, inception: now - BEFORE, expiration: now + LIFE, originalTtl: ORIGINAL_TTL };
      signatures = keys.map((each) => signed(records[0], rrset, each, options));
    } else {
      this.#hits++;
    }
    this.#keep(key, signatures);
    const { name, ttl } = records[0];
    return signatures.map((record) => ({ ...record, name, ttl: ttl ?? 0 }));
  }

  #keep(key: string, signatures: readonly ResourceRecord[]): void {
    this.#kept.delete(key);
    this.#kept.set(key, signatures);
    if (this.#kept.size <= this.#capacity) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      return;
    }
  }
}

/** The RRSIG record of an RRset by a key. */
function signed(first: ResourceRecord, rrset: Buffer, key: SigningKey, options: SignatureOptions): ResourceRecord {
  const { data, octets } = prepareRrsig(first, rrset, key, options);
  return { type: 'RRSIG', name: first.name, class: 'IN', data: { ...data, signature: key.sign(octets) } };
}

function expiration({ data }: ResourceRecord): number {
  return (data as { expiration: number }).expiration;
}

/** The RRsets of a section, in the order of their first records; of class IN, without signatures. */
export function rrsetsOf(records: readonly ResourceRecord[]): ResourceRecord[][] {
  const sets = new Map<string, ResourceRecord[]>();
  for (const record of records) {
    if (record.type === 'RRSIG' || (record.class ?? 'IN') !== 'IN') continue;
    const key = `${record.type} ${record.name.toLowerCase()}`;
    const set = sets.get(key);
    if (set === undefined) sets.set(key, [record]);
    else set.push(record);
  }
  return [...sets.values()];
}
