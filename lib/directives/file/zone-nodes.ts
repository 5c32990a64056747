/** The names of a zone, each with its answers made ready, from the records of its file. */
import type packet from 'dns-packet';
import type { Rcode } from '../../dns/registry.js';
import type { ResourceRecord } from '../../dns/record.js';
import { parentOf } from '../../dns/names.js';
import { zoneError, type ZoneFileRecord } from '../../dns/zone-file/zone-file.js';

/** What a look-up gives: frozen, and shared between queries. */
export interface ZoneAnswer {
  /** YXDOMAIN: a DNAME makes a name that is too long (RFC 6672 s.2.2). */
  readonly rcode: Extract<Rcode, 'NOERROR' | 'NXDOMAIN' | 'YXDOMAIN'>;
  /** AA; false in referrals. */
  readonly authoritative: boolean;
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
}

/** What sends a look-up on to another name: a CNAME, or a DNAME and the CNAME that it gives. */
export interface Alias {
  readonly records: readonly ResourceRecord[];
  /** Lower case. */
  readonly target: string;
}

/** A name that exists in the zone, be it only because a longer one does. */
export interface ZoneNode {
  /** By type; `ANY` has one RRset (RFC 8482 s.4.1). */
  readonly answers: ReadonlyMap<string, ZoneAnswer>;
  /** What any other type gets: no data, the CNAME, or the referral at and below a zone cut. */
  readonly otherwise: ZoneAnswer | Alias;
  /** Whether a zone cut stands at or above it. */
  readonly delegated: boolean;
  /** Its DNAME (RFC 6672). */
  readonly dname: ResourceRecord | undefined;
  /**
   * What `*` right below it has for names that do not exist (RFC 4592). It is a node of its own, since NS at a wildcard cuts
   * the zone at that very name alone, and is data for other names (left open by s.4.2; NSD does so too).
   */
  readonly wildcard: ZoneNode | undefined;
}

/** See the file's head. */
export interface ZoneNodes {
  /** By lower-case name. */
  readonly nodes: ReadonlyMap<string, ZoneNode>;
  /** For names that do not exist. */
  readonly nonexistent: ZoneAnswer;
  /** SOA's serial number. */
  readonly serial: number;
  /** How many records there are, doubles not counted. */
  readonly size: number;
}

const EMPTY: readonly ResourceRecord[] = Object.freeze([]);

/** Where the names are of which addresses are of use, by the type that has them. */
const ADDITIONAL: Readonly<Record<string, (data: ResourceRecord['data']) => string>> = {
  NS: (data) => data as string,
  MX: (data) => (data as packet.MxData).exchange,
  SRV: (data) => (data as packet.SrvData).target,
};

/** Types of which a name has one record (RFC 1034 s.3.6.2, RFC 1035 s.5.2, RFC 6672 s.2.4). */
const SINGLE: ReadonlySet<string> = new Set(['CNAME', 'DNAME', 'SOA']);

/** Types of which a zone has none without being signed. Answers have no signatures, so that a signed zone would be bogus. */
const SIGNED: ReadonlySet<string> = new Set(['RRSIG', 'SIG', 'NSEC', 'NXT', 'NSEC3', 'NSEC3PARAM']);

/** A node while the zone is built. */
class Draft {
  readonly answers = new Map<string, ZoneAnswer>();
  otherwise!: ZoneAnswer | Alias;
  dname: ResourceRecord | undefined;
  wildcard: Draft | undefined;
  /** The node at the zone cut that stands at or above it. */
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

/** Freezes an answer. */
export function answered(
  rcode: ZoneAnswer['rcode'],
  authoritative: boolean,
  answer: readonly ResourceRecord[] = EMPTY,
  authority: readonly ResourceRecord[] = EMPTY,
  additional: readonly ResourceRecord[] = EMPTY,
): ZoneAnswer {
  return Object.freeze({ rcode, authoritative, answer, authority, additional });
}

/**
 * The nodes of the zone `origin` (lower case). Throws `zoneError`, at the record in question, for one outside of the zone
 * or of a type that cannot stand beside another, and at `file`'s first line when there is no SOA.
 */
export function buildNodes(records: readonly ZoneFileRecord[], origin: string, file: string): ZoneNodes {
  return new Builder(origin, file).build(records);
}

class Builder {
  readonly #nodes = new Map<string, Draft>();
  readonly #origin: string;
  readonly #file: string;
  /** All records, to tell doubles. */
  readonly #seen = new Set<string>();

  constructor(origin: string, file: string) {
    this.#origin = origin;
    this.#file = file;
  }

  build(records: readonly ZoneFileRecord[]): ZoneNodes {
    for (const record of records) this.#add(record);
    const apex = this.#nodes.get(this.#origin);
    const soa = apex?.rrsets.get('SOA')?.[0];
    if (soa === undefined) throw zoneError(this.#file, 1, `the zone ${this.#origin} has no SOA record`);
    for (const node of this.#nodes.values()) for (const rrset of node.rrsets.values()) seal(rrset);
    // Parents stand before their children, since each node is made after its parent.
    for (const [name, node] of this.#nodes) this.#place(name, node);
    const { serial = 0, minimum = 0 } = soa.data as packet.SoaData;
    const negative = Object.freeze([Object.freeze({ ...soa, ttl: Math.min(soa.ttl ?? 0, minimum) })]); // RFC 2308 s.3
    const noData = answered('NOERROR', true, EMPTY, negative);
    for (const node of this.#nodes.values()) {
      this.#answer(node, noData);
      if (node.wildcard !== undefined) this.#answer(node.wildcard, noData);
    }
    const nonexistent = answered('NXDOMAIN', true, EMPTY, negative);
    return { nodes: this.#nodes, nonexistent, serial, size: this.#seen.size };
  }

  #add(record: ZoneFileRecord): void {
    const { type, ttl, data, file, line } = record;
    const fault = (reason: string): Error => zoneError(file, line, `${record.name} ${type}: ${reason}`);
    if (SIGNED.has(type)) throw fault('signed zones are not supported: serve the zone without its signatures');
    const name = record.name.toLowerCase();
    const node = this.#node(name, record);
    if (node === undefined) throw fault(`the name is not in the zone ${this.#origin}`);
    const { rrsets } = node;
    if (type === 'SOA' && name !== this.#origin) throw fault('SOA stands at the top of the zone alone');
    const mark = `${name} ${type} ${fingerprint(data)}`;
    if (this.#seen.has(mark)) return; // RFC 2181 s.5
    this.#seen.add(mark);
    const rrset = rrsets.get(type);
    if (rrset !== undefined && SINGLE.has(type)) throw fault(`a name has one ${type} at most`);
    if (rrset === undefined && (rrsets.has('CNAME') || (type === 'CNAME' && rrsets.size > 0))) {
      throw fault('no other data may stand beside CNAME (RFC 2181 s.10.1)');
    }
    const added = { name, type, ttl, class: 'IN', data } as ResourceRecord;
    if (rrset === undefined) rrsets.set(type, [added]);
    else rrset.push(added);
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
      throw zoneError(source.file, source.line, `${name}: nothing may stand below a DNAME (RFC 6672 s.2.4)`);
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
    return answered('NOERROR', false, EMPTY, ns, this.#additional(ns));
  }

  /** The addresses in the zone of the names that an RRset points to (RFC 1034 s.4.3.2 step 6); glue for NS alone. */
  #additional(rrset: readonly ResourceRecord[]): readonly ResourceRecord[] {
    const type = rrset[0].type;
    if (!Object.hasOwn(ADDITIONAL, type)) return EMPTY;
    const names = new Set(rrset.map((record) => ADDITIONAL[type](record.data).toLowerCase()));
    const found = [...names].flatMap((name) => this.#addresses(name, type === 'NS'));
    return found.length === 0 ? EMPTY : Object.freeze(found);
  }

  #addresses(name: string, glue: boolean): readonly ResourceRecord[] {
    let node = this.#nodes.get(name);
    const synthesized = node === undefined;
    if (node === undefined) {
      const encloser = closestEncloser(this.#nodes, name);
      if (encloser === undefined || encloser.delegated) return EMPTY;
      node = encloser.wildcard;
    }
    if (node === undefined || (node.delegated && !glue)) return EMPTY;
    const addresses = [...(node.rrsets.get('A') ?? EMPTY), ...(node.rrsets.get('AAAA') ?? EMPTY)];
    return synthesized ? renamed(addresses, name) : addresses;
  }
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

/** Makes an RRset final. All have one TTL; of several the lowest is what clients would go by (RFC 2181 s.5.2). */
function seal(rrset: ResourceRecord[]): void {
  const ttl = rrset.reduce((lowest, record) => Math.min(lowest, record.ttl ?? 0), Infinity);
  for (const record of rrset) {
    record.ttl = ttl;
    Object.freeze(record);
  }
  Object.freeze(rrset);
}

/** The same for data that are the same on the wire, letters of any case in names being alike (RFC 4343). */
function fingerprint(data: ResourceRecord['data']): string {
  const text = JSON.stringify(data);
  return Buffer.isBuffer(data) || Array.isArray(data) ? text : text.toLowerCase();
}
