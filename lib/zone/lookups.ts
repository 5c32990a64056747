import type packet from 'dns-packet';
import { TYPE } from '../dns/numbers.js';
import { withSuffix } from '../dns/names.js';
import type { ResourceRecord } from '../dns/record.js';
import { typeNumber } from '../dns/registry.js';
import { hasTargets, wantedWith } from './additional.js';
import type { MissingName } from './denial-chain.js';
import { KeptAnswers } from './kept-answers.js';
import { labelStart, NONE, TOP } from './name-tree.js';
import { Proofs } from './proofs.js';
import { isSignature, NO_SET, signatureType } from './rrsets.js';
import { answered, EMPTY, vacant, type Alias, type ZoneAnswer } from './zone-answer.js';
import type { ZoneData } from './zone-data.js';

/** The most CNAMEs in an answer: enough for real chains, and an end for loops. */
const MAX_ALIASES = 16;

/** Where a name leads to, from the top of the zone downwards. */
type Place =
  | { kind: 'name' | 'cut' | 'dname'; node: number }
  /** The name does not exist; `node` is its closest encloser. */
  | { kind: 'nothing'; node: number; missing: MissingName };

/**
 * The answers of one version of a zone (RFC 1034 s.4.3.2, RFC 4592, RFC 6672), with signatures and proofs or without (RFC
 * 4035 s.3.1, RFC 5155 s.7.2). An answer is made of the zone's data when it is first asked for. A bounded number of answers
 * is kept.
 */
export class Lookups {
  readonly #data: ZoneData;
  readonly #dnssecOk: boolean;
  /** Undefined if answers have none. */
  readonly #proofs: Proofs | undefined;
  /** The answers of names with data; by node: those of wildcards for other names, and the referrals of zone cuts. */
  readonly #names = new KeptAnswers<string>();
  readonly #wildcards = new KeptAnswers<number>();
  readonly #referrals = new KeptAnswers<number>();
  /** The authority section of negative answers, without proofs. */
  readonly #negative: readonly ResourceRecord[];

  /** `dnssecOk`: whether answers have signatures and proofs, if the zone has them. */
  constructor(data: ZoneData, dnssecOk: boolean) {
    this.#data = data;
    this.#dnssecOk = dnssecOk;
    this.#proofs = dnssecOk ? Proofs.of(data) : undefined;
    const [soa, ...signatures] = this.#records(TOP, data.find(TOP, TYPE.SOA), data.origin);
    const ttl = Math.min(soa.ttl ?? 0, (soa.data as packet.SoaData).minimum ?? 0); // RFC 2308 s.3
    this.#negative = Object.freeze([soa, ...signatures].map((record) => Object.freeze({ ...record, ttl })));
  }

  /** See `Zone.lookup`. */
  lookup(name: string, type: string): ZoneAnswer | undefined {
    const found = this.#find(name, type);
    return found === undefined || 'rcode' in found ? found : this.#follow(found, type);
  }

  #find(name: string, type: string): ZoneAnswer | Alias | undefined {
    const known = this.#names.get(type, name);
    if (known !== undefined) return known;
    const place = this.#place(name);
    if (place === undefined) return undefined;
    const { kind, node } = place;
    if (kind === 'dname') return this.#substitute(node, name);
    if (kind === 'cut') {
      // The parent's side of the cut has authority over DS (RFC 4035 s.3.1.4.1).
      if (type !== 'DS' || this.#data.names.at(name) !== node) return this.#referral(node);
      const ds = this.#data.find(node, TYPE.DS);
      return ds === NO_SET ? this.#noData(node) : this.#positive(node, ds, name);
    }
    if (kind === 'nothing') return this.#synthesize(place.missing, name, type);
    if (this.#data.first(node) === NO_SET) return vacant(this.#noData(node));
    return this.#names.keep(type, name, this.#own(node, name, type));
  }

  /** Goes down the tree, label by label, to the name, or to what ends the way. Undefined outside of the zone. */
  #place(name: string): Place | undefined {
    const data = this.#data;
    const { names } = data;
    let end = names.relativeEnd(name);
    if (end === undefined) return undefined;
    for (let node = TOP; ;) {
      if (node !== TOP && data.find(node, TYPE.NS) !== NO_SET) return { kind: 'cut', node };
      if (end <= 0) return { kind: 'name', node };
      if (data.find(node, TYPE.DNAME) !== NO_SET) return { kind: 'dname', node };
      const start = labelStart(name, end);
      const child = names.child(node, name, start, end);
      if (child === NONE || !data.isName(child)) {
        return { kind: 'nothing', node, missing: { encloser: node, nextCloser: name.slice(start) } };
      }
      node = child;
      end = start - 1;
    }
  }

  /** The answer of a node with data; for ANY one RRset (RFC 8482 s.4.1). */
  #own(node: number, name: string, type: string): ZoneAnswer | Alias {
    if (type === 'RRSIG') return this.#signatures(node, name);
    const set = type === 'ANY' ? this.#anySet(node) : this.#data.find(node, typeNumber(type) ?? 0);
    if (set !== NO_SET) return this.#positive(node, set, name);
    const cname = this.#data.find(node, TYPE.CNAME);
    return cname === NO_SET ? this.#noData(node) : this.#alias(node, cname, name);
  }

  /** The first set of a node that is no signature. */
  #anySet(node: number): number {
    const { sets } = this.#data;
    let set = this.#data.first(node);
    while (set !== NO_SET && isSignature(sets.type(set))) set = sets.next(set);
    return set;
  }

  #signatures(node: number, name: string): ZoneAnswer {
    const { sets } = this.#data;
    const found = [...this.#data.findAll(node, TYPE.RRSIG)].flatMap((set) => sets.decoded(set, name));
    return found.length === 0 ? this.#noData(node) : answered('NOERROR', true, Object.freeze(found));
  }

  /** The records of a node's set, and their signatures if the answers have some. */
  #records(node: number, set: number, name: string): readonly ResourceRecord[] {
    const { sets } = this.#data;
    const records = sets.decoded(set, name);
    const signatures = this.#dnssecOk ? this.#data.find(node, signatureType(sets.type(set))) : NO_SET;
    return signatures === NO_SET ? records : Object.freeze([...records, ...sets.decoded(signatures, name)]);
  }

  #positive(node: number, set: number, name: string): ZoneAnswer {
    const records = this.#records(node, set, name);
    return answered('NOERROR', true, records, EMPTY, this.#additional(records));
  }

  #noData(node: number): ZoneAnswer {
    return this.#denied('NOERROR', this.#proofs?.noData(node));
  }

  #denied(rcode: ZoneAnswer['rcode'], proof: readonly ResourceRecord[] = EMPTY): ZoneAnswer {
    return answered(rcode, true, EMPTY, proof.length === 0 ? this.#negative : [...this.#negative, ...proof]);
  }

  #alias(node: number, cname: number, name: string): Alias {
    const records = this.#records(node, cname, name);
    return { records, proof: EMPTY, target: (records[0].data as string).toLowerCase() };
  }

  #referral(cut: number): ZoneAnswer | Alias {
    const known = this.#referrals.get('NS', cut);
    if (known !== undefined) return known;
    const name = this.#data.names.nameOf(cut);
    const ns = this.#data.sets.decoded(this.#data.find(cut, TYPE.NS), name);
    const authority = [...ns, ...this.#security(cut, name)];
    return this.#referrals.keep('NS', cut, answered('NOERROR', false, EMPTY, authority, this.#additional(ns)));
  }

  /** What a referral says of the child's keys: DS, or the proof that there are none (RFC 4035 s.3.1.4). */
  #security(cut: number, name: string): readonly ResourceRecord[] {
    if (!this.#dnssecOk) return EMPTY;
    const ds = this.#data.find(cut, TYPE.DS);
    return ds === NO_SET ? (this.#proofs?.noData(cut) ?? EMPTY) : this.#records(cut, ds, name);
  }

  /** The CNAME that a DNAME gives to a name below it (RFC 6672 s.3.1). */
  #substitute(node: number, name: string): ZoneAnswer | Alias {
    const data = this.#data;
    const records = this.#records(node, data.find(node, TYPE.DNAME), data.names.nameOf(node));
    const [dname] = records;
    const target = withSuffix(name, dname.name, dname.data as string);
    if (target === undefined) return answered('YXDOMAIN', true, records);
    const cname: ResourceRecord = { name, type: 'CNAME', ttl: dname.ttl, class: 'IN', data: target };
    return { records: [...records, cname], proof: EMPTY, target: target.toLowerCase() };
  }

  /**
   * The answer for a name that does not exist below its closest encloser: that of the wildcard there, if any. NS at a
   * wildcard cuts the zone at that name only, and is data for other names (left open by RFC 4592 s.4.2; NSD does the same).
   */
  #synthesize(missing: MissingName, name: string, type: string): ZoneAnswer | Alias {
    const wildcard = this.#wildcard(missing.encloser);
    if (wildcard === NONE) return vacant(this.#denied('NXDOMAIN', this.#proofs?.noName(missing)));
    const found =
      this.#wildcards.get(type, wildcard) ??
      this.#wildcards.keep(type, wildcard, this.#own(wildcard, this.#data.names.nameOf(wildcard), type));
    if ('rcode' in found && found.answer.length === 0) {
      return this.#proofs === undefined
        ? found
        : this.#denied('NOERROR', this.#proofs.wildcardNoData(missing, wildcard));
    }
    const proof = this.#proofs?.expansion(missing) ?? EMPTY;
    if (!('rcode' in found)) return { ...found, records: renamed(found.records, name), proof };
    return answered(found.rcode, found.authoritative, renamed(found.answer, name), proof, found.additional);
  }

  /** The node of `*` right below a node; {@link NONE}: none. */
  #wildcard(encloser: number): number {
    const { names } = this.#data;
    const wildcard = names.child(encloser, '*', 0, 1);
    return wildcard !== NONE && this.#data.isName(wildcard) ? wildcard : NONE;
  }

  /** The zone's useful additions to an RRset (RFC 1034 s.4.3.2 step 6); glue with NS only. */
  #additional(rrset: readonly ResourceRecord[]): readonly ResourceRecord[] {
    const [{ name: owner, type: ownType }] = rrset;
    if (!hasTargets(ownType)) return EMPTY;
    const wanted = new Map<string, readonly string[]>();
    for (const record of rrset) {
      const target = wantedWith(record);
      if (target !== undefined) wanted.set(target.name.toLowerCase(), target.types);
    }
    const found = [...wanted].flatMap(([name, types]) => {
      const others = name === owner ? types.filter((type) => type !== ownType) : types;
      return this.#recordsOf(name, others, ownType === 'NS');
    });
    return found.length === 0 ? EMPTY : Object.freeze(found);
  }

  #recordsOf(name: string, types: readonly string[], glue: boolean): readonly ResourceRecord[] {
    const place = this.#place(name);
    if (place === undefined || place.kind === 'dname') return EMPTY;
    let node: number | undefined = place.node;
    if (place.kind === 'cut') node = glue ? this.#data.names.at(name) : undefined;
    else if (place.kind === 'nothing') node = this.#wildcard(node);
    if (node === undefined || (node === NONE && place.kind === 'nothing')) return EMPTY;
    const { sets } = this.#data;
    return types.flatMap((type) => {
      const set = this.#data.find(node, typeNumber(type) ?? 0);
      if (set === NO_SET) return [];
      return place.kind === 'cut' ? sets.decoded(set, name) : this.#records(node, set, name);
    });
  }

  #follow(first: Alias, type: string): ZoneAnswer {
    const records = [...first.records];
    const proof = new Set(first.proof);
    const targets = new Set<string>();
    let target = first.target;
    // The CNAME that a DNAME gives is itself an answer to the question.
    while (type !== 'CNAME' && targets.size < MAX_ALIASES && !targets.has(target)) {
      targets.add(target);
      const found = this.#find(target, type);
      if (found === undefined) {
        const unresolved = { records, proof: [...proof], target };
        return { ...answered('NOERROR', true, records, unresolved.proof), unresolved };
      }
      if ('rcode' in found) {
        const { rcode, answer, authority, additional } = found;
        const end = answered(rcode, true, [...records, ...answer], [...new Set([...authority, ...proof])], additional);
        return answer.length === 0 ? { ...end, unresolved: { records, proof: [...proof], target } } : end;
      }
      records.push(
        ...found.records.filter(({ name, type }) => !records.some((r) => r.name === name && r.type === type)),
      );
      for (const record of found.proof) proof.add(record);
      target = found.target;
    }
    return answered('NOERROR', true, records, [...proof]);
  }
}

/** The records that a wildcard gives to a name (RFC 4592 s.2.1). */
function renamed(records: readonly ResourceRecord[], name: string): readonly ResourceRecord[] {
  return records.map((record) => ({ ...record, name }));
}
