import { invalidType, outOfRange } from '../errors.js';
import type { QueryLogSink } from '../message/query-log-entry.js';
import { flag, integer, required, value, type Option, type OptionsOf, type ResolvedOf } from './option.js';
import { group } from './table.js';

/** Options of `queryLog`. */
export const queryLog = {
  /**
   * Called in the owner's thread with a list of entries and `{ lost }`: the number of queries that were not reported
   * since the last call. See `QueryLogEntry`. An error of it is a `warning`.
   */
  sink: required(value('a function', isSink)),
  /** The share of queries that are reported, chosen at random. More than 0, up to 1; default 1. */
  sample: share(1),
  /** Whether entries have the messages as they were sent. Default false. */
  messages: flag(false),
  /** Room for entries in each worker; what does not fit is lost, and counted. 64 KiB to 256 MiB; default 4 MiB. */
  bufferBytes: integer({ min: 1 << 16, max: 1 << 28, default: 1 << 22, unit: 'bytes' }),
};

/** A report of each query, including those that native code answers from a cache. */
export interface QueryLogOptions extends OptionsOf<typeof queryLog> {}
/** {@link QueryLogOptions} with all values present. */
export type QueryLogConfig = ResolvedOf<typeof queryLog>;

const given = group<QueryLogOptions, QueryLogConfig>(queryLog);

/** The options of {@link queryLog}; `false` is undefined. */
export const queryLogGroup: Option<QueryLogOptions | false, QueryLogConfig | undefined> = {
  ...given,
  expected: 'an object or false',
  default: undefined,
  otherwise: 'false',
  check(path, wanted) {
    if (wanted === false) return undefined;
    if (typeof wanted !== 'object' || wanted === null) throw invalidType(path, 'an object or false', wanted);
    return given.check(path, wanted);
  },
};

function isSink(wanted: unknown): wanted is QueryLogSink {
  return typeof wanted === 'function';
}

/** A number above 0, up to 1. */
function share(initial: number): Option<number> {
  return {
    ...value('a number', (wanted) => typeof wanted === 'number', initial),
    range: 'more than 0, up to 1',
    check(path, wanted) {
      if (typeof wanted !== 'number') throw invalidType(path, 'a number', wanted);
      if (wanted > 0 && wanted <= 1) return wanted;
      throw outOfRange(path, 'more than 0 and at most 1', wanted);
    },
  };
}
