/** Derives a recommendation, and its certainty, from the runs of several values. */
import type { RunFigures } from './run.js';

/** What limits the server at the recommended value. */
export type Limit = 'cpu' | 'upstream' | 'generator' | 'rate' | 'window';

/** How sure a recommendation is. */
export type Certainty = 'high' | 'moderate' | 'low';

/** All runs of one number of sockets, combined. */
export interface ValueSummary {
  sockets: number;
  /** The median of each figure over its runs. */
  median: Omit<RunFigures, 'sockets' | 'warnings'>;
  /** Queries a second of the slowest and of the fastest run. */
  least: number;
  most: number;
  /**
   * The share of all pairs of a run of the best value and one of this in which the best was ahead, 0 to 1; 0.5 for the
   * best itself.
   */
  behind: number;
  /** Whether its runs cannot be distinguished from those of the best value. */
  tied: boolean;
}

/** A recommended number of sockets, and how sure it is. */
export interface Recommendation {
  sockets: number;
  /** The value with the highest median of queries a second. */
  best: number;
  reason: string;
  limit: Limit;
  certainty: Certainty;
  /** Half of the range of the recommended value's runs, as a share of their median; 0 with one run. */
  error: number;
  /** Reasons for less certainty, and things to check. */
  caveats: string[];
}

/** The circumstances of the runs that affect their meaning. */
export interface Circumstances {
  /** The requested queries a second, if the server was not saturated. */
  rate: number | undefined;
  /** Whether more queries in flight would not have got more answers. */
  saturated: boolean;
}

/** The best is ahead in this share of all pairs of runs when the other value is worse. */
const SEPARATE = 0.95;
/** And by this factor: a smaller difference has no practical use. */
const RELEVANT = 1.02;
/** From this on to SEPARATE, runs overlap without being alike. */
const ALIKE = 0.75;
const FEW_RUNS = 3;
/** A generator that uses this share of a CPU limits the number of queries. */
const GENERATOR_FULL = 0.9;
/** A server that uses less than this share of the available CPU waits for something else. */
const CPU_FULL = 0.7;
const CPU_FREE_ENOUGH = 0.3;
const RATE_MET = 0.98;
/**
 * CPUs of other processes, and the relative difference between runs of one value: from the first bound on they disturb
 * the measurement, from the second on they hide the result.
 */
const NOTABLE = 0.1;
const DROWNING = 0.5;
const NOISY = 0.1;
const USELESS = 0.25;

/** Combines the runs of each value, in the order of the values. */
export function summarize(runs: readonly RunFigures[]): ValueSummary[] {
  const values = [...new Set(runs.map(({ sockets }) => sockets))].sort((a, b) => a - b);
  const rates = (value: number): number[] =>
    runs.filter(({ sockets }) => sockets === value).map(({ queriesPerSecond }) => queriesPerSecond);
  const best = rates(bestOf(values, rates));
  return values.map((sockets) => {
    const own = rates(sockets);
    const behind = superiority(best, own);
    const tied = behind < SEPARATE || median(best) < RELEVANT * median(own);
    const all = runs.filter((run) => run.sockets === sockets);
    return { sockets, median: medians(all), least: Math.min(...own), most: Math.max(...own), behind, tied };
  });
}

function bestOf(values: readonly number[], rates: (value: number) => number[]): number {
  return values.reduce((best, value) => (median(rates(value)) > median(rates(best)) ? value : best));
}

/**
 * The smallest number of sockets whose runs cannot be distinguished from those of the best. This is certain if every
 * value is either clearly apart from the best or clearly like it, over three runs or more.
 */
export function recommend(runs: readonly RunFigures[], circumstances: Circumstances): Recommendation {
  const values = summarize(runs);
  const chosen = values.find(({ tied }) => tied) ?? values[0];
  const best = values.reduce((a, b) => (b.median.queriesPerSecond > a.median.queriesPerSecond ? b : a));
  const limit = limitOf(values, chosen, circumstances);
  const error = (chosen.most - chosen.least) / 2 / Math.max(1, chosen.median.queriesPerSecond);
  const caveats = caveatsOf(values, chosen, best, runs, circumstances);
  if (error > NOISY)
    caveats.unshift(`The runs differ by ±${percent(error)}: measure again when the machine has nothing else to do.`);
  const runsEach = runs.length / values.length;
  return {
    sockets: chosen.sockets,
    best: best.sockets,
    reason: reasonOf(values, chosen, best, limit, runsEach === 1 ? undefined : error),
    limit,
    certainty: certaintyOf(values, best, runsEach, limit, error),
    error,
    caveats,
  };
}

function certaintyOf(
  values: readonly ValueSummary[],
  best: ValueSummary,
  runs: number,
  limit: Limit,
  error: number,
): Certainty {
  const others = Math.max(...values.map((value) => value.median.others));
  if (runs < FEW_RUNS || values.length < 2 || limit === 'generator' || limit === 'window') return 'low';
  if (error > USELESS || others > DROWNING) return 'low';
  const unclear = values.some(
    ({ sockets, behind, tied }) => sockets !== best.sockets && behind > ALIKE && (tied || behind < SEPARATE),
  );
  return unclear || error > NOISY || others > NOTABLE ? 'moderate' : 'high';
}

function limitOf(values: readonly ValueSummary[], chosen: ValueSummary, { rate, saturated }: Circumstances): Limit {
  if (rate !== undefined && chosen.median.queriesPerSecond >= RATE_MET * rate) return 'rate';
  if (chosen.median.generator >= GENERATOR_FULL) return 'generator';
  // With the most measured sockets only the server itself can keep it from using the available CPU.
  const { cpuUsed, cpuAvailable } = values[values.length - 1].median;
  const idle = cpuUsed < CPU_FULL * cpuAvailable && cpuAvailable - cpuUsed > CPU_FREE_ENOUGH;
  if (!idle) return 'cpu';
  return saturated ? 'upstream' : 'window';
}

function reasonOf(
  values: readonly ValueSummary[],
  chosen: ValueSummary,
  best: ValueSummary,
  limit: Limit,
  error: number | undefined,
): string {
  const { queriesPerSecond, cpuUsed, cpuAvailable } = chosen.median;
  const within = error === undefined ? '' : ` (±${percent(error)})`;
  const rate = `${whole(queriesPerSecond)} queries a second${within}`;
  const cpu = `${cpuUsed.toFixed(1)} of ${cpuAvailable.toFixed(1)} available CPUs in use`;
  const smallest = values[0];
  const sockets = plural(chosen.sockets, 'socket');
  if (limit === 'rate') return `${sockets} bear the rate that was asked for: ${rate}, ${cpu}.`;
  const grows = chosen.sockets > smallest.sockets;
  if (grows) {
    const gain = percent(queriesPerSecond / Math.max(1, smallest.median.queriesPerSecond) - 1);
    const more =
      chosen.sockets === best.sockets ? 'no other value answers more' : `${best.sockets} cannot be told from it`;
    return `${sockets}: ${rate}, ${gain} more than ${plural(smallest.sockets, 'socket')}; ${more}; ${cpu}.`;
  }
  const flat = values.length > 1 ? `more of them answer no more: ${rate}` : rate;
  switch (limit) {
    case 'upstream':
      return `Sockets do not help this server: ${flat}, and only ${cpu}. It waits for something else than CPU: an upstream, a disk, a lock.`;
    case 'generator':
      return `${sockets}: ${flat}, but the load generator was at its limit, so the server may bear more.`;
    case 'window':
      return `${sockets}: ${flat}, with ${cpu}; but with still more queries in the air there might be more answers.`;
    case 'cpu':
      return `${sockets}: ${flat}, with ${cpu}: there is no CPU left that more sockets could use.`;
  }
}

function caveatsOf(
  values: readonly ValueSummary[],
  chosen: ValueSummary,
  best: ValueSummary,
  runs: readonly RunFigures[],
  { saturated }: Circumstances,
): string[] {
  const caveats: string[] = [];
  const last = values[values.length - 1];
  if (values.length < 2) caveats.push('Only one value was measured.');
  else if (chosen.sockets === last.sockets)
    caveats.push('The largest value that was measured is best: measure larger ones.');
  if (best.median.generator >= GENERATOR_FULL) {
    caveats.push(
      `The load generator had ${best.median.generator.toFixed(2)} of its CPU in use: what is measured is its limit.`,
    );
  }
  if (!saturated) caveats.push('More queries in the air still got more answers when 4,096 were.');
  const others = Math.max(...values.map(({ median: { others } }) => others));
  if (others > NOTABLE) caveats.push(`Other processes had ${others.toFixed(1)} CPUs in use meanwhile.`);
  const failures = Math.max(...values.map(({ median: { failures } }) => failures));
  if (failures > 0.01) {
    caveats.push(
      `${percent(failures)} of the answers were failures (SERVFAIL, REFUSED, ...): do the questions fit the server?`,
    );
  }
  const lost = values.filter(({ median: { lost, asked } }) => lost > asked / 1000);
  if (lost.length > 0) {
    caveats.push(
      `More than one query in a thousand was lost with ${lost.map(({ sockets }) => sockets).join(', ')} sockets.`,
    );
  }
  for (const warning of new Set(runs.flatMap(({ warnings }) => warnings)))
    caveats.push(`The server warned: ${warning}`);
  return caveats;
}

/** The share of pairs in which one of `ours` is above one of `theirs`; ties count half (Mann and Whitney's U, scaled). */
export function superiority(ours: readonly number[], theirs: readonly number[]): number {
  const won = ours.flatMap((our) => theirs.map((their): number => (our > their ? 1 : our === their ? 0.5 : 0)));
  return won.reduce((sum, one) => sum + one, 0) / won.length;
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function medians(runs: readonly RunFigures[]): ValueSummary['median'] {
  const of = (figure: keyof ValueSummary['median']): number => median(runs.map((run) => run[figure]));
  return {
    queriesPerSecond: of('queriesPerSecond'),
    cpuPerQuery: of('cpuPerQuery'),
    cpuUsed: of('cpuUsed'),
    cpuAvailable: of('cpuAvailable'),
    generator: of('generator'),
    others: of('others'),
    p50: of('p50'),
    p99: of('p99'),
    p999: of('p999'),
    latencyRate: of('latencyRate'),
    lost: of('lost'),
    asked: of('asked'),
    drops: of('drops'),
    skew: of('skew'),
    memory: of('memory'),
    failures: of('failures'),
  };
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

function percent(share: number): string {
  const value = share * 100;
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
