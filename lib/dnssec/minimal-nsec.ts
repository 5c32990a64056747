/**
 * NSEC records that cover as little as possible, for zones that are signed when they are asked (RFC 4470). They tell
 * nobody which names there are.
 */
import { escapeOctet, unescape } from '../dns/escapes.js';
import { labelsOf, wireLength } from '../dns/names.js';
import { MAX_LABEL, MAX_NAME, TYPE } from '../dns/numbers.js';
import type { ResourceRecord } from '../dns/record.js';
import { typeName } from '../dns/registry.js';

/**
 * The name after `name` in canonical order (RFC 4034 s.6.1): none stands between them. `zone` is `name` or an ancestor of
 * it.
 */
export function successor(name: string, zone: string): string {
  const below = name === '.' ? '\\000' : `\\000.${name}`;
  return wireLength(below) <= MAX_NAME ? below : successorOfAll(name, zone);
}

/**
 * The name after `name` and all names below it. `zone` is an ancestor of `name`, and is the result if none of its names
 * stands behind those: it follows its last name (RFC 4034 s.4.1.1).
 */
export function successorOfAll(name: string, zone: string): string {
  const zoneLabels = labelsOf(zone).length;
  const room = MAX_NAME - wireLength(name);
  for (let labels = labelsOf(name); labels.length > zoneLabels; labels = labels.slice(1)) {
    const octets = octetsOf(labels[0]);
    if (octets.length < MAX_LABEL && room >= 1) return [`${escaped(octets)}\\000`, ...labels.slice(1)].join('.');
    const at = octets.findLastIndex((octet) => octet !== 0xff);
    if (at < 0) continue;
    octets[at] = octets[at] === BEFORE_LETTERS ? AFTER_LETTERS : octets[at] + 1;
    return [escaped(octets.subarray(0, at + 1)), ...labels.slice(1)].join('.');
  }
  return zone;
}

/**
 * A name shortly before `name`, which is not the root, with the same parent (RFC 4470 s.4): no name that is in use stands
 * between them.
 */
export function predecessor(name: string): string {
  const [first, ...rest] = labelsOf(name);
  const octets = octetsOf(first);
  const last = octets.length - 1;
  // `x\000` directly follows `x`, and a label of `\000` alone its parent.
  if (octets[last] === 0) {
    return [...(last === 0 ? [] : [escaped(octets.subarray(0, last))]), ...rest].join('.') || '.';
  }
  octets[last] = octets[last] === AFTER_LETTERS ? BEFORE_LETTERS : octets[last] - 1;
  const room = MAX_NAME - wireLength(name);
  const label = escaped(octets);
  if (octets.length < MAX_LABEL && room >= 1) return [`${label}\\255`, ...rest].join('.');
  return [...(room >= 2 ? ['\\255'] : []), label, ...rest].join('.');
}

/** Octets around upper case, which does not occur in canonical order: `@` and `[`. */
const BEFORE_LETTERS = 0x40;
const AFTER_LETTERS = 0x5b;

function octetsOf(label: string): Buffer {
  return Buffer.from(unescape(label.toLowerCase()), 'latin1');
}

function escaped(octets: Buffer): string {
  return Array.from(octets, escapeOctet).join('');
}

/**
 * Whether names have records of a type: not of those of queries and messages (RFC 6895 s.3.1). TA and DLV would make the
 * list of types longer, and nobody asks for them.
 */
const isOfRecords = (type: number): boolean => type !== TYPE.OPT && (type < 128 || type > 255) && type < TYPE.TA;

/**
 * Types that say more of a name than that it has such records: NODATA is not believed beside CNAME, names below a DNAME are
 * denied, NS without SOA and DS are those of a delegation, NSEC3 is never proved by NSEC.
 */
const MEANINGFUL = new Set<number>([TYPE.CNAME, TYPE.DNAME, TYPE.NS, TYPE.SOA, TYPE.DS, TYPE.DNSKEY, TYPE.NSEC3]);

const ORDINARY = Object.values(TYPE).filter((type) => isOfRecords(type) && !MEANINGFUL.has(type));
const AT_ORDINARY = ORDINARY.map(typeName);
const AT_APEX = [...ORDINARY, TYPE.NS, TYPE.SOA, TYPE.DNSKEY].map(typeName);

/** What an NSEC says of the types of its name. */
export type NsecKind = 'apex' | 'delegation' | 'name' | 'none';

/**
 * The NSEC of `owner`, up to `next`.
 *
 * `kind`: `none` if no such name exists, `delegation` for a zone cut without DS. For the others it is not known here which
 * types the name has: the record lists all types but `without`. So a validator that denies types by it (RFC 8198) denies
 * only what was asked.
 */
export function nsec(owner: string, next: string, ttl: number, kind: NsecKind, without?: string): ResourceRecord {
  return { type: 'NSEC', name: owner, ttl, class: 'IN', data: { nextDomain: next, rrtypes: typesOf(kind, without) } };
}

function typesOf(kind: NsecKind, without: string | undefined): string[] {
  if (kind === 'none') return ['RRSIG', 'NSEC'];
  if (kind === 'delegation') return ['NS', 'RRSIG', 'NSEC'];
  return (kind === 'apex' ? AT_APEX : AT_ORDINARY).filter((type) => type !== without || type === 'NSEC');
}
