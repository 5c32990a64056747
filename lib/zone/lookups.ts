import type packet from 'dns-packet';
import { TYPE } from '../dns/numbers.js';
import { withSuffix } from '../dns/names.js';
import type { ResourceRecord } from '../dns/record.js';
import { typeNumber } from '../dns/registry.js';
import { hasTargets, wantedWith } from './additional.js';
import { KeptAnswers } from './kept-answers.js';
import { labelStart, NONE, TOP } from './name-tree.js';
import { isSignature, NO_SET } from './rrsets.js';
import { answered, EMPTY, vacant, type Alias, type ZoneAnswer } from './zone-answer.js';
import type { ZoneData } from './zone-data.js';

/** The most CNAMEs in an answer: enough for real chains, and an end for loops. */
const MAX_ALIASES = 16;

/** Where a name leads to, from the top of the zone downwards. */
type Place =
  | { kind: 'name' | 'cut' | 'dname'; node: number }
  /** The name does not exist; `node` is its closest encloser (RFC 4592 s.3.3.1). */
  | { kind: 'nothing'; node: number };

/**
 * The answers of one version of a zone (RFC 1034 s.4.3.2, RFC 4592, RFC 6672). An answer is made of the zone's data when
 * it is first asked for. A bounded number of answers is kept.
 */
export class Lookups {
  readonly #data: ZoneData;
  /** The answers of names with data; by node: those of wildcards for other names, and the referrals of zone cuts. */
  readonly #names = new KeptAnswers<string>();
  readonly #wildcards = new KeptAnswers<number>();
  readonly #referrals = new KeptAnswers<number>();
  readonly #noData: ZoneAnswer;
  /** For names that exist only because longer ones do. */
  readonly #emptyNonTerminal: ZoneAnswer;
  readonly #noName: ZoneAnswer;

  constructor(data: ZoneData) {
    this.#data = data;
    const [soa] = data.sets.decoded(data.find(TOP, TYPE.SOA), data.origin);
    const { minimum = 0 } = soa.data as packet.SoaData;
    const negative = Object.freeze([Object.freeze({ ...soa, ttl: Math.min(soa.ttl ?? 0, minimum) })]); // RFC 2308 s.3
    this.#noData = answered('NOERROR', true, EMPTY, negative);
    this.#emptyNonTerminal = vacant(this.#noData);
    this.#noName = vacant(answered('NXDOMAIN', true, EMPTY, negative));
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
      return ds === NO_SET ? this.#noData : this.#positive(ds, name);
    }
    if (kind === 'nothing') return this.#synthesize(node, name, type);
    if (this.#data.first(node) === NO_SET) return this.#emptyNonTerminal;
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
      if (child === NONE || !data.isName(child)) return { kind: 'nothing', node };
      node = child;
      end = start - 1;
    }
  }

  /** The answer of a node with data; for ANY one RRset (RFC 8482 s.4.1). */
  #own(node: number, name: string, type: string): ZoneAnswer | Alias {
    if (type === 'RRSIG') return this.#signatures(node, name);
    const set = type === 'ANY' ? this.#anySet(node) : this.#data.find(node, typeNumber(type) ?? 0);
    if (set !== NO_SET) return this.#positive(set, name);
    const cname = this.#data.find(node, TYPE.CNAME);
    return cname === NO_SET ? this.#noData : this.#alias(cname, name);
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
    return found.length === 0 ? this.#noData : answered('NOERROR', true, Object.freeze(found));
  }

  #positive(set: number, name: string): ZoneAnswer {
    const rrset = this.#data.sets.decoded(set, name);
    return answered('NOERROR', true, rrset, EMPTY, this.#additional(rrset));
  }

  #alias(cname: number, name: string): Alias {
    const records = this.#data.sets.decoded(cname, name);
    return { records, target: (records[0].data as string).toLowerCase() };
  }

  #referral(cut: number): ZoneAnswer | Alias {
    const known = this.#referrals.get('NS', cut);
    if (known !== undefined) return known;
    const { names, sets } = this.#data;
    const name = names.nameOf(cut);
    const ns = sets.decoded(this.#data.find(cut, TYPE.NS), name);
    const ds = this.#data.find(cut, TYPE.DS);
    const plain = answered('NOERROR', false, EMPTY, ns, this.#additional(ns));
    const referral = ds === NO_SET ? plain : Object.freeze({ ...plain, ds: sets.decoded(ds, name) });
    return this.#referrals.keep('NS', cut, referral);
  }

  /** The CNAME that a DNAME gives to a name below it (RFC 6672 s.3.1). */
  #substitute(node: number, name: string): ZoneAnswer | Alias {
    const data = this.#data;
    const [dname] = data.sets.decoded(data.find(node, TYPE.DNAME), data.names.nameOf(node));
    const target = withSuffix(name, dname.name, dname.data as string);
    if (target === undefined) return answered('YXDOMAIN', true, [dname]);
    const cname: ResourceRecord = { name, type: 'CNAME', ttl: dname.ttl, class: 'IN', data: target };
    return { records: [dname, cname], target: target.toLowerCase() };
  }

  /**
   * The answer for a name that does not exist below its closest encloser: that of the wildcard there, if any. NS at a
   * wildcard cuts the zone at that name only, and is data for other names (left open by RFC 4592 s.4.2; NSD does the same).
   */
  #synthesize(encloser: number, name: string, type: string): ZoneAnswer | Alias {
    const wildcard = this.#wildcard(encloser);
    if (wildcard === NONE) return this.#noName;
    const found =
      this.#wildcards.get(type, wildcard) ??
      this.#wildcards.keep(type, wildcard, this.#own(wildcard, this.#data.names.nameOf(wildcard), type));
    if (!('rcode' in found)) return { ...found, records: renamed(found.records, name) };
    if (found.answer.length === 0) return found;
    return answered(found.rcode, found.authoritative, renamed(found.answer, name), found.authority, found.additional);
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
      return set === NO_SET ? [] : sets.decoded(set, name);
    });
  }

  #follow(first: Alias, type: string): ZoneAnswer {
    const records = [...first.records];
    const targets = new Set<string>();
    let target = first.target;
    // The CNAME that a DNAME gives is itself an answer to the question.
    while (type !== 'CNAME' && targets.size < MAX_ALIASES && !targets.has(target)) {
      targets.add(target);
      const found = this.#find(target, type);
      if (found === undefined) return { ...answered('NOERROR', true, records), unresolved: { records, target } };
      if ('rcode' in found) {
        const { rcode, answer, authority, additional, ds } = found;
        const end = { ...answered(rcode, true, [...records, ...answer], authority, additional), ds };
        return answer.length === 0 ? { ...end, unresolved: { records, target } } : end;
      }
      records.push(
        ...found.records.filter(({ name, type }) => !records.some((r) => r.name === name && r.type === type)),
      );
      target = found.target;
    }
    return answered('NOERROR', true, records);
  }
}

/** The records that a wildcard gives to a name (RFC 4592 s.2.1). */
function renamed(records: readonly ResourceRecord[], name: string): readonly ResourceRecord[] {
  return records.map((record) => ({ ...record, name }));
}
