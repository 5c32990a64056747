/**
 * The heartbeat that shows the owner that a worker's event loop turns: the worker writes the time into shared memory.
 */
import { addon } from '../native/addon.js';

/** The last element of a worker's row of counters. */
const PLACE = addon.layout.workerRow - 1;

/** Milliseconds by a clock that all threads share. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/**
 * Starts to beat every `interval` ms; returns a function that stops it. `row`: the element at which the worker's row
 * starts.
 */
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

/** The time of the last beat of the worker with that row, by {@link now}; 0 before the first. */
export function lastBeat(counters: Float64Array, row: number): number {
  return counters[row + PLACE];
}
