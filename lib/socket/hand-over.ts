/**
 * Hands sockets over to another process, so that a new version of a program continues with the open sockets of the old
 * one: nothing that waits in them is lost, and nobody can take the port in between.
 *
 * The giver listens on a Unix socket. It sends all descriptors and their description to the first process of the same
 * user that connects. The adopter starts to serve them and sends `ready`; the giver then removes the Unix socket, sends
 * `taken`, and may stop. If the adopter sends `failed`, the giver continues. Until then both have the sockets, and the
 * kernel gives each datagram and each connection to the process that reads first. If one of them dies, the other one
 * has the sockets.
 */
import { checkInteger, invalidType, invalidValue } from '../errors.js';
import type { AddressSockets } from './address-sockets.js';
import { ChannelListener, closeAll, DescriptorChannel, handOverError } from './descriptor-channel.js';
import { SocketGroup, type SocketGroupDescription } from './socket-group.js';

const VERSION = 1;
const MAX_TIMEOUT = 0x7fffffff;
/** For a few bytes that the kernel takes at once, in ms. */
const LAST_WORD_TIMEOUT = 1000;

/** The messages of the channel. `reason` is for people. */
type Message =
  | { type: 'sockets'; version: number; addresses: DescribedAddress[] }
  | { type: 'ready' }
  | { type: 'failed'; reason: string }
  | { type: 'taken' }
  | { type: 'withdrawn'; reason: string };

/** An address without its descriptors, which follow in this order: this many for each group. */
interface DescribedAddress {
  name: string;
  groups: (SocketGroupDescription & { sockets: number })[];
}

/** Options of {@link offerSockets}. */
export interface OfferOptions {
  /** Withdraws the offer. */
  signal?: AbortSignal;
  /** Milliseconds from an adopter's connection until it must be ready, 1 to 2,147,483,647; default 30,000. */
  timeout?: number;
  /** Permissions of the Unix socket; default 0o600. Processes of other users are refused in any case. */
  mode?: number;
}

/** A pending offer. */
export interface SocketOffer {
  /**
   * Resolves when an adopter serves the sockets: only then may the giver stop serving and close its own descriptors.
   * Rejects if the giver has to continue: with `ERR_MULTISOCKET_HAND_OVER` if the adopter failed, went away or took too
   * long, with the signal's reason if the offer was withdrawn, or with a system error. The Unix socket is gone in any
   * case; another attempt needs another offer.
   */
  readonly taken: Promise<void>;
  /** Withdraws the offer: {@link taken} rejects with an `AbortError`, unless it is settled. */
  withdraw(): void;
}

/**
 * Offers the sockets of these addresses to the first process of the same user that connects to the Unix socket at
 * `path`. The giver keeps serving until {@link SocketOffer.taken} resolves. The adopter gets the sockets that the
 * groups have when it connects: they must not be resized from then on. A stale socket file is replaced.
 *
 * Throws `EADDRINUSE` if another process listens at `path`, `ENOTSOCK` if the file is not a socket, another system
 * error, or the error of an invalid option. A pending offer keeps the process alive.
 */
export function offerSockets(
  path: string,
  addresses: readonly AddressSockets[],
  options: OfferOptions = {},
): SocketOffer {
  const timeout = checkTimeout(options.timeout ?? 30_000);
  const mode = checkInteger('mode', options.mode ?? 0o600, 0, 0o777);
  options.signal?.throwIfAborted();
  const withdrawal = new AbortController();
  const signals = options.signal === undefined ? [withdrawal.signal] : [withdrawal.signal, options.signal];
  const listener = new ChannelListener(checkPath(path), mode);
  const taken = give(listener, addresses, timeout, AbortSignal.any(signals));
  // A caller that ignores the outcome keeps serving, which is right whenever this rejects.
  taken.catch(() => undefined);
  return {
    taken,
    withdraw: () => {
      withdrawal.abort();
    },
  };
}

async function give(
  listener: ChannelListener,
  addresses: readonly AddressSockets[],
  timeout: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    const channel = await listener.accept(signal);
    const late = handOverError(`The adopter was not ready within ${timeout} ms`);
    try {
      await within(timeout, late, signal, (bounded) => giveTo(channel, addresses, bounded));
      // This precedes the message, so that the adopter can make its own offer at once.
      listener.close();
      await say(channel, { type: 'taken' }, AbortSignal.timeout(LAST_WORD_TIMEOUT));
    } finally {
      channel.close();
    }
  } finally {
    listener.close();
  }
}

async function giveTo(channel: DescriptorChannel, addresses: readonly AddressSockets[], signal: AbortSignal) {
  const described = addresses.map(({ name, groups }) => ({ name, groups: groups.map(describe) }));
  const descriptors = addresses.flatMap(({ groups }) => groups.flatMap((group) => group.descriptors));
  // An adopter without room for all of them may be gone before the last is sent.
  await sayIfThere(channel, { type: 'sockets', version: VERSION, addresses: described }, signal, descriptors);
  try {
    const answer = await hear(channel, signal);
    if (answer === undefined) throw handOverError('The adopter went away before it was ready');
    if (answer.type === 'failed') throw handOverError(`The adopter failed: ${answer.reason}`);
    if (answer.type !== 'ready') throw handOverError(`The adopter said ${JSON.stringify(answer.type)}`);
  } catch (error) {
    await sayLast(channel, { type: 'withdrawn', reason: (error as Error).message });
    throw error;
  }
}

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

/** Sends the last message of a channel. */
async function sayLast(channel: DescriptorChannel, message: Message): Promise<void> {
  await sayIfThere(channel, message, AbortSignal.timeout(LAST_WORD_TIMEOUT));
}

/** Sends a message to a process that may have gone, which is not an error; its earlier messages can still be read. */
async function sayIfThere(...said: Parameters<typeof say>): Promise<void> {
  try {
    await say(...said);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPIPE' && code !== 'ECONNRESET') throw error;
  }
}

async function settle(channel: DescriptorChannel, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    channel.close();
  }
}

async function say(
  channel: DescriptorChannel,
  message: Message,
  signal: AbortSignal,
  descriptors: readonly number[] = [],
): Promise<void> {
  await channel.send(message, descriptors, signal);
}

/** Receives a message without descriptors; undefined if the other side is gone. */
async function hear(channel: DescriptorChannel, signal: AbortSignal): Promise<Message | undefined> {
  const received = await channel.receive(signal);
  if (received === undefined) return undefined;
  closeAll(received.descriptors);
  return received.content as Message;
}

function describe(group: SocketGroup): DescribedAddress['groups'][number] {
  return { ...group.description, sockets: group.descriptors.length };
}

function closeGroups(groups: readonly SocketGroup[]): void {
  for (const group of groups) group.close();
}

/** Runs `work` with a signal that fires after `timeout` ms with `late`, or with `outer`. */
async function within<T>(
  timeout: number,
  late: Error,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(late);
  }, timeout);
  try {
    return await work(outer === undefined ? controller.signal : AbortSignal.any([controller.signal, outer]));
  } finally {
    clearTimeout(timer);
  }
}

function checkTimeout(value: unknown): number {
  return checkInteger('timeout', value, 1, MAX_TIMEOUT);
}

function checkPath(path: unknown): string {
  if (typeof path !== 'string') throw invalidType('path', 'a string', path);
  if (path === '' || path.includes('\0')) throw invalidValue('path', 'must be the path of a Unix socket', path);
  return path;
}
