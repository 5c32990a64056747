/** The adopter's side of a hand-over of sockets (see `hand-over.ts`). */
import type { AddressSockets } from './address-sockets.js';
import { closeAll, DescriptorChannel, handOverError } from './descriptor-channel.js';
import { checkPath, checkTimeout, hear, sayIfThere, sayLast, VERSION, within, type Message } from './hand-over.js';
import { SocketGroup } from './socket-group.js';

/** Options of {@link adoptSockets}. */
export interface AdoptOptions {
  /** Milliseconds that the giver may take to send the sockets, and later to release them; default 10,000. */
  timeout?: number;
  /** Gives up while the sockets are awaited. */
  signal?: AbortSignal;
}

/**
 * Sockets of another process, until {@link ready} or {@link fail} is called. Exactly one of them is to be called, once.
 */
export interface AdoptedSockets {
  /** As the giver has them; this process owns the groups. */
  readonly addresses: AddressSockets[];
  /**
   * To be called when this process serves the sockets. Resolves when the giver has released them or has died, and the
   * path is free for an offer of this process. Rejects with `ERR_MULTISOCKET_HAND_OVER` if the giver has withdrawn or
   * does not answer in time: it keeps serving, and this process must stop and close the groups.
   */
  ready(): Promise<void>;
  /** To be called if this process cannot serve: closes the groups and tells the giver, which continues. */
  fail(reason: string): Promise<void>;
}

/**
 * Takes the sockets that another process of the same user offers at `path`.
 *
 * Rejects with `ENOENT` or `ECONNREFUSED` if there is no offer, `EACCES` if it is by another user's process,
 * `ERR_MULTISOCKET_HAND_OVER` if the giver breaks off or takes too long, `ERR_MULTISOCKET_INHERITED_SOCKET` if a
 * descriptor does not match its description, `EMFILE` if there is no room for all, or the error of an invalid option.
 * Then no descriptor is left open, and the giver continues.
 */
export async function adoptSockets(path: string, options: AdoptOptions = {}): Promise<AdoptedSockets> {
  const timeout = checkTimeout(options.timeout ?? 10_000);
  const channel = DescriptorChannel.connect(checkPath(path));
  try {
    const late = handOverError(`The giver sent no sockets within ${timeout} ms`);
    const addresses = await within(timeout, late, options.signal, (signal) => take(channel, signal));
    return {
      addresses,
      ready: () => settle(channel, () => confirm(channel, timeout)),
      fail: (reason) =>
        settle(channel, async () => {
          closeGroups(addresses.flatMap(({ groups }) => groups));
          await sayLast(channel, { type: 'failed', reason });
        }),
    };
  } catch (error) {
    channel.close();
    throw error;
  }
}

async function take(channel: DescriptorChannel, signal: AbortSignal): Promise<AddressSockets[]> {
  const received = await channel.receive(signal);
  if (received === undefined) throw handOverError('The giver broke off before it sent its sockets');
  const { descriptors } = received;
  const groups: SocketGroup[] = [];
  try {
    const message = received.content as Message;
    if (message.type === 'withdrawn') throw handOverError(`The giver withdrew: ${message.reason}`);
    if (message.type !== 'sockets' || message.version !== VERSION) {
      throw handOverError('The giver speaks another version of the protocol');
    }
    const announced = message.addresses
      .flatMap((address) => address.groups)
      .reduce((sum, group) => sum + group.sockets, 0);
    if (announced !== descriptors.length) {
      throw handOverError(`The giver sent ${descriptors.length} sockets and described ${announced}`);
    }
    return message.addresses.map(({ name, groups: described }) => ({
      name,
      groups: described.map(({ sockets, ...known }) => {
        const group = SocketGroup.adopt(descriptors.slice(0, sockets), known);
        descriptors.splice(0, sockets);
        groups.push(group);
        return group;
      }),
    }));
  } catch (error) {
    closeGroups(groups);
    closeAll(descriptors);
    await sayLast(channel, { type: 'failed', reason: (error as Error).message });
    throw error;
  }
}

async function confirm(channel: DescriptorChannel, timeout: number): Promise<void> {
  const late = handOverError(`The giver did not let go of the sockets within ${timeout} ms`);
  await within(timeout, late, undefined, async (signal) => {
    await sayIfThere(channel, { type: 'ready' }, signal);
    const answer = await hear(channel, signal);
    if (answer === undefined || answer.type === 'taken') return;
    throw handOverError(`The giver has not let go: ${answer.type === 'withdrawn' ? answer.reason : answer.type}`);
  });
}

async function settle(channel: DescriptorChannel, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    channel.close();
  }
}

function closeGroups(groups: readonly SocketGroup[]): void {
  for (const group of groups) group.close();
}
