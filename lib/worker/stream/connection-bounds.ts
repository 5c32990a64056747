import type { ConnectionBounds } from '../../options/tcp.js';
import type { ServingOptions } from '../messages.js';

type Settings = Pick<ServingOptions, 'tcp' | 'ownTcp'>;

/** The bounds of the connections to an address. `entry`: see `ServerSocket`. */
export function boundsOf({ tcp, ownTcp }: Settings, entry: string): Required<ConnectionBounds> {
  const { idleTimeout, messageTimeout, writeTimeout, handshakeTimeout, lingerTimeout, maxQueries } = tcp;
  const shared = { idleTimeout, messageTimeout, writeTimeout, handshakeTimeout, lingerTimeout, maxQueries };
  return Object.hasOwn(ownTcp, entry) ? { ...shared, ...ownTcp[entry] } : shared;
}

/** The bounds of a server and of its addresses. */
export function allBounds(settings: Settings): Required<ConnectionBounds>[] {
  return [settings.tcp, ...Object.keys(settings.ownTcp).map((entry) => boundsOf(settings, entry))];
}

/** The shortest time limit, in ms. */
export function shortestTime(bounds: Required<ConnectionBounds>): number {
  const { handshakeTimeout, messageTimeout, idleTimeout, writeTimeout, lingerTimeout } = bounds;
  return Math.min(handshakeTimeout, messageTimeout, idleTimeout, writeTimeout, lingerTimeout);
}
