/** Reads sockets that get no new traffic until they are empty. */
import { setTimeout as wait } from 'node:timers/promises';
import type { NativeSocketStatistics } from '../native/addon.js';

/** Milliseconds between checks. */
const INTERVAL = 5;
/**
 * A socket counts as empty after this many checks in a row without waiting data: some may still have been on its way.
 */
const QUIET_LOOKS = 3;

/**
 * Waits, at most `timeout` ms, until the sockets are empty whose statistics `read` returns. Returns what is left: bytes
 * or connections, in the unit of {@link NativeSocketStatistics.queued}.
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
