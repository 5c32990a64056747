/** The descriptors of this process. */
import { readdirSync, readlinkSync } from 'node:fs';

/** How many sockets this process has open. */
export function openSocketCount(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false; // the descriptor of the directory itself, closed by now
    }
  }).length;
}
