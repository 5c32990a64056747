/** What a look-up in a zone gives. */
import type { Rcode } from '../../dns/registry.js';
import type { ResourceRecord } from '../../dns/record.js';

/** What a look-up gives: frozen, and shared between queries. */
export interface ZoneAnswer {
  /** YXDOMAIN: a DNAME makes a name that is too long (RFC 6672 s.2.2). */
  readonly rcode: Extract<Rcode, 'NOERROR' | 'NXDOMAIN' | 'YXDOMAIN'>;
  /** AA; false in referrals. */
  readonly authoritative: boolean;
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** Aliases that lead to a name of which the zone has no data of the type; what stands above is then what it says of it. */
  readonly unresolved?: Alias;
  /** Whether no record stands at the name itself: it does not exist, or only because a longer one does. */
  readonly vacant?: true;
}

/** What sends a look-up on to another name: a CNAME, or a DNAME and the CNAME that it gives. */
export interface Alias {
  readonly records: readonly ResourceRecord[];
  /** Lower case. */
  readonly target: string;
}

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
