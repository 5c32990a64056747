/** What a torture case is, what it is judged by, and the load that all of them use. */
import { startLoad, type Load, type LoadOptions, type LoadResult } from '../../dist/tune/load-generator.js';
import { queryBytes } from '../support/clients.js';

/** How much of everything. */
export interface Scale {
  /** Queries a second. */
  rate: number;
  /** Milliseconds of load a case. */
  duration: number;
  /** How often what is done in between is done: reloads, resizes. */
  times: number;
  /** Idle TCP connections. */
  connections: number;
}

/** A statement with its figure, which has to be true. */
export interface Bound {
  says: string;
  holds: boolean;
}

/** A line of the table. */
export interface Row {
  name: string;
  sent: number;
  answered: number;
  lost: number;
  /** The longest wait of an answer in ms. */
  longest: number;
  bounds: Bound[];
}

/** A way to torment a server. It brings its own server, and leaves nothing behind. */
export type Case = (scale: Scale) => Promise<Row[]>;

/** A bound from above. */
export function atMost(what: string, value: number, limit: number): Bound {
  return { says: `${what}: ${figure(value)}, at most ${figure(limit)}`, holds: value <= limit };
}

/** A bound from below. */
export function atLeast(what: string, value: number, limit: number): Bound {
  return { says: `${what}: ${figure(value)}, at least ${figure(limit)}`, holds: value >= limit };
}

/** A bound on both sides. */
export function exactly(what: string, value: number, expected: number): Bound {
  return { says: `${what}: ${figure(value)}, as many as ${figure(expected)}`, holds: value === expected };
}

/** A figure that is good to know, and is no bound. */
export function told(what: string, value: number): Bound {
  return { says: `${what}: ${figure(value)}`, holds: true };
}

/** A figure for readers: with commas, and at most one decimal. */
export function figure(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

/** Milliseconds that the generator may be late without having been the reason for what was lost. */
const BEHIND = 2000;

/** What came of a load, beside its bounds. Answers that were none, or not NOERROR, are always one too many. */
export function row(name: string, result: LoadResult, ...bounds: Bound[]): Row {
  const { sent, answered, lost, latency, mismatched, duplicates, unexpected, rcodes, drops, skipped, behind } = result;
  const wrong = mismatched + duplicates + unexpected + answered - rcodes[0];
  const always = [
    { says: 'some were sent', holds: sent > 0 },
    atMost('wrong answers', wrong, 0),
    // The generator's own failings: with them the other figures say little of the server.
    atMost("no room in the clients' own buffers", drops, 0),
    atMost('could not be sent', skipped, 0),
    atMost('ms behind the schedule', behind, BEHIND),
  ];
  // What holds as a matter of course need not be read.
  return {
    name,
    sent,
    answered,
    lost,
    longest: latency.max,
    bounds: [...bounds, ...always.filter((each) => !each.holds)],
  };
}

/** A thousand names that any server of the cases answers at once. */
export const questions = Array.from({ length: 1000 }, (_, i) => queryBytes(`host${i}.example.org`, 'TXT'));

/** Starts an open loop on 127.0.0.1 that goes on until it is stopped or `duration` ms are over. */
export function ask(port: number, rate: number, options: Partial<LoadOptions> = {}): Load {
  return startLoad({ address: '127.0.0.1', port, questions, clients: 64, rate, duration: 3_600_000, ...options });
}
