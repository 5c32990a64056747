/** The options of a group of sockets, and what their table cannot check. */
import { isIP } from 'node:net';
import { invalidValue } from '../errors.js';
import { socketGroup, type SocketGroupOptions, type Steering } from '../options/sockets.js';
import { resolve } from '../options/table.js';
import { defaultSocketCount } from './socket-count.js';

export type { SocketGroupOptions, Steering };

/** The options of a group with their defaults. */
export type CheckedGroupOptions = Required<Omit<SocketGroupOptions, 'interface'>> & { interface: string | undefined };

/** Checks the options of a group; returns them with the defaults. Throws the error of an invalid option. */
export function checkGroupOptions(given: SocketGroupOptions): CheckedGroupOptions {
  const options = resolve('', socketGroup, given);
  if (isIP(options.address) === 0) {
    throw invalidValue('address', 'must be a numeric IPv4 or IPv6 address', options.address);
  }
  return { ...options, sockets: options.sockets ?? defaultSocketCount() };
}
