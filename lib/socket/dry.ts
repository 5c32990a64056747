/** Sockets that no new traffic reaches any more are read until nothing waits in them. */
import { setTimeout as wait } from 'node:timers/promises';
import type { NativeSocketStatistics } from '../native/addon.js';

/** How often they are looked at, in ms. */
const INTERVAL = 5;
/** A socket counts as dry when nothing waited so many times in a row: some may have been on its way to it. */
const QUIET_LOOKS = 3;

/**
 * Waits, at most `timeout` ms, until nothing waits in the sockets whose statistics `read` gives. Returns what is left:
 * bytes or connections, as {@link NativeSocketStatistics.queued} counts.
 */
export async function untilDry(read: () => readonly NativeSocketStatistics[], timeout: number): Promise<number> {
  const end = performance.now() + timeout;
  let quiet = 0;
  for (;;) {
    const queued = read().reduce((sum, socket) => sum + socket.queued, 0);
    quiet = queued === 0 ? quiet + 1 : 0;
    if (quiet === QUIET_LOOKS || performance.now() >= end) return queued;
    await wait(INTERVAL);
  }
}
