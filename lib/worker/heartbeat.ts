/** How the owner sees that a worker's event loop turns: the worker writes the time into shared memory. */
import { addon } from '../native/addon.js';

/** The last element of a worker's row of counters. */
const PLACE = addon.layout.workerRow - 1;

/** Milliseconds by a clock that all threads share. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** Starts to beat, every `interval` ms; returns what ends it. `row`: the element at which the worker's row starts. */
export function startBeating(counters: Float64Array, row: number, interval: number): () => void {
  const beat = (): void => {
    counters[row + PLACE] = now();
  };
  beat();
  const timer = setInterval(beat, interval).unref();
  return () => {
    clearInterval(timer);
  };
}

/** When the worker with that row last beat, by {@link now}; 0 when it has not begun. */
export function lastBeat(counters: Float64Array, row: number): number {
  return counters[row + PLACE];
}
