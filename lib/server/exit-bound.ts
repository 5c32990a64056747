/**
 * Bounds the end of the process. Node waits for every thread before it ends, by `process.exit()`, by itself or by an
 * exception, and a thread in a system call may never return. So while worker threads live, the process ends at most
 * {@link EXIT_TIME} after its event `exit`, with the status that it was about to end with.
 */
import { isMainThread } from 'node:worker_threads';
import { addon } from '../native/addon.js';

/** Milliseconds. Only Node's own work at exit is lost after it. */
const EXIT_TIME = 2000;

let threads = 0;

/** Counts a worker thread that has started. */
export function threadStarted(): void {
  // The end of a thread other than the main one is not the end of the process.
  if (threads++ === 0 && isMainThread) process.on('exit', boundExit);
}

/** Counts a worker thread that has ended. */
export function threadEnded(): void {
  if (--threads === 0) process.off('exit', boundExit);
}

function boundExit(status: number): void {
  addon.exitWithin(status, EXIT_TIME);
}
