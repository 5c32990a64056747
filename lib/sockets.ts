/**
 * `multisocket/sockets`: groups of SO_REUSEPORT sockets without the DNS, for those who serve them by themselves.
 *
 * @packageDocumentation
 */
import { SocketGroup, type SocketGroupOptions } from './socket/socket-group.js';

export { SocketGroup, type SocketGroupOptions, type Steering } from './socket/socket-group.js';
export type { NativeSocketStatistics as SocketGroupStatistics } from './addon.js';
export { usableCpus, type CpuSources } from './socket/cpus.js';
export { MAX_SOCKETS } from './socket/socket-count.js';

/** Opens a group of sockets: {@link SocketGroup.open}. */
export function openSockets(options: SocketGroupOptions): SocketGroup {
  return SocketGroup.open(options);
}
