/**
 * `multisocket/sockets`: groups of SO_REUSEPORT sockets without the DNS, for those who serve them by themselves.
 *
 * @packageDocumentation
 */
import type { SocketGroupOptions } from './options/sockets.js';
import { SocketGroup } from './socket/socket-group.js';

export { SocketGroup, type SocketGroupDescription } from './socket/socket-group.js';
export { MAX_SOCKETS, type SocketGroupOptions, type Steering } from './options/sockets.js';
export type { AddressSockets } from './socket/address-sockets.js';
export { listenFds, type ListenFdsOptions } from './socket/listen-fds.js';
export { adoptSockets, type AdoptedSockets, type AdoptOptions } from './socket/adopt-sockets.js';
export { offerSockets, type OfferOptions, type SocketOffer } from './socket/offer-sockets.js';
export type { NativeSocketStatistics as SocketGroupStatistics } from './native/addon.js';
export { usableCpus, type CpuSources } from './socket/cpus.js';

/** Opens a group of sockets: {@link SocketGroup.open}. */
export function openSockets(options: SocketGroupOptions): SocketGroup {
  return SocketGroup.open(options);
}
