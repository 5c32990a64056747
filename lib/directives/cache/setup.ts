/** `cache [TTL] [ZONES...] { ... }`: answers repeated questions from memory. */
import type { ConfiguredBlock, DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { parseInteger, readDuration, readInteger, readSignedDuration, readZones } from '../arguments.js';
import { MAX_SHARE_MISSES } from '../../options/cache.js';
import { missMemory } from '../../worker/shared-misses.js';
import { CacheHandler } from './handler.js';
import type { CacheOptions, TtlBounds } from './options.js';

/** CoreDNS's defaults; times in seconds. */
const CAPACITY = 9984;
const MIN_CAPACITY = 1024;
const MAX_TTL = 3600;
const MAX_DENIAL_TTL = 1800;
const MIN_TTL = 5;
const SERVFAIL_TTL = 5;
const MAX_SERVFAIL_TTL = 300;
const PREFETCH_GAP = 60;
const PREFETCH_PERCENT = 10;
const STALE_FOR = 3600;
/** RFC 8767 s.4 and s.5. */
const STALE_TTL = 30;
const RECHECK = 30;
const MAX_RECHECK = 300;
/** Milliseconds; CoreDNS has no such property. */
const SHARE_MISSES = 1000;

interface Draft extends Omit<CacheOptions, 'capacity' | 'shared' | 'misses'> {
  /** Milliseconds that a query may wait for the answer to the same question; 0: none waits. */
  shareMisses: number;
  capacities: { success: number; denial: number };
}

/** Its configuration: {@link CacheOptions}. */
export const cache: DirectiveDefinition<CacheOptions> = {
  name: 'cache',
  setup: {
    configure([use, again], block) {
      // The cast: an array may have no second element.
      const second = again as DirectiveReader | undefined;
      if (second !== undefined) throw second.error('this plugin can only be used once per Server Block');
      const { capacities, shareMisses, ...options } = readUse(use, block);
      const capacity = capacities.success + capacities.denial;
      const misses = shareMisses > 0 ? missMemory(shareMisses) : undefined;
      return { ...options, capacity, shared: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT), misses };
    },
    dependsOn: [],
    start: (options, { logger, maxPayloadSize, serverOf }) =>
      new CacheHandler(options, logger, maxPayloadSize, serverOf),
  },
};

function readUse(use: DirectiveReader, block: ConfiguredBlock): Draft {
  const first = use.args.at(0) ?? '';
  const ttl = parseInteger(first);
  if (/^\d+[a-zµ]*[smh]$/.test(first)) {
    use.warn(`${first} is read as a zone: the TTL of cache is a number of seconds`);
  }
  if (ttl !== undefined && ttl <= 0) throw use.error(`cache TTL can not be zero or negative: ${ttl}`);
  const draft: Draft = {
    zones: readZones(use, use.args.slice(ttl === undefined ? 0 : 1), block.zones),
    capacities: { success: CAPACITY, denial: CAPACITY },
    success: { most: ttl ?? MAX_TTL, least: MIN_TTL },
    denial: { most: ttl ?? MAX_DENIAL_TTL, least: MIN_TTL },
    servfail: SERVFAIL_TTL,
    prefetch: { hits: 0, gap: PREFETCH_GAP, percent: PREFETCH_PERCENT },
    staleFor: 0,
    verify: false,
    verifyTimeout: 0,
    staleTtl: STALE_TTL,
    recheck: RECHECK,
    preferData: false,
    keepTtl: false,
    disabled: { success: [], denial: [] },
    shareMisses: block.directives.includes('forward') ? SHARE_MISSES : 0,
  };
  for (const line of use.block) {
    line.refuseBlock();
    readLine(line, draft);
  }
  if (draft.preferData && !use.block.some(({ name }) => name === 'serve_stale')) {
    throw use.error('serve_stale_policy requires serve_stale');
  }
  for (const kind of ['success', 'denial'] as const) {
    const { most, least } = draft[kind];
    draft[kind] = { most, least: Math.min(least, most) };
  }
  return draft;
}

function readLine(line: DirectiveReader, draft: Draft): void {
  switch (line.name) {
    case 'success':
    case 'denial':
      draft[line.name] = readKind(line, draft[line.name]);
      draft.capacities[line.name] = readCapacity(line, line.args[0]);
      break;
    case 'prefetch':
      draft.prefetch = readPrefetch(line);
      break;
    case 'serve_stale':
      readServeStale(line, draft);
      break;
    case 'serve_stale_policy':
      readStalePolicy(line, draft);
      break;
    case 'servfail':
      draft.servfail = readServfail(line);
      break;
    case 'disable':
      readDisable(line, draft);
      break;
    case 'share_misses':
      draft.shareMisses = readShareMisses(line);
      break;
    case 'keepttl':
      line.arguments(0);
      draft.keepTtl = true;
      break;
    default:
      throw line.error(`unknown property '${line.name}'`);
  }
}

/** `success|denial CAPACITY [TTL] [MINTTL]`. */
function readKind(line: DirectiveReader, { most, least }: TtlBounds): TtlBounds {
  const [, ttlText, leastText, ...more] = line.arguments(1, Infinity) as (string | undefined)[];
  if (more.length > 0) line.warn(`ignored: ${more.join(' ')}`);
  const ttl = ttlText === undefined ? most : readInteger(line, ttlText);
  if (ttl === 0) throw line.error('cache TTL can not be zero or negative: 0');
  return { most: ttl, least: leastText === undefined ? least : readInteger(line, leastText) };
}

/** As in CoreDNS, a capacity is at least 1,024, even if it is given as 0 or less. */
function readCapacity(line: DirectiveReader, text: string): number {
  const capacity = parseInteger(text);
  if (capacity === undefined) throw line.error(`invalid capacity ${JSON.stringify(text)}: it must be a whole number`);
  return Math.max(MIN_CAPACITY, capacity);
}

/** `prefetch AMOUNT [DURATION] [PERCENTAGE%]`. */
function readPrefetch(line: DirectiveReader): CacheOptions['prefetch'] {
  const [amount, gapText, percentText] = line.arguments(1, 3) as [string, ...(string | undefined)[]];
  const gap = gapText === undefined ? PREFETCH_GAP : seconds(Math.max(0, readSignedDuration(line, gapText)));
  const percent = percentText === undefined ? PREFETCH_PERCENT : parseInteger(/^(.*)%$/s.exec(percentText)?.[1] ?? '');
  if (percent === undefined)
    throw line.error(`last character of percentage should be %, and it a number: ${percentText}`);
  if (percent < 10 || percent > 90) throw line.error(`percentage should fall in range [10, 90]: ${percent}`);
  return { hits: readInteger(line, amount), gap, percent };
}

/** `serve_stale [DURATION] [immediate [TTL [RECHECK]] | verify [TIMEOUT [TTL [RECHECK]]]]`. */
function readServeStale(line: DirectiveReader, draft: Draft): void {
  const [duration, mode = 'immediate', ...rest] = line.arguments(0, 5) as [string?, string?, ...string[]];
  draft.staleFor = duration === undefined ? STALE_FOR : seconds(readDuration(line, duration));
  draft.verify = mode.toLowerCase() === 'verify';
  if (!draft.verify && mode.toLowerCase() !== 'immediate') {
    throw line.error(`invalid value for serve_stale refresh mode: ${mode}`);
  }
  const timeout = draft.verify ? rest.shift() : undefined;
  draft.verifyTimeout = timeout === undefined ? 0 : readDuration(line, timeout);
  const [ttl, recheck, more] = rest as (string | undefined)[];
  if (more !== undefined) throw line.argError();
  draft.staleTtl = ttl === undefined ? STALE_TTL : readSeconds(line, ttl);
  draft.recheck = recheck === undefined ? RECHECK : seconds(readDuration(line, recheck));
  if (draft.recheck > MAX_RECHECK) throw line.error(`serve_stale failure recheck can not exceed 5m: ${recheck}`);
}

function readStalePolicy(line: DirectiveReader, draft: Draft): void {
  const [policy] = line.arguments(1);
  if (draft.preferData) throw line.error('serve_stale_policy can only be specified once');
  if (policy.toLowerCase() !== 'prefer_positive') throw line.error(`invalid serve_stale_policy: ${policy}`);
  draft.preferData = true;
}

function readSeconds(line: DirectiveReader, text: string): number {
  const milliseconds = readDuration(line, text);
  if (milliseconds % 1000 !== 0)
    throw line.error(`serve_stale response TTL must be a whole number of seconds: ${text}`);
  return milliseconds / 1000;
}

function readShareMisses(line: DirectiveReader): number {
  const longest = readDuration(line, line.arguments(1)[0]);
  if (longest > MAX_SHARE_MISSES) throw line.error(`share_misses can not exceed 1m: ${line.args[0]}`);
  return longest;
}

function readServfail(line: DirectiveReader): number {
  const ttl = seconds(readDuration(line, line.arguments(1)[0]));
  if (ttl > MAX_SERVFAIL_TTL)
    throw line.error(`caching SERVFAIL responses over 5 minutes is not permitted: ${line.args[0]}`);
  return ttl;
}

/** `disable success|denial [ZONES...]`. */
function readDisable(line: DirectiveReader, draft: Draft): void {
  const [kind, ...zones] = line.arguments(1, Infinity);
  if (kind !== 'success' && kind !== 'denial') throw line.error(`cache type for disable must be "success" or "denial"`);
  draft.disabled = { ...draft.disabled, [kind]: readZones(line, zones, ['.']) };
}

/** The cache counts whole seconds. */
function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}
