import type packet from 'dns-packet';
import { TYPE } from '../dns/numbers.js';
import type { ResourceRecord } from '../dns/record.js';
import type { Change, Prerequisite } from '../dns/update.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import { checkedName, checkedType } from './arguments.js';
import { give } from './give.js';
import { Lookups } from './lookups.js';
import { TOP } from './name-tree.js';
import { checkPrerequisites, type PrerequisiteRcode } from './prerequisites.js';
import { NO_SET } from './rrsets.js';
import { signedIndex } from './signed-index.js';
import { updateZone, type UpdateOptions, type ZoneDifference } from './update.js';
import { EMPTY, type ZoneAnswer } from './zone-answer.js';
import { ZoneData } from './zone-data.js';
import type { ZoneImage } from './zone-image.js';

/** Options of `Zone.lookup`. */
export interface LookupOptions {
  /** Whether the client asks for signatures and proofs: the DO bit (RFC 3225). Default: false. */
  dnssecOk?: boolean;
}

/**
 * A zone in memory. {@link parseZone} and {@link readZone} make one.
 *
 * Answers are made at once, so that each is of one version of the zone. What a method has returned never changes: records
 * are frozen, and an iteration over {@link records} goes on with the version with which it began.
 */
export class Zone {
  /** The name at its top: lower case, without the last dot; the root is `.`. */
  readonly origin: string;
  /**
   * Records of its text that were left out, since their names are outside of the zone, each with its place and the reason; and
   * what is wrong with the signatures of a signed zone, the first of each kind.
   */
  readonly warnings: readonly string[];
  #data: ZoneData;
  #lookups: Lookups;
  /** For queries with DO. */
  #signedLookups: Lookups;

  /** @internal */
  constructor(data: ZoneData, warnings: readonly string[] = []) {
    this.origin = data.origin;
    this.warnings = warnings;
    this.#data = data;
    this.#lookups = new Lookups(data, false);
    this.#signedLookups = new Lookups(data, true);
  }

  /** The zone of an image. It shares the image's memory; an {@link update} moves its records to memory of its own. */
  static fromImage(image: ZoneImage): Zone {
    return new Zone(new ZoneData(image.origin, image));
  }

  /**
   * This version of the zone as plain data, which can be sent to other threads: they share the memory. It costs nothing; the
   * next {@link update} costs a copy of the records.
   */
  image(): ZoneImage {
    return this.#data.image();
  }

  /** The serial number of its SOA record, 0 to 2^32 - 1. */
  get serial(): number {
    return (this.soa.data as packet.SoaData).serial ?? 0;
  }

  /** Its SOA record. */
  get soa(): ResourceRecord {
    const { sets } = this.#data;
    return sets.decoded(this.#data.find(TOP, TYPE.SOA), this.origin)[0];
  }

  /** The number of records. */
  get size(): number {
    return this.#data.size;
  }

  /**
   * The records of a type at a name, as they stand in the zone: wildcards, aliases and zone cuts have no effect. Empty if
   * there are none. `name` is in presentation form, in any case, with or without the last dot; `type` is `'A'` or
   * `'TYPE65280'`, or `'ANY'` for all records of the name.
   *
   * Throws `ERR_INVALID_ARG_VALUE` for an invalid name, or an unknown type.
   */
  find(name: string, type: string): readonly ResourceRecord[] {
    const key = checkedName('name', name);
    const number = checkedType(type);
    const node = this.#data.names.at(key);
    if (node === undefined) return EMPTY;
    const { sets } = this.#data;
    const all: ResourceRecord[] = [];
    if (number === TYPE.ANY)
      for (let set = this.#data.first(node); set !== NO_SET; set = sets.next(set)) all.push(...sets.decoded(set, key));
    else for (const set of this.#data.findAll(node, number)) all.push(...sets.decoded(set, key));
    return Object.freeze(all);
  }

  /**
   * The zone's answer to a question: `name` in the form of `Query.key`, `type` in that of `Query.type`, class IN. Undefined
   * for a name outside of the zone.
   *
   * Additional records are the useful ones of the zone. Negative answers have the SOA record with the lower of its TTL and
   * MINIMUM (RFC 2308 s.3). A chain of CNAMEs is followed inside the zone; the response code is that of its end (RFC 6604
   * s.2.1).
   *
   * With `dnssecOk` the answer of a signed zone has signatures (RFC 4035 s.3.1), and NSEC or NSEC3 records that prove what it
   * denies (RFC 4035 s.3.1.3, RFC 5155 s.7.2); a referral has DS or the proof that there is none. Default: without them, but
   * for those that the question asks for. A query can be given as `options`.
   */
  lookup(name: string, type: string, { dnssecOk = false }: LookupOptions = {}): ZoneAnswer | undefined {
    return (dnssecOk ? this.#signedLookups : this.#lookups).lookup(name, type);
  }

  /**
   * Answers a query by the algorithm of RFC 1034 s.4.3.2: with data, aliases (also DNAME, RFC 6672), wildcards (RFC 4592),
   * referrals with glue, NXDOMAIN and no data with the SOA record, and one RRset for ANY (RFC 8482). Aliases that lead out of
   * the zone are left to the client. A query with DO gets signatures and proofs (see {@link lookup}). AXFR and IXFR are refused: {@link records} is for them.
   *
   * Returns whether the query is for this zone. If not, the reply is as before.
   */
  answer(query: Query, reply: Reply): boolean {
    if (query.class !== 'IN') return false;
    const { type } = query;
    const found = this.lookup(query.key, type, query);
    if (found === undefined) return false;
    if (type === 'AXFR' || type === 'IXFR') reply.rcode = 'REFUSED';
    else give(reply, found);
    return true;
  }

  /**
   * All records as of now: the SOA record first, then the others; not again the SOA record, which ends a transfer (RFC 5936
   * s.2.2). Records are decoded one by one, so that an iteration takes no memory. It goes on with this version of the zone,
   * whatever {@link update} does meanwhile.
   */
  records(): IterableIterator<ResourceRecord> {
    return this.#data.records();
  }

  /**
   * The records of a zone transfer (RFC 5936 s.2.2): {@link records}, and the same SOA record again. For
   * `reply.stream(packRecords(query, zone.transfer()))`.
   */
  transfer(): IterableIterator<ResourceRecord> {
    return closed(this.records(), this.soa);
  }

  /**
   * Checks prerequisites of an update, in the shape of `query.update.prerequisites` (RFC 2136 s.3.2). Returns the response
   * code for the client: `'NOERROR'` if all hold, else that of the first one that does not.
   *
   * Throws `ERR_MULTISOCKET_UPDATE`; the error has the response code as `rcode`: `'NOTZONE'` for a name outside of the zone,
   * `'FORMERR'` for a prerequisite that is none.
   */
  check(prerequisites: Iterable<Prerequisite>): PrerequisiteRcode {
    return checkPrerequisites(this.#data, prerequisites);
  }

  /**
   * Makes changes in the shape of `query.update.changes`, in their order and by the rules of RFC 2136 s.3.4: SOA and the
   * last NS of the zone's own name stay, nothing comes beside a CNAME, a change without effect is ignored. A record is added
   * with its own TTL, which the others of its RRset take. If anything changes, the serial number becomes the next one (RFC
   * 1982), unless a change has added an SOA record with a later one.
   *
   * All changes are made, or none if it throws. Returns the difference. It costs time in proportion to the names that the
   * changes touch, not to the zone. From time to time it also tidies the zone's memory, once for as many changes as the zone
   * has records.
   *
   * Throws `ERR_MULTISOCKET_UPDATE`; the error has the response code as `rcode`: `'NOTZONE'` for a name outside of the zone,
   * `'FORMERR'` for an invalid name, type, TTL or data, `'REFUSED'` for records that only a zone's signer makes.
   */
  update(changes: Iterable<Change>, options: UpdateOptions = {}): ZoneDifference {
    const difference = updateZone(this.#data, changes, options);
    if (difference.added.length > 0) {
      if (this.#data.isSparse) this.#compact();
      this.#lookups = new Lookups(this.#data, false);
      this.#signedLookups = new Lookups(this.#data, true);
    }
    return difference;
  }

  #compact(): void {
    this.#data = this.#data.compacted();
    this.#data.index = signedIndex(this.#data);
  }
}

function* closed(records: Iterable<ResourceRecord>, soa: ResourceRecord): Generator<ResourceRecord, void, undefined> {
  yield* records;
  yield soa;
}
