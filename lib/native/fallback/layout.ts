/**
 * `Layout` of `lib/native/addon.ts` where there is no native code to tell it. Nobody but JavaScript reads this memory then, so
 * that each thing simply has the next place.
 */

/** 0, 1, 2, ... for each of the names. */
function places<Name extends string>(...names: Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name, i) => [name, i])) as Record<Name, number>;
}

/** A name has at most 255 octets (RFC 1035 s.2.3.4), each at most four characters (`\DDD`). */
const MAX_TEXT = 255 * 4;

/** See the file's head. */
export const layout = {
  batchSize: 64,
  envelopeSize: 0,
  envelope: places('family', 'clientPort', 'clientAddress4', 'clientAddress6', 'localFamily', 'localAddress', 'socket'),
  slotStride: 0,
  textOffset: 0,
  maxText: MAX_TEXT,
  outputOffset: 0,
  outputSize: 0,
  slabSize: 0,
  queryWords: 24,
  query: places(
    'offset',
    'length',
    'idAndFlags',
    'typeAndClass',
    'questionEnd',
    'keyOffset',
    'keyLength',
    'nameOffset',
    'edns',
    'ednsSizeAndFlags',
    'optionsOffset',
    'optionsLength',
    'asked',
    'verdict',
    'hasCookie',
    'cookie', // six words
  ),
  verdict: places('query', 'drop', 'reply'),
  outboxEntryWords: 0,
  outboxEntries: 0,
  client: places(
    'queriesOffset',
    'slabSize',
    'maxOutstanding',
    'outboxEntries',
    'outboxWords',
    'unsent',
    'answerWords',
  ),
  ask: places('upstream', 'handle', 'offset', 'length', 'questionEnd', 'error'),
  answer: places(
    'handle',
    'outcome',
    'offset',
    'length',
    'questionEnd',
    'recordsEnd',
    'flagsAndRcode',
    'answers',
    'authorities',
    'additionals',
    'optionsOffset',
    'optionsLength',
    'error',
  ),
  outcome: places('answered', 'truncated', 'malformed', 'unreachable', 'misspelt', 'guessed', 'unmatched'),
  // Those that native code would count come first in a row (lib/worker/counters.ts).
  socketCounters: ['queries', 'batches'],
  workerCounters: [
    'received',
    'batches',
    'sent',
    'segmentedSends',
    'sendRetries',
    'sendFailures',
    'droppedShort',
    'droppedResponse',
    'droppedPortZero',
    'droppedOversize',
    'droppedStale',
    'formatErrors',
    'notImplemented',
    'badVersions',
    'cacheHits',
    'badCookies',
    'rateLimitDropped',
    'rateLimitSlipped',
    'rateLimitBypassed',
  ],
  socketRow: 8,
  workerRow: 64,
};
