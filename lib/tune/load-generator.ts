/** Load for a DNS server: checks the options and runs native code's generator. */
import { isIP } from 'node:net';
import { framed } from '../dns/framing.js';
import { LOOPBACK } from '../dns/networks.js';
import { HEADER_SIZE, MAX_LABEL, MAX_PORT, MIN_UDP_PAYLOAD, QUESTION_FIXED_SIZE } from '../dns/numbers.js';
import {
  addon,
  nativeMissing,
  type LoadCounts,
  type LoadInterval,
  type NativeLoadPlan,
  type NativeLoadResult,
} from '../native/addon.js';
import { checkBoolean, checkInteger, invalidType, invalidValue, outOfRange, withCode } from '../errors.js';
import { DAY } from '../options/numbers.js';
import { needsNative } from '../native/fallback/needs-native.js';
import { Latency } from './latency.js';

/** Options of {@link startLoad}. */
export interface LoadOptions {
  /** Numeric; on this host's loopback unless `remote`. */
  address: string;
  /** 1 to 65535. */
  port: number;
  /** `'udp'` (default) or `'tcp'`. */
  transport?: 'udp' | 'tcp';
  /** Whether an address outside of loopback may be asked; only with the consent of its operator. Default false. */
  remote?: boolean;
  /** Queries of one question each (RFC 1035 s.4.1), of 17 to 512 bytes, asked in turn; their IDs are replaced. */
  questions: readonly Uint8Array[];
  /** UDP: sockets, each with a port of its own; TCP: connections at a time. 1 to 10,000, default 64. */
  clients?: number;
  /** Queries in a row from one client, 1 to 1,024; 1 (default): never two in a row from one client, if there are two. */
  burst?: number;
  /** TCP: a new connection for each query; `burst` is 1 then. Default false. */
  connectionPerQuery?: boolean;
  /** Closed loop: queries that wait for their answers at a time, in all, `burst` to 65,536; default 256. */
  window?: number;
  /** Open loop: queries a second, 1 to 10,000,000, sent when they are due whatever the server does. Not with `window`. */
  rate?: number;
  /** Ends after that many queries; 1 to 1e12, default 1e12. */
  count?: number;
  /** Or after that many milliseconds; 1 to a day, default 10,000. */
  duration?: number;
  /** Milliseconds after which a query is lost, 1 to 60,000; default 5,000. */
  timeout?: number;
  /** Milliseconds a row of the series, 10 to a day; default 1,000. */
  interval?: number;
  /** The CPU that the generator's thread is pinned to; default: none. */
  cpu?: number;
}

/** The result of a load. Times are in milliseconds. */
export interface LoadResult extends Omit<NativeLoadResult, 'latency' | 'longest'> {
  /** Waits of the answers; in an open loop from when a query was due. */
  latency: Latency;
  /** `answered` a second of `elapsed`. */
  queriesPerSecond: number;
}

/** A running load. */
export interface Load {
  /** Resolves when the last answer has come or is lost. */
  finished: Promise<LoadResult>;
  /** Counts so far. */
  progress(): LoadCounts;
  /** Stops asking; `finished` resolves after at most `timeout`. */
  stop(): void;
}

export type { LoadCounts, LoadInterval };

const MOST_WAITING = 1 << 20;
const MOST_ROWS = 100_000;

/**
 * Starts to ask. It ends by itself, by `count` or `duration`.
 *
 * Throws TypeError or RangeError with code `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` that
 * names the option; a system error if sockets cannot be opened (`EMFILE`) or the thread cannot be pinned (`EINVAL`);
 * `ERR_MULTISOCKET_NATIVE_REQUIRED` without native code; `ERR_MULTISOCKET_UNSUPPORTED_PLATFORM` elsewhere than on
 * Linux.
 */
export function startLoad(options: LoadOptions): Load {
  const plan = checkPlan(options);
  const questions = packQuestions(options.questions);
  const { LoadGenerator } = addon;
  if (LoadGenerator === undefined) {
    if (nativeMissing !== undefined) throw needsNative('the load generator');
    throw withCode(new Error('The load generator works on Linux only'), 'ERR_MULTISOCKET_UNSUPPORTED_PLATFORM');
  }
  let finish!: (result: LoadResult) => void;
  const finished = new Promise<LoadResult>((resolve) => (finish = resolve));
  const generator = new LoadGenerator(plan, questions, (result) => {
    finish(toResult(result));
  });
  generator.start();
  return {
    finished,
    progress: () => generator.progress(),
    stop: () => {
      generator.stop();
    },
  };
}

function checkPlan(options: LoadOptions): NativeLoadPlan {
  const { address, transport = 'udp', connectionPerQuery = false, rate } = options;
  checkTarget(address, checkBoolean('remote', options.remote ?? false));
  // The types say so already, but JavaScript callers have none.
  if (!['udp', 'tcp'].includes(transport)) throw invalidValue('transport', "must be 'udp' or 'tcp'", transport);
  checkBoolean('connectionPerQuery', connectionPerQuery);
  if (connectionPerQuery && transport !== 'tcp') {
    throw invalidValue('connectionPerQuery', "needs the transport 'tcp'", connectionPerQuery);
  }
  const clients = checkInteger('clients', options.clients ?? 64, 1, 10_000);
  const burst = checkInteger('burst', options.burst ?? 1, 1, connectionPerQuery ? 1 : 1024);
  const duration = checkInteger('duration', options.duration ?? 10_000, 1, DAY);
  const timeout = checkInteger('timeout', options.timeout ?? 5000, 1, 60_000);
  const interval = checkInteger('interval', options.interval ?? 1000, 10, DAY);
  if (duration / interval > MOST_ROWS) throw outOfRange('interval', `at least "duration" / ${MOST_ROWS}`, interval);
  if (clients * burst > MOST_WAITING) throw outOfRange('burst', `at most ${MOST_WAITING} / clients`, burst);
  if (rate !== undefined) checkRate(rate, options.window, timeout);
  return {
    address,
    port: checkInteger('port', options.port, 1, MAX_PORT),
    tcp: transport === 'tcp',
    oneQueryAConnection: connectionPerQuery,
    clients,
    burst,
    // An open loop never has more than this in flight, since each query is lost after its time.
    window:
      rate === undefined
        ? checkInteger('window', options.window ?? Math.max(256, burst), burst, 65_536)
        : Math.ceil((rate * timeout) / 1000) + burst,
    rate: rate ?? 0,
    count: checkInteger('count', options.count ?? 1e12, 1, 1e12),
    duration,
    timeout,
    interval,
    cpu: options.cpu === undefined ? -1 : checkInteger('cpu', options.cpu, 0, 1023),
  };
}

function checkTarget(address: unknown, remote: boolean): void {
  if (typeof address !== 'string') throw invalidType('address', 'a string', address);
  if (isIP(address) === 0) throw invalidValue('address', 'must be an IP address', address);
  if (!remote && !LOOPBACK.has(address)) {
    throw invalidValue('address', 'must be on loopback unless "remote" is true', address);
  }
}

function checkRate(rate: unknown, window: unknown, timeout: number): void {
  if (typeof rate !== 'number') throw invalidType('rate', 'a number', rate);
  if (window !== undefined) throw invalidValue('window', 'makes no sense with "rate"', window);
  if (!(rate >= 1 && rate <= 10_000_000)) throw outOfRange('rate', 'from 1 to 10,000,000', rate);
  if ((rate * timeout) / 1000 > MOST_WAITING)
    throw outOfRange('rate', `at most ${MOST_WAITING} within "timeout"`, rate);
}

/** Each with its length in front (RFC 1035 s.4.2.2). */
function packQuestions(questions: unknown): Uint8Array {
  if (!Array.isArray(questions) || questions.length === 0)
    throw invalidType('questions', 'a list of queries', questions);
  const packed = questions.map((question: unknown) => {
    if (!(question instanceof Uint8Array)) throw invalidType('questions', 'a list of Uint8Array', question);
    if (!isQuery(question))
      throw invalidValue('questions', 'must be queries of one question, at most 512 bytes', question);
    return framed(question);
  });
  return Buffer.concat(packed);
}

/** Whether a message of at most 512 bytes has QR 0, QDCOUNT 1 and a whole question without compression (RFC 1035 s.4.1). */
function isQuery(message: Uint8Array): boolean {
  const isResponse = (message[2] & 0x80) !== 0;
  if (message.length > MIN_UDP_PAYLOAD || isResponse || message[4] !== 0 || message[5] !== 1) return false;
  let at = HEADER_SIZE;
  while (at < message.length && message[at] !== 0 && message[at] <= MAX_LABEL) at += 1 + message[at];
  return message[at] === 0 && at + 1 + QUESTION_FIXED_SIZE <= message.length;
}

function toResult({ latency, longest, ...counts }: NativeLoadResult): LoadResult {
  return {
    ...counts,
    latency: new Latency(latency, longest),
    queriesPerSecond: counts.elapsed === 0 ? 0 : (counts.answered * 1000) / counts.elapsed,
  };
}
