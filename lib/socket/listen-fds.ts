/** Sockets that systemd, or a compatible manager, opened before it started this process: sd_listen_fds(3). */
import { withCode, type CodedError } from '../errors.js';
import type { AddressSockets } from './address-sockets.js';
import { formatAddress } from './addresses.js';
import { describeOne } from './inherited.js';
import { SocketGroup } from './socket-group.js';

/** SD_LISTEN_FDS_START. */
const FIRST = 3;
const MAX = 0x7fffffff;
const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'] as const;

/** Options of {@link listenFds}. */
export interface ListenFdsOptions {
  /** Remove the variables, so that child processes do not take the sockets for their own; default true. */
  unset?: boolean;
}

/**
 * Takes the sockets that this process was started with: `LISTEN_FDS` descriptors from 3 on if `LISTEN_PID` is this
 * process. Sockets of one protocol, address, port and interface make a group, in the order of their descriptors; UDP and TCP on
 * one address and port make one address, with the name of its first descriptor in `LISTEN_FDNAMES` (`unknown` without).
 * The addresses are in the order of their first descriptors; empty if this process got none. Call it on the main
 * thread, and once: the groups own the descriptors.
 *
 * Throws `ERR_MULTISOCKET_LISTEN_FDS` if a variable is invalid, `ERR_MULTISOCKET_INHERITED_SOCKET` if a descriptor is
 * not a bound UDP socket or a listening TCP socket of IPv4 or IPv6, or shares its address without SO_REUSEPORT. Then
 * all descriptors stay open, and the variables are as `unset` says.
 */
export function listenFds(options: ListenFdsOptions = {}): AddressSockets[] {
  const { LISTEN_PID: pid, LISTEN_FDS: fds, LISTEN_FDNAMES: fdNames } = process.env;
  if (options.unset ?? true) for (const name of VARIABLES) Reflect.deleteProperty(process.env, name);
  if (pid === undefined || fds === undefined) return [];
  if (readNumber('LISTEN_PID', pid) !== process.pid) return [];
  const count = readNumber('LISTEN_FDS', fds);
  const names = fdNames?.split(':');
  if (names !== undefined && names.length !== count) {
    throw variableFault('LISTEN_FDNAMES', `names ${names.length} descriptors where LISTEN_FDS has ${count}`);
  }
  return sortByAddress(count, names).map(({ name, udp, tcp }) => ({
    name,
    groups: [udp, tcp].filter((group) => group.length > 0).map((group) => SocketGroup.adopt(group)),
  }));
}

/** Descriptors of one address and port. */
interface Descriptors {
  name: string;
  udp: number[];
  tcp: number[];
}

function sortByAddress(count: number, names: readonly string[] | undefined): Descriptors[] {
  const found = new Map<string, Descriptors>();
  for (let i = 0; i < count; i++) {
    const { protocol, address, port, interface: name } = describeOne(FIRST + i);
    const key = formatAddress(address, port, name);
    const descriptors = found.get(key) ?? { name: names?.[i] ?? 'unknown', udp: [], tcp: [] };
    descriptors[protocol].push(FIRST + i);
    found.set(key, descriptors);
  }
  return [...found.values()];
}

function readNumber(variable: string, text: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > MAX) throw variableFault(variable, `must be a positive integer; it is "${text}"`);
  return value;
}

function variableFault(variable: string, fault: string): CodedError {
  return withCode(new Error(`The environment variable ${variable} ${fault}`), 'ERR_MULTISOCKET_LISTEN_FDS');
}
