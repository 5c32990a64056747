/**
 * Finds the number of sockets for a server by measurement: runs all values in turn, repeatedly, and makes one
 * recommendation.
 */
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { loadCorefile } from '../corefile/corefile.js';
import { invalidType, invalidValue, outOfRange } from '../errors.js';
import '../directives/index.js';
import { integer } from '../options/option.js';
import { MAX_SOCKETS } from '../options/sockets.js';
import { usableCpus } from '../socket/cpus.js';
import { checkSocketCount } from '../socket/socket-count.js';
import { recommend, summarize, type Recommendation, type ValueSummary } from './judge.js';
import { encodeQuestion, questionsFor, readQuestions } from './questions.js';
import { findWindow, measureOnce, type RunFigures, type RunPlan } from './run.js';
import { corefileQuestions } from './served-corefile.js';
import type { ServedSource } from './served-messages.js';

/** Options of {@link tune}. */
export interface TuneOptions {
  /** The server: the path of a Corefile, whose first address with plain DNS is measured, or of a handler module. */
  source: ServedSource;
  /** The numbers of sockets; default: 1, 2, 4, ... up to twice the usable CPUs. */
  sockets?: readonly number[];
  /**
   * A file of questions in dnsperf's format; default: questions for the zones of the Corefile, or for `example.org`.
   */
  questions?: string;
  /**
   * Queries a second, 1 to 10,000,000; default: as many as the server can answer, on loopback, and 10,000 elsewhere.
   */
  rate?: number;
  /** Runs of each value, 1 to 50; default 5. */
  repeats?: number;
  /** Milliseconds that each of a run's two phases takes, 100 to 60,000; default 1,500. */
  duration?: number;
  /** Where the server listens during the measurement; default: a free port of 127.0.0.1. */
  target?: { address: string; port: number };
  /** Whether `target` may be outside of loopback: only with the consent of its operator. Default false. */
  remote?: boolean;
  /** Called before and after each run. */
  progress?: (progress: TuneProgress) => void;
  /** Stops it between runs. */
  signal?: AbortSignal;
}

/** The progress of a measurement. */
export interface TuneProgress {
  /** Runs that are done, and in total. */
  done: number;
  runs: number;
  /** The value to be measured next; undefined: how hard to load the server. */
  sockets: number | undefined;
  /** The figures of the last run. */
  last: RunFigures | undefined;
}

/** The result of {@link tune}. Rates are a second, times in milliseconds except `cpuPerQuery`, in microseconds. */
export interface TuneResult {
  /** The path of the measured server. */
  server: string;
  machine: { cpu: string; cpus: number; usable: number; node: string };
  settings: {
    sockets: number[];
    repeats: number;
    duration: number;
    rate: number | null;
    window: number | null;
    clients: number;
    questions: number;
    target: string;
  };
  values: ValueSummary[];
  recommendation: Recommendation;
  /** In the order of the runs. */
  runs: RunFigures[];
}

/** The bounds of options that the command line has too: runs of each value, milliseconds of a run, queries a second. */
export const bounds = {
  repeats: integer({ min: 1, max: 50 }),
  duration: integer({ min: 100, max: 60_000 }),
  rate: integer({ min: 1, max: 10_000_000 }),
};

const REMOTE_RATE = 10_000;
const LEAST_CLIENTS = 256;
const MOST_CLIENTS = 4096;
const CLIENTS_A_SOCKET = 16;
/** The time of a run besides its phases, in ms, to check the total against its limit. */
const OVERHEAD = 1000;
const MOST_TIME = 60 * 60 * 1000;

/**
 * Measures. Each run has a server in a process of its own; a server in use is not touched.
 *
 * Rejects with `ERR_MULTISOCKET_TUNE` if the server does not serve, with the errors of its Corefile or of the file of
 * questions, and with the error of an invalid option with the codes of `createServer`; the total time is limited to an
 * hour.
 */
export async function tune(options: TuneOptions): Promise<TuneResult> {
  const { sockets, repeats, plan } = check(options);
  const { progress = () => undefined, signal } = options;
  const all = sockets.length * repeats;
  const runs: RunFigures[] = [];
  progress({ done: 0, runs: all, sockets: undefined, last: undefined });
  const { window, saturated } =
    plan.rate === undefined ? await windowFor(plan, sockets) : { window: 0, saturated: true };
  plan.window = window;
  for (let round = 0; round < repeats; round++) {
    for (const value of sockets) {
      signal?.throwIfAborted();
      progress({ done: runs.length, runs: all, sockets: value, last: runs.at(-1) });
      const run = await measureOnce(plan, value);
      // The same for all, so that their waits can be compared: half of the rate that the first value reached.
      plan.latencyRate ??= run.latencyRate;
      runs.push(run);
    }
  }
  progress({ done: all, runs: all, sockets: undefined, last: runs.at(-1) });
  const { rate = null } = plan;
  return {
    server: 'handler' in plan.source ? plan.source.handler : plan.source.corefile,
    machine: { cpu: cpus().at(0)?.model ?? '', cpus: cpus().length, usable: usableCpus(), node: process.version },
    settings: {
      sockets,
      repeats,
      duration: plan.duration,
      rate,
      window: rate === null ? window : null,
      clients: plan.clients,
      questions: plan.questions.length,
      target: plan.address,
    },
    values: summarize(runs),
    recommendation: recommend(runs, { rate: plan.rate, saturated }),
    runs,
  };
}

/** For the least and the most sockets, either of which may need more queries in flight. */
async function windowFor(plan: RunPlan, sockets: readonly number[]): Promise<{ window: number; saturated: boolean }> {
  const least = await findWindow(plan, sockets[0]);
  const most = sockets.length === 1 ? least : await findWindow(plan, sockets[sockets.length - 1]);
  return { window: Math.max(least.window, most.window), saturated: least.saturated && most.saturated };
}

function check(options: TuneOptions): { sockets: number[]; repeats: number; plan: RunPlan } {
  const { target, remote = false } = options;
  const sockets = checkValues(options.sockets ?? defaultValues());
  const repeats = bounds.repeats.check('repeats', options.repeats ?? 5);
  const duration = bounds.duration.check('duration', options.duration ?? 1500);
  const time = sockets.length * repeats * (2 * duration + OVERHEAD);
  if (time > MOST_TIME) {
    throw outOfRange('duration', 'such that all runs together take an hour at most', duration);
  }
  const source = absolute(options.source);
  const rate = options.rate ?? (remote ? REMOTE_RATE : undefined);
  const most = Math.max(...sockets);
  const plan: RunPlan = {
    source,
    address: target?.address ?? '127.0.0.1',
    port: target?.port ?? 0,
    questions: questionsOf(source, options.questions),
    clients: Math.min(MOST_CLIENTS, Math.max(LEAST_CLIENTS, CLIENTS_A_SOCKET * most)),
    window: 0,
    duration,
    rate: rate === undefined ? undefined : bounds.rate.check('rate', rate),
    latencyRate: undefined,
    remote,
  };
  return { sockets, repeats, plan };
}

function checkValues(values: readonly number[]): number[] {
  const given: unknown = values;
  if (!Array.isArray(given)) throw invalidType('sockets', 'a list of numbers', values);
  if (values.length === 0) throw invalidValue('sockets', 'must have a number at least', values);
  return [...new Set(values.map((value) => checkSocketCount('sockets', value)))].sort((a, b) => a - b);
}

function defaultValues(): number[] {
  const most = Math.min(MAX_SOCKETS, 2 * usableCpus());
  const values = [usableCpus(), most];
  for (let value = 1; value < most; value *= 2) values.push(value);
  return values;
}

function absolute(source: ServedSource): ServedSource {
  return 'handler' in source ? { handler: resolve(source.handler) } : { ...source, corefile: resolve(source.corefile) };
}

function questionsOf(source: ServedSource, file: string | undefined): Buffer[] {
  if (file !== undefined) return readQuestions(file);
  if ('handler' in source) return questionsFor(['']).map(encodeQuestion);
  const corefile = loadCorefile({ path: source.corefile }, 'dnsPort' in source ? { dnsPort: source.dnsPort } : {});
  return corefileQuestions(corefile).map(encodeQuestion);
}
