/** The shapes of changes and prerequisites: those of `query.update` (RFC 2136). */
import type { ResourceRecord } from '../dns/record.js';

/**
 * What must hold before any change is made (RFC 2136 s.2.4): the name has any records (`nameInUse`) or none
 * (`nameNotInUse`); it has records of the type (`rrsetExists`) or none (`rrsetNotExists`); its records of the type have
 * exactly these data, in any order and with any TTLs (`rrsetEquals`).
 */
export type Prerequisite =
  | { kind: 'nameInUse' | 'nameNotInUse'; name: string }
  | { kind: 'rrsetExists' | 'rrsetNotExists'; name: string; type: string }
  | { kind: 'rrsetEquals'; name: string; type: string; records: readonly ResourceRecord[] };

/**
 * A change of the zone (RFC 2136 s.2.5): adds a record, deletes the record with these data (its TTL means nothing), the
 * records of a type, or all records of a name.
 */
export type Change =
  | { kind: 'add' | 'deleteRecord'; record: ResourceRecord }
  | { kind: 'deleteRRset'; name: string; type: string }
  | { kind: 'deleteName'; name: string };
