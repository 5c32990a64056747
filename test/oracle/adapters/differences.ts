/** The differences that are meant: each is a row of a migration guide, by the text of its first cell. */
import { isDeepStrictEqual } from 'node:util';
import type { Shown } from './compare.js';
import type { Library } from './peers.js';
import type { OracleQuery } from './queries.js';

export interface Difference {
  query: OracleQuery;
  /** Whether the library can read the name and write it again. */
  exact: boolean;
  /** The replies; undefined for a missing or malformed one. */
  plain: Shown | undefined;
  plainLength: number;
  ours: Shown | undefined;
}

const SERVFAIL = 2;
/** The octets that native-dns writes at most. */
const NATIVE_DNS_BUFFER = 512;
const TC = 0x0200;
/** From this length on names that are written otherwise may make a reply too long. */
const NEARLY_LONG = 400;

interface Rule {
  rows: Partial<Record<Library['name'], string>>;
  applies: (difference: Difference) => boolean;
}

const ODD_NAME = 'A dot within a label, and octets that are not UTF-8, come back changed.';

const rules: Rule[] = [
  {
    rows: {
      dns2: 'A dot within a label splits the label.',
      'dns-packet': ODD_NAME,
      dinodns: ODD_NAME,
      'native-dns': 'A dot within a label, and octets above 127, come back changed.',
    },
    // Only the names differ, and where one of the replies is cut; judge() has compared the question with what was sent.
    applies: ({ exact, plain, plainLength, ours }) => {
      if (exact || ours === undefined) return false;
      if (plain === undefined) return true;
      const isCut = ((plain.flags | ours.flags) & TC) !== 0 || plainLength > NEARLY_LONG;
      return isDeepStrictEqual(shapeOf(plain), shapeOf(ours)) || (isCut && plain.rcode === ours.rcode);
    },
  },
  {
    rows: { dinodns: 'A query for the root does not reach the handlers.' },
    applies: ({ query, ours }) => query.labels.length === 0 && ours !== undefined,
  },
  {
    rows: {
      dns2: 'When a handler throws, the client gets nothing, or loses its connection.',
      'dns-packet': 'An error of dns-packet ends the process.',
      dinodns: 'A client gets nothing when a handler throws.',
      'native-dns': 'An error is the event `error`.',
    },
    applies: ({ plain, ours }) => plain === undefined && ours?.rcode === SERVFAIL && ours.records.length === 0,
  },
  {
    rows: {
      dns2: 'A reply that is too long loses all records.',
      'dns-packet': 'A reply is as long as it is.',
      dinodns: 'A reply by UDP has at most 512 octets.',
    },
    applies: ({ plain, plainLength, ours }) => {
      if (plain === undefined || ours === undefined) return false;
      const has = (whole: Shown, part: Shown): boolean =>
        part.records.every((record) => whole.records.includes(record));
      const cutHere = plainLength > 512 && ours.records.length < plain.records.length && has(plain, ours);
      const cutThere = (plain.flags & 0x0200) !== 0 && plain.records.length <= ours.records.length && has(ours, plain);
      const cutBoth = (plain.flags & ours.flags & 0x0200) !== 0;
      return cutHere || cutThere || cutBoth;
    },
  },
  {
    rows: { 'native-dns': 'A reply of more than 512 octets is an error, or ends there, within a record.' },
    applies: ({ plain, plainLength, ours }) => {
      if (ours === undefined) return false;
      if (plain === undefined) return ours.records.length > 0 || (ours.flags & TC) !== 0;
      const isPart = ours.records.every((record) => plain.records.includes(record));
      return plainLength === NATIVE_DNS_BUFFER || (plainLength > NEARLY_LONG && isPart);
    },
  },
];

/** All of a reply but for names. */
function shapeOf({ rcode, flags, records }: Shown): unknown[] {
  return [rcode, flags, records.map((record) => record.split(' ')[0])];
}

/** All rows of the guides that the rules have, by library. */
export const rowsOf = (name: Library['name']): string[] => rules.flatMap(({ rows }) => rows[name] ?? []);

/** `'equal'`, or the row that a difference is; undefined: it has none. */
export function rowFor(name: Library['name'], difference: Difference): string | undefined {
  if (difference.plain !== undefined && isDeepStrictEqual(difference.plain, difference.ours)) return 'equal';
  return rules.find(({ rows, applies }) => rows[name] !== undefined && applies(difference))?.rows[name];
}
