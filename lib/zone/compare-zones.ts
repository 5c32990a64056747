import { TYPE } from '../dns/numbers.js';
import { DifferenceDraft, type Difference } from './difference.js';
import { TOP } from './name-tree.js';
import { NO_SET, recordType } from './rrsets.js';
import { serialIn } from './serial.js';
import type { ZoneData } from './zone-data.js';

/**
 * Finds the difference between two versions of a zone, `before` the older one. The caller may pause after each step.
 * Returns undefined if the difference has more than `limit` octets: it then costs less to transfer the whole zone.
 */
export function* compareZones(
  before: ZoneData,
  after: ZoneData,
  limit: number,
): Generator<void, Difference | undefined, undefined> {
  const draft = new DifferenceDraft();
  const serials = [before, after].map((zone, i) => {
    const soa = zone.find(TOP, TYPE.SOA);
    const rdata = [...zone.sets.records(soa)];
    (i === 0 ? draft.removed : draft.added).add(zone.origin, TYPE.SOA, zone.sets.ttl(soa), rdata);
    return serialIn(rdata[0]);
  });
  for (const [name, node] of before.nodes()) {
    if (draft.size > limit) return undefined;
    const first = before.first(node);
    if (first !== NO_SET)
      compareNames(draft, name, { zone: before, first }, { zone: after, first: firstOf(after, name) });
    yield;
  }
  for (const [name, node] of after.nodes()) {
    if (draft.size > limit) return undefined;
    const isNew = firstOf(before, name) === NO_SET;
    if (isNew) compareNames(draft, name, { zone: before, first: NO_SET }, { zone: after, first: after.first(node) });
    yield;
  }
  return draft.size > limit ? undefined : draft.finish(serials[0], serials[1]);
}

/** The RRsets of a name in a version of the zone: a chain that begins with `first`. */
interface Side {
  zone: ZoneData;
  first: number;
}

function firstOf(zone: ZoneData, name: string): number {
  const node = zone.names.at(name);
  return node === undefined ? NO_SET : zone.first(node);
}

/** Adds the records of a name that only one of the versions has, but SOA. */
function compareNames(draft: DifferenceDraft, name: string, before: Side, after: Side): void {
  for (const [list, own, other] of [
    [draft.removed, before, after],
    [draft.added, after, before],
  ] as const) {
    const { sets } = own.zone;
    for (let set = own.first; set !== NO_SET; set = sets.next(set)) {
      const type = sets.type(set);
      if (type === TYPE.SOA) continue;
      const alone = recordsAlone(own, set, other);
      if (alone.length > 0) list.add(name, recordType(type), sets.ttl(set), alone);
    }
  }
}

/** The records of a set that another chain does not have with the same TTL. */
function recordsAlone({ zone: { sets } }: Side, set: number, { zone: { sets: others }, first }: Side): Buffer[] {
  const records = [...sets.records(set)];
  const other = others.find(first, sets.type(set));
  if (other === NO_SET || others.ttl(other) !== sets.ttl(set)) return records;
  const theirs = [...others.records(other)];
  if (theirs.length === records.length && theirs.every((record, i) => record.equals(records[i]))) return [];
  const known = new Set(theirs.map((record) => record.toString('latin1')));
  return records.filter((record) => !known.has(record.toString('latin1')));
}
