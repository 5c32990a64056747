/**
 * The layout without native code. Only JavaScript reads this memory, so the fields simply have the numbers 0, 1, 2 and
 * so on.
 */
import { MAX_NAME } from '../../dns/numbers.js';
import { layoutNames, nativeSocketCounters, nativeWorkerCounters } from '../layout.js';

/** 0, 1, 2, ... for each of the names. */
function places<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name, i) => [name, i])) as Record<Name, number>;
}

const { numbers, ...groups } = layoutNames;

/**
 * All sizes are 0 except those of the memory that the fallback fills: the rows of queries, their text, and the
 * counters.
 */
export const layout = {
  ...(Object.fromEntries(numbers.map((name) => [name, 0])) as Record<(typeof numbers)[number], number>),
  batchSize: 64,
  /** An octet of a name has at most four characters: `\DDD`. */
  maxText: MAX_NAME * 4,
  queryWords: 24,
  streamWords: groups.stream.length,
  socketRow: 4,
  workerRow: 64,
  envelope: places(groups.envelope),
  query: places(groups.query),
  verdict: places(groups.verdict),
  stream: places(groups.stream),
  outbox: places(groups.outbox),
  tcp: places(groups.tcp),
  tcpReply: places(groups.tcpReply),
  tcpSetting: places(groups.tcpSetting),
  client: places(groups.client),
  ask: places(groups.ask),
  answer: places(groups.answer),
  outcome: places(groups.outcome),
  kind: places(groups.kind),
  keeping: places(groups.keeping),
  log: places(groups.log),
  logRecord: places(groups.logRecord),
  socketCounters: [...nativeSocketCounters],
  workerCounters: [...nativeWorkerCounters],
};
