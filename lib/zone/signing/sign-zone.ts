import { TYPE } from '../../dns/numbers.js';
import { encoded } from '../../dns/records/codec.js';
import { printName } from '../../dns/records/fields.js';
import { writeRdata } from '../../dns/records/index.js';
import { typeName } from '../../dns/registry.js';
import { canonicalOctets, type EncodedRrset } from '../../dnssec/canonical.js';
import { prepareRrsig } from '../../dnssec/sign.js';
import type { ZoneKeys } from '../../dnssec/zone-keys.js';
import { TOP } from '../name-tree.js';
import { withSerial } from '../serial.js';
import { NO_SET } from '../rrsets.js';
import type { LooseSet, ZoneData } from '../zone-data.js';
import { AuthorityMap, PLACE } from './authority-map.js';
import { Nsec3Records } from './nsec3-records.js';
import { dataLine, portableType, recordLine } from './zone-text.js';

/** How a zone denies names and types: by NSEC (RFC 4034 s.4), or by NSEC3 (RFC 5155) with or without opt-out. */
export type Denial = 'nsec' | 'nsec3' | 'nsec3-opt-out';

/** How a zone is signed. */
export interface ZoneSigning {
  keys: ZoneKeys;
  denial: Denial;
  /** The serial number of the SOA record. */
  serial: number;
  /** Seconds since 1970, of 32 bits: the time of the signatures. */
  inception: number;
  expiration: number;
}

/** Names that are signed at a time. */
const BATCH = 128;

/** Signs a zone that has no DNSSEC records yet but DS, and writes it as text. */
export class ZoneSigner {
  readonly #data: ZoneData;
  readonly #signing: ZoneSigning;
  readonly #map: AuthorityMap;
  /** Of NSEC and NSEC3 records, in seconds (RFC 9077 s.3). */
  readonly #denialTtl: number;
  /** For each node the one that its NSEC points to. */
  readonly #next: Uint32Array | undefined;
  readonly #nsec3: Nsec3Records | undefined;

  /** Adds the records of the keys to `data`. */
  constructor(data: ZoneData, signing: ZoneSigning) {
    addApexRecords(data, signing);
    const [{ ttl, rdata }] = data.loose(TOP);
    this.#denialTtl = Math.min(ttl, rdata[0].readUInt32BE(rdata[0].length - 4));
    this.#data = data;
    this.#signing = signing;
    this.#map = new AuthorityMap(data);
    if (signing.denial === 'nsec') this.#next = nextOwners(data, this.#map);
    else this.#nsec3 = new Nsec3Records(data, this.#map, signing.denial === 'nsec3-opt-out');
  }

  /** The number of names of the zone, and of its NSEC3 records. */
  get size(): number {
    return this.#map.order.length + (this.#nsec3?.size ?? 0);
  }

  /**
   * The lines of the zone in parts, with the number of names in each: SOA and its signatures first, then the other records
   * of the apex, then those of all names in canonical order. libuv's pool makes the signatures.
   */
  async *parts(): AsyncGenerator<{ text: string; names: number }, void, undefined> {
    const { order } = this.#map;
    for (let i = 0; i < order.length; i += BATCH) {
      yield await together([...order.subarray(i, i + BATCH)].map((node) => this.#name(node)));
    }
    const nsec3 = this.#nsec3;
    if (nsec3 === undefined) return;
    for (let i = 0; i < nsec3.size; i += BATCH) {
      const places = Array.from({ length: Math.min(BATCH, nsec3.size - i) }, (_, j) => i + j);
      yield await together(places.map((place) => this.#nsec3Name(nsec3, place)));
    }
  }

  /** The records of a name with their signatures. */
  async #name(node: number): Promise<string> {
    const name = this.#data.names.nameOf(node);
    const place = this.#map.place(node);
    const sets = this.#data.loose(node);
    if (sets.length === 0) return '';
    const lines = sets.map(async (set) => {
      const text = set.rdata.map((record) => recordLine(set.type, set.ttl, record)).join('');
      return isSigned(place, set.type) ? this.#withSignatures(text, { name, ...set }) : text;
    });
    const next = this.#next;
    if (next !== undefined && place !== PLACE.hidden) {
      const rrtypes = [...typesAt(place, sets), TYPE.RRSIG, TYPE.NSEC];
      const data = { nextDomain: this.#data.names.nameOf(next[node]), rrtypes: typeNames(rrtypes) };
      lines.push(this.#denialLines(TYPE.NSEC, name, data));
    }
    return printName(name) + (await Promise.all(lines)).join('');
  }

  async #nsec3Name(chain: Nsec3Records, at: number): Promise<string> {
    const { name, node, fields } = chain.record(at);
    const place = this.#map.place(node);
    const types = typesAt(place, this.#data.loose(node));
    if (types.some((type) => isSigned(place, type))) types.push(TYPE.RRSIG);
    return printName(name) + (await this.#denialLines(TYPE.NSEC3, name, { ...fields, rrtypes: typeNames(types) }));
  }

  /** The lines of an NSEC or NSEC3 record. */
  #denialLines(type: number, name: string, data: unknown): Promise<string> {
    const ttl = this.#denialTtl;
    const rdata = encoded((writer) => {
      writeRdata(writer, type, typeName(type), data);
    });
    return this.#withSignatures(dataLine(type, ttl, data), { name, type, ttl, rdata: [rdata] });
  }

  /** The lines of an RRset, with those of its signatures. */
  async #withSignatures(lines: string, set: EncodedRrset): Promise<string> {
    const { name, ttl } = set;
    const { keys, inception, expiration } = this.#signing;
    const rrset = canonicalOctets(set);
    const options = { signer: this.#data.origin, inception, expiration, originalTtl: ttl };
    const signatures = keys.signersOf(set.type).map(async (key) => {
      const { data, octets } = prepareRrsig({ name, type: portableType(set.type) }, rrset, key, options);
      return dataLine(TYPE.RRSIG, ttl, { ...data, signature: await key.signInPool(octets) });
    });
    return lines + (await Promise.all(signatures)).join('');
  }
}

async function together(texts: readonly Promise<string>[]): Promise<{ text: string; names: number }> {
  return { text: (await Promise.all(texts)).join(''), names: texts.length };
}

/** Gives the SOA record its serial number and puts the records of the keys behind it (RFC 4034 s.2, RFC 7344 s.3). */
function addApexRecords(data: ZoneData, { keys, serial, denial }: ZoneSigning): void {
  const apex = data.loose(TOP);
  const others = apex.filter(({ type }) => type !== TYPE.SOA);
  const [{ ttl, rdata }] = apex.filter(({ type }) => type === TYPE.SOA);
  const entries = keys.all.filter(({ signsKeys }) => signsKeys);
  const added = [
    looseSet(
      TYPE.DNSKEY,
      ttl,
      keys.all.map((key) => key.data),
    ),
    looseSet(
      TYPE.CDS,
      ttl,
      entries.map((key) => key.cds()),
    ),
    looseSet(
      TYPE.CDNSKEY,
      ttl,
      entries.map((key) => key.data),
    ),
  ];
  // The TTL of NSEC3PARAM is 0: only servers of the zone need it (RFC 5155 s.4).
  if (denial !== 'nsec') added.push(looseSet(TYPE.NSEC3PARAM, 0, ['1 0 0 -']));
  const soa = { type: TYPE.SOA, ttl, rdata: [withSerial(rdata[0], serial)] };
  data.replace(data.origin, [soa, ...added.filter(({ rdata }) => rdata.length > 0), ...others]);
}

function looseSet(type: number, ttl: number, all: readonly unknown[]): LooseSet {
  const rdata = all.map((data) =>
    encoded((writer) => {
      writeRdata(writer, type, typeName(type), data);
    }),
  );
  return { type, ttl, rdata };
}

/** For each node with authority the next one in canonical order that owns records; the last points to the first. */
function nextOwners(data: ZoneData, map: AuthorityMap): Uint32Array {
  const next = new Uint32Array(data.names.count);
  let last = TOP;
  for (const node of map.order) {
    if (map.place(node) === PLACE.hidden || data.first(node) === NO_SET) continue;
    next[last] = node;
    last = node;
  }
  next[last] = TOP;
  return next;
}

function isSigned(place: number, type: number): boolean {
  return place === PLACE.own || (place === PLACE.cut && type === TYPE.DS);
}

/** The types that the zone has at a name: at a zone cut without those of the child's side (RFC 4035 s.2.3). */
function typesAt(place: number, sets: readonly LooseSet[]): number[] {
  const types = sets.map(({ type }) => type);
  return place === PLACE.cut ? types.filter((type) => type === TYPE.NS || type === TYPE.DS) : types;
}

/** The names of types in ascending order. */
function typeNames(types: readonly number[]): string[] {
  return types.toSorted((a, b) => a - b).map(portableType);
}
