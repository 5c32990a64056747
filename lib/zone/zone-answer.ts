import type { Rcode } from '../dns/registry.js';
import type { ResourceRecord } from '../dns/record.js';

/** The result of a look-up in a zone: frozen, and shared between queries. */
export interface ZoneAnswer {
  /** YXDOMAIN: a DNAME makes a name that is too long (RFC 6672 s.2.2). */
  readonly rcode: Extract<Rcode, 'NOERROR' | 'NXDOMAIN' | 'YXDOMAIN'>;
  /** AA; false in referrals. */
  readonly authoritative: boolean;
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /**
   * Aliases that lead to a name for which the zone has no data of the type; the fields above are then the zone's answer
   * for that name.
   */
  readonly unresolved?: Alias;
  /** Whether the name itself has no record: it does not exist, or only because a longer one does. */
  readonly vacant?: true;
}

/** An alias that continues a look-up at another name: a CNAME, or a DNAME and the CNAME that it gives. */
export interface Alias {
  readonly records: readonly ResourceRecord[];
  /** The proofs that wildcards gave some of them, for the authority section. */
  readonly proof: readonly ResourceRecord[];
  /** Lower case. */
  readonly target: string;
}

/** No records: shared, so that an empty section costs nothing. */
export const EMPTY: readonly ResourceRecord[] = Object.freeze([]);

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

/** Marks an answer as that of a name without records of its own. */
export function vacant(answer: ZoneAnswer): ZoneAnswer {
  return Object.freeze({ ...answer, vacant: true as const });
}
