/** One address of a server at work: the entry of `listen` that it serves, and its groups of sockets. */
import { isDeepStrictEqual } from 'node:util';
import type { Endpoint } from '../message/batch.js';
import { nameOfAddress, type AddressTransport, type Protocol } from '../socket/addresses.js';
import type { ServerConfig } from './options/config.js';
import { ServedGroup, type GroupSockets } from './served-group.js';

/** An address that a server listens on, port 0 resolved. */
export interface BoundAddress extends Endpoint {
  transport: AddressTransport;
  /** With `dns`: the only protocol that it is served by; undefined: both. */
  protocol?: Protocol;
  /** The interface whose queries it gets; undefined: all. */
  interface?: string;
}

/** An entry of `listen` at work. */
export interface Address {
  wanted: ListenEntry;
  bound: BoundAddress;
  /** Its place among the rows of counters; no other open address has it. */
  slot: number;
  groups: ServedGroup[];
  /** How many of a protocol's sockets another process keeps when this one is closed. */
  kept?: number;
}

/** An entry of the option `listen` after its check. */
export type ListenEntry = ServerConfig['listen'][number];

/** Closes all sockets of the addresses. */
export function closeAll(addresses: readonly Address[]): void {
  for (const group of addresses.flatMap(({ groups }) => groups)) group.close();
}

/** Whether two entries of `listen` mean the same address. */
export function isSame(one: ListenEntry, other: ListenEntry): boolean {
  return isDeepStrictEqual({ ...one, sockets: 0 }, { ...other, sockets: 0 });
}

/** An address that serves open groups of sockets. `shared`: whether another process has the sockets, too. */
export function addressOf(
  groups: readonly GroupSockets[],
  wanted: ListenEntry,
  slot: number,
  shared: boolean,
): Address {
  const { transport, protocol } = wanted;
  const { interface: name } = groups[0];
  const served = groups.map((group) => new ServedGroup(group, slot, transport, nameOfAddress(wanted), shared));
  const bound = {
    transport,
    ...served[0].local,
    ...(protocol !== undefined && { protocol }),
    ...(name !== undefined && { interface: name }),
  };
  return { wanted, bound, slot, groups: served };
}
