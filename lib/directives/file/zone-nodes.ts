/** Builds the names of a zone, each with its prepared answers, from the records of its file. */
import type packet from 'dns-packet';
import { typeNumber } from '../../dns/registry.js';
import type { ResourceRecord } from '../../dns/record.js';
import { parentOf } from '../../dns/names.js';
import { wantedWith } from './additional.js';
import { answered, EMPTY, vacant, type Alias, type ZoneAnswer } from './zone-answer.js';
import { encoded } from '../../dns/records/codec.js';
import { writeRdata } from '../../dns/records/index.js';
import { throwFault, zoneError, type OnFault, type ZoneFileRecord } from '../../dns/zone-file/zone-file.js';

/** A name that exists in the zone, perhaps only because a longer one does. */
export interface ZoneNode {
  /** By type; `ANY` has one RRset (RFC 8482 s.4.1). */
  readonly answers: ReadonlyMap<string, ZoneAnswer>;
  /** The answer for any other type: no data, the CNAME, or the referral at and below a zone cut. */
  readonly otherwise: ZoneAnswer | Alias;
  /** Whether a zone cut stands at or above it. */
  readonly delegated: boolean;
  /** Its DNAME (RFC 6672). */
  readonly dname: ResourceRecord | undefined;
  /**
   * The node of `*` right below it, for names that do not exist (RFC 4592). It is separate, since NS at a wildcard cuts
   * the zone at that name only, and is data for other names (left open by s.4.2; NSD does the same).
   */
  readonly wildcard: ZoneNode | undefined;
}

/** The names of a zone, each with its prepared answers. */
export interface ZoneNodes {
  /** By lower-case name. */
  readonly nodes: ReadonlyMap<string, ZoneNode>;
  /** For names that do not exist. */
  readonly nonexistent: ZoneAnswer;
  /** SOA's serial number. */
  readonly serial: number;
  /** The number of records, without duplicates. */
  readonly size: number;
  /** Records that were left out, each with its place and the reason. */
  readonly warnings: readonly string[];
}

/** Types of which a name has one record (RFC 1034 s.3.6.2, RFC 1035 s.5.2, RFC 6672 s.2.4). */
const SINGLE: ReadonlySet<string> = new Set(['CNAME', 'DNAME', 'SOA']);

/** Types that only signed zones have. Answers have no signatures, so that a signed zone would be bogus. */
const SIGNED: ReadonlySet<string> = new Set(['RRSIG', 'SIG', 'NSEC', 'NXT', 'NSEC3', 'NSEC3PARAM']);

/** A node while the zone is built. */
class Draft {
  readonly answers = new Map<string, ZoneAnswer>();
  otherwise!: ZoneAnswer | Alias;
  dname: ResourceRecord | undefined;
  wildcard: Draft | undefined;
  /** The node of the zone cut at or above it. */
  cut: Draft | undefined;

  constructor(
    readonly parent: Draft | undefined,
    /** The record that made it exist. */
    readonly source: ZoneFileRecord,
    readonly rrsets = new Map<string, ResourceRecord[]>(),
  ) {}

  get delegated(): boolean {
    return this.cut !== undefined;
  }
}

/**
 * The nodes of the zone `origin` (lower case). `onFault` gets an error for each invalid record; default: the first
 * `zoneError` is thrown. Throws one at `file`'s first line if there is no SOA. A record outside of the zone is left out
 * with a warning, as in BIND and CoreDNS.
 */
export function buildNodes(
  records: readonly ZoneFileRecord[],
  origin: string,
  file: string,
  onFault = throwFault,
): ZoneNodes {
  return new Builder(origin, file, onFault).build(records);
}

class Builder {
  readonly #nodes = new Map<string, Draft>();
  readonly #origin: string;
  readonly #file: string;
  readonly #onFault: OnFault;
  readonly #warnings: string[] = [];
  /** All records, to find duplicates. */
  readonly #seen = new Set<string>();

  constructor(origin: string, file: string, onFault: OnFault) {
    this.#origin = origin;
    this.#file = file;
    this.#onFault = onFault;
  }

  build(records: readonly ZoneFileRecord[]): ZoneNodes {
    for (const record of records) this.#add(record);
    const apex = this.#nodes.get(this.#origin);
    const soa = apex?.rrsets.get('SOA')?.[0];
    if (soa === undefined) throw zoneError(this.#file, 1, `the zone ${this.#origin} has no SOA record`);
    for (const node of this.#nodes.values()) for (const rrset of node.rrsets.values()) seal(rrset);
    // Parents precede their children, since each node is made after its parent.
    for (const [name, node] of this.#nodes) this.#place(name, node);
    const { serial = 0, minimum = 0 } = soa.data as packet.SoaData;
    const negative = Object.freeze([Object.freeze({ ...soa, ttl: Math.min(soa.ttl ?? 0, minimum) })]); // RFC 2308 s.3
    const noData = answered('NOERROR', true, EMPTY, negative);
    const emptyNonTerminal = vacant(noData);
    for (const node of this.#nodes.values()) {
      this.#answer(node, node.rrsets.size === 0 ? emptyNonTerminal : noData);
      if (node.wildcard !== undefined) this.#answer(node.wildcard, noData);
    }
    const nonexistent = vacant(answered('NXDOMAIN', true, EMPTY, negative));
    return { nodes: this.#nodes, nonexistent, serial, size: this.#seen.size, warnings: this.#warnings };
  }

  #add(record: ZoneFileRecord): void {
    const { type, ttl, data, file, line } = record;
    const name = record.name.toLowerCase();
    const node = this.#node(name, record);
    if (node === undefined) {
      const warning = `the name is not in the zone ${this.#origin}: the record is left out`;
      this.#warnings.push(`${file}:${line}: ${record.name} ${type}: ${warning}`);
      return;
    }
    const mark = `${name} ${type} ${fingerprint(type, data)}`;
    if (this.#seen.has(mark)) return; // RFC 2181 s.5
    this.#seen.add(mark);
    const fault = this.#faultOf(record, node);
    if (fault !== undefined) {
      this.#onFault(zoneError(file, line, `${record.name} ${type}: ${fault}`));
      return;
    }
    const added = { name, type, ttl, class: 'IN', data } as ResourceRecord;
    const rrset = node.rrsets.get(type);
    if (rrset === undefined) node.rrsets.set(type, [added]);
    else rrset.push(added);
  }

  /** The reason why a record is invalid at its node; undefined if it is valid. */
  #faultOf({ type }: ZoneFileRecord, { rrsets, parent }: Draft): string | undefined {
    if (SIGNED.has(type)) return 'signed zones are not supported: serve the zone without its signatures';
    if (type === 'SOA' && parent !== undefined) return 'SOA stands at the top of the zone alone';
    if (rrsets.has(type)) return SINGLE.has(type) ? `a name has one ${type} at most` : undefined;
    const besideCname = rrsets.has('CNAME') || (type === 'CNAME' && rrsets.size > 0);
    return besideCname ? 'no other data may stand beside CNAME (RFC 2181 s.10.1)' : undefined;
  }

  /** The node of a name, made with those above it; undefined outside of the zone. */
  #node(name: string, source: ZoneFileRecord): Draft | undefined {
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    let parent: Draft | undefined;
    if (name !== this.#origin) {
      const above = parentOf(name);
      parent = above === undefined ? undefined : this.#node(above, source);
      if (parent === undefined) return undefined;
    }
    const node = new Draft(parent, source);
    this.#nodes.set(name, node);
    if (parent !== undefined && /^\*(?:\.|$)/.test(name)) {
      parent.wildcard = new Draft(parent, source, node.rrsets);
    }
    return node;
  }

  #place(name: string, node: Draft): void {
    const { parent, source } = node;
    node.cut = parent?.cut ?? (parent !== undefined && node.rrsets.has('NS') ? node : undefined);
    if (node.delegated) return;
    node.dname = node.rrsets.get('DNAME')?.[0];
    if (parent?.dname !== undefined) {
      this.#onFault(zoneError(source.file, source.line, `${name}: nothing may stand below a DNAME (RFC 6672 s.2.4)`));
    }
  }

  #answer(node: Draft, noData: ZoneAnswer): void {
    const { rrsets, answers, cut } = node;
    node.otherwise = noData;
    if (cut !== undefined) {
      // The node of the cut is answered before those below it.
      node.otherwise = cut === node ? this.#referral(node) : cut.otherwise;
      // The parent's side of the cut has authority over DS (RFC 4035 s.3.1.4.1).
      const ds = rrsets.get('DS');
      if (cut === node) answers.set('DS', ds === undefined ? noData : this.#positive(ds));
      return;
    }
    for (const [type, rrset] of rrsets) {
      const answer = this.#positive(rrset);
      answers.set(type, answer);
      if (!answers.has('ANY')) answers.set('ANY', answer);
    }
    const cname = rrsets.get('CNAME');
    if (cname !== undefined) node.otherwise = { records: cname, target: (cname[0].data as string).toLowerCase() };
  }

  #positive(rrset: readonly ResourceRecord[]): ZoneAnswer {
    return answered('NOERROR', true, rrset, EMPTY, this.#additional(rrset));
  }

  #referral(cut: Draft): ZoneAnswer {
    const ns = cut.rrsets.get('NS') ?? EMPTY;
    const referral = answered('NOERROR', false, EMPTY, ns, this.#additional(ns));
    const ds = cut.rrsets.get('DS');
    return ds === undefined ? referral : Object.freeze({ ...referral, ds });
  }

  /** The zone's useful additions to an RRset (RFC 1034 s.4.3.2 step 6); glue with NS only. */
  #additional(rrset: readonly ResourceRecord[]): readonly ResourceRecord[] {
    const wanted = new Map<string, readonly string[]>();
    for (const record of rrset) {
      const target = wantedWith(record);
      if (target !== undefined) wanted.set(target.name.toLowerCase(), target.types);
    }
    const found = [...wanted].flatMap(([name, types]) => this.#recordsOf(name, types, rrset[0].type === 'NS'));
    return found.length === 0 ? EMPTY : Object.freeze(found.filter((record) => !rrset.includes(record)));
  }

  #recordsOf(name: string, types: readonly string[], glue: boolean): readonly ResourceRecord[] {
    const known = this.#nodes.get(name);
    if (known !== undefined) return known.delegated && !glue ? EMPTY : recordsIn(known, types);
    const encloser = closestEncloser(this.#nodes, name);
    if (encloser?.wildcard === undefined || encloser.delegated) return EMPTY;
    return renamed(recordsIn(encloser.wildcard, types), name);
  }
}

function recordsIn({ rrsets }: Draft, types: readonly string[]): readonly ResourceRecord[] {
  return types.flatMap((type) => rrsets.get(type) ?? []);
}

/** The node of the longest existing name above `name` (RFC 4592 s.3.3.1); undefined outside of the zone. */
export function closestEncloser<N>(nodes: ReadonlyMap<string, N>, name: string): N | undefined {
  let node: N | undefined;
  for (let above = parentOf(name); above !== undefined && node === undefined; above = parentOf(above)) {
    node = nodes.get(above);
  }
  return node;
}

/** The records that a wildcard gives to a name (RFC 4592 s.2.1). */
export function renamed(records: readonly ResourceRecord[], name: string): readonly ResourceRecord[] {
  return records.map((record) => ({ ...record, name }));
}

/** Makes an RRset final. All records get one TTL, the lowest, which clients would use (RFC 2181 s.5.2). */
function seal(rrset: ResourceRecord[]): void {
  const ttl = rrset.reduce((lowest, record) => Math.min(lowest, record.ttl ?? 0), Infinity);
  for (const record of rrset) {
    record.ttl = ttl;
    Object.freeze(record);
  }
  Object.freeze(rrset);
}

/** A string that is equal for data that are equal on the wire, ignoring case in names (RFC 4343). */
function fingerprint(type: string, data: ResourceRecord['data']): string {
  const rdata = encoded((writer) => {
    writer.lowersNames = true;
    writeRdata(writer, typeNumber(type) ?? 0, type, data);
  });
  return rdata.toString('base64');
}
