/**
 * What happens in a server, for `node:diagnostics_channel`. Messages are published on the thread that owns the server.
 *
 * | channel                     | message                                                    |
 * | --------------------------- | ---------------------------------------------------------- |
 * | `multisocket:socket:assign` | `{ worker, sockets }`: a worker serves these sockets now   |
 * | `multisocket:worker:start`  | `{ worker }`: a worker is ready to serve                   |
 * | `multisocket:worker:exit`   | `{ worker, error }`: a worker has died                     |
 * | `multisocket:worker:stall`  | `{ worker, stalled }`: its loop has stalled, or turns again |
 * | `multisocket:query:shed`    | `{ worker, error }`: queries were shed, at most one a second |
 * | `multisocket:group:steer`   | `{ address, port, protocol, steering, sockets }`           |
 * | `multisocket:sockets:adapt` | `{ from, to, cpuUsed, cpuAvailable }`: `sockets: 'auto'` has changed the number |
 */
import { channel } from 'node:diagnostics_channel';

/** The channels, by event. */
export const channels = {
  assign: channel('multisocket:socket:assign'),
  start: channel('multisocket:worker:start'),
  exit: channel('multisocket:worker:exit'),
  stall: channel('multisocket:worker:stall'),
  shed: channel('multisocket:query:shed'),
  steer: channel('multisocket:group:steer'),
  adapt: channel('multisocket:sockets:adapt'),
};
