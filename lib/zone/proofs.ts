/**
 * Which NSEC or NSEC3 records an answer carries to a client that asks for DNSSEC. All rules stand here; the two kinds of
 * records differ in how a record for a name is found.
 */
import type { ResourceRecord } from '../dns/record.js';
import type { DenialChain, MissingName } from './denial-chain.js';
import { NsecChain } from './nsec-chain.js';
import { Nsec3Chain } from './nsec3-chain.js';
import { NO_SET, signatureType } from './rrsets.js';
import type { ZoneData } from './zone-data.js';

/** The most names of a chain whose records are kept. */
const MOST = 4096;

/** The proofs of a signed zone: what its answers deny. Each method returns NSEC or NSEC3 records with their signatures. */
export class Proofs {
  readonly #data: ZoneData;
  readonly #chain: DenialChain;
  readonly #kept = new Map<number, readonly ResourceRecord[]>();

  private constructor(data: ZoneData, chain: DenialChain) {
    this.#data = data;
    this.#chain = chain;
  }

  /** The proofs of a zone, by NSEC3 if it has both chains; undefined without a chain. */
  static of(data: ZoneData): Proofs | undefined {
    const { order, nsec3Sets } = data.index;
    if (nsec3Sets.length > 0) return new Proofs(data, new Nsec3Chain(data));
    return order.length > 0 ? new Proofs(data, new NsecChain(data)) : undefined;
  }

  /**
   * That a name lacks a type, or a delegation lacks DS (RFC 4035 s.3.1.3.1, s.3.1.4; RFC 5155 s.7.2.3, s.7.2.4, s.7.2.7). An
   * empty non-terminal is such a name, too.
   */
  noData(node: number): ResourceRecord[] {
    return this.#records(this.#chain.atName(node));
  }

  /** That neither a name nor a wildcard for it exists (RFC 4035 s.3.1.3.2, RFC 5155 s.7.2.2). */
  noName(missing: MissingName): ResourceRecord[] {
    return this.#records(this.#chain.withoutWildcard(missing));
  }

  /** That a name does not exist, so that a wildcard answers for it (RFC 4035 s.3.1.3.3, RFC 5155 s.7.2.6). */
  expansion(missing: MissingName): ResourceRecord[] {
    return this.#records(this.#chain.withoutName(missing));
  }

  /** That a name does not exist, and that the wildcard for it lacks a type (RFC 4035 s.3.1.3.4, RFC 5155 s.7.2.5). */
  wildcardNoData(missing: MissingName, wildcard: number): ResourceRecord[] {
    return this.#records([...this.#chain.withEncloser(missing), ...this.#chain.atName(wildcard)]);
  }

  #records(owners: readonly (number | undefined)[]): ResourceRecord[] {
    return [...new Set(owners)].flatMap((node) => (node === undefined ? [] : this.#recordsAt(node)));
  }

  #recordsAt(node: number): readonly ResourceRecord[] {
    const known = this.#kept.get(node);
    if (known !== undefined) return known;
    const { names, sets } = this.#data;
    const name = names.nameOf(node);
    const { type } = this.#chain;
    const found = [type, signatureType(type)].flatMap((setType) => {
      const set = this.#data.find(node, setType);
      return set === NO_SET ? [] : sets.decoded(set, name);
    });
    if (this.#kept.size === MOST) this.#kept.clear();
    this.#kept.set(node, found);
    return found;
  }
}
