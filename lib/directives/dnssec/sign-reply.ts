import { parentOf, withoutLastDot } from '../../dns/names.js';
import type { ResourceRecord } from '../../dns/record.js';
import { nsec, predecessor, successor, successorOfAll, type NsecKind } from '../../dnssec/minimal-nsec.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { rrsetsOf, type Signer } from './signer.js';

/** The zone of ours that a name in lower case is in; undefined: none. */
export type ZoneOf = (name: string) => string | undefined;

/**
 * Adds signatures to a reply, and proofs to one that denies something (RFC 4035 s.3.1). What it has already stays as it
 * is; replies with an error have nothing to sign.
 */
export function signReply(query: Query, reply: Reply, zoneOf: ZoneOf, signer: Signer): void | Promise<void> {
  if (reply.dropped || (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN')) return;
  const cut = delegationOf(reply);
  if (cut !== undefined) {
    signReferral(reply, cut, zoneOf, signer);
    return;
  }
  for (const section of ['answers', 'authorities', 'additionals'] as const) {
    reply[section] = signed(reply[section], zoneOf, signer);
  }
  const name = deniedName(query, reply);
  const zone = name === undefined ? undefined : zoneOf(name);
  if (name === undefined || zone === undefined) return;
  const deny = (kind: NsecKind): void => {
    addDenial(query, reply, name, zone, kind, signer);
  };
  if (reply.rcode === 'NXDOMAIN') deny('none');
  else if (query.type !== 'DS' || name === zone) deny(name === zone ? 'apex' : 'name');
  // The parent's DS would stand at a zone cut. Only there may its absence say that the child is not signed.
  else {
    return query.lookup(name, 'NS').then(({ authorities }) => {
      deny(isCutAt(authorities, name) ? 'delegation' : 'name');
    });
  }
}

/** A section with the signatures of its RRsets, each behind its records, where it has none for them. */
function signed(records: readonly ResourceRecord[], zoneOf: ZoneOf, signer: Signer): readonly ResourceRecord[] {
  if (records.length === 0) return records;
  const covered = new Set(records.filter(({ type }) => type === 'RRSIG').map(coveredBy));
  const signatures = rrsetsOf(records).flatMap((rrset) => {
    const [{ type, name }] = rrset;
    const zone = zoneOf(keyOf(name));
    return zone === undefined || covered.has(`${type} ${keyOf(name)}`) ? [] : signer.sign(rrset, zone);
  });
  return signatures.length === 0 ? records : [...records, ...signatures];
}

/** Type and name of what a signature signs. */
function coveredBy({ name, data }: ResourceRecord): string {
  return `${(data as { typeCovered: string }).typeCovered} ${keyOf(name)}`;
}

/** The zone cut that a reply refers to; undefined for other replies. */
function delegationOf({ answers, authorities, authoritative, rcode }: Reply): string | undefined {
  if (authoritative || rcode !== 'NOERROR' || answers.length > 0) return undefined;
  if (authorities.some(({ type }) => type === 'SOA')) return undefined;
  const ns = authorities.find(({ type }) => type === 'NS');
  return ns === undefined ? undefined : keyOf(ns.name);
}

/** Signs the DS records of a referral, or proves that there are none. Its NS records and addresses are the child's. */
function signReferral(reply: Reply, cut: string, zoneOf: ZoneOf, signer: Signer): void {
  const zone = zoneOf(cut);
  const { authorities } = reply;
  if (zone === undefined || cut === zone || authorities.some(({ type }) => type === 'RRSIG')) return;
  const ds = authorities.filter(({ type }) => type === 'DS');
  if (ds.length > 0) reply.authority(...signer.sign(ds, zone));
  else addNsec(reply, nsec(cut, successor(cut, zone), authorities[0].ttl ?? 0, 'delegation'), zone, signer);
}

/**
 * The name that a reply denies, or of which it denies the type: the last alias' target, or the name asked for. Undefined
 * if it has a proof already, or denies nothing.
 */
function deniedName(query: Query, { answers, authorities, rcode }: Reply): string | undefined {
  if (!authorities.some(({ type }) => type === 'SOA')) return undefined;
  if (authorities.some(({ type }) => type === 'NSEC' || type === 'NSEC3')) return undefined;
  let name = query.key;
  for (let alias = aliasAt(answers, name), i = 0; alias !== undefined && i < answers.length; i++) {
    name = alias;
    alias = aliasAt(answers, name);
  }
  const answered = answers.some((record) => record.type === query.type && keyOf(record.name) === name);
  return answered && rcode === 'NOERROR' ? undefined : name;
}

function aliasAt(answers: readonly ResourceRecord[], name: string): string | undefined {
  const alias = answers.find((record) => record.type === 'CNAME' && keyOf(record.name) === name);
  return alias === undefined ? undefined : keyOf(alias.data as string);
}

/** Adds the NSEC records that deny `name`, and the wildcard beside it, or its type (RFC 4035 s.3.1.3). */
function addDenial(query: Query, reply: Reply, name: string, zone: string, kind: NsecKind, signer: Signer): void {
  const ttl = negativeTtl(reply.authorities);
  if (kind !== 'none') {
    const record = nsec(name, successor(name, zone), ttl, kind, query.type);
    if (query.type !== 'NSEC' || reply.answers.length > 0) addNsec(reply, record, zone, signer);
    else {
      // The name does have an NSEC: this one.
      reply.authorities = [];
      reply.answer(record, ...signer.sign([record], zone));
    }
    return;
  }
  const parent = parentOf(name) ?? zone;
  const wildcard = parent === '.' ? '*' : `*.${parent}`;
  for (const denied of new Set([name, wildcard])) {
    addNsec(reply, nsec(predecessor(denied), successorOfAll(denied, zone), ttl, 'none'), zone, signer);
  }
}

function addNsec(reply: Reply, record: ResourceRecord, zone: string, signer: Signer): void {
  reply.authority(record, ...signer.sign([record], zone));
}

/** The TTL of denials, in seconds (RFC 9077 s.3). */
function negativeTtl(authorities: readonly ResourceRecord[]): number {
  const soa = authorities.find(({ type }) => type === 'SOA');
  return Math.min(soa?.ttl ?? 0, (soa?.data as { minimum?: number }).minimum ?? 0);
}

function isCutAt(authorities: readonly ResourceRecord[], name: string): boolean {
  return authorities.some((record) => record.type === 'NS' && keyOf(record.name) === name);
}

function keyOf(name: string): string {
  return withoutLastDot(name).toLowerCase();
}
