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
import { MAX_INT32 } from '../options/numbers.js';
import { closeAll, type DescriptorChannel } from './descriptor-channel.js';
import type { SocketGroupDescription } from './socket-group.js';

/** The version of the messages. */
export const VERSION = 1;
/** For a few bytes that the kernel takes at once, in ms. */
export const LAST_WORD_TIMEOUT = 1000;

/** The messages of the channel. `reason` is for people. */
export type Message =
  | { type: 'sockets'; version: number; addresses: DescribedAddress[] }
  | { type: 'ready' }
  | { type: 'failed'; reason: string }
  | { type: 'taken' }
  | { type: 'withdrawn'; reason: string };

/** An address without its descriptors, which follow in this order: this many for each group. */
export interface DescribedAddress {
  name: string;
  groups: (SocketGroupDescription & { sockets: number })[];
}

/** Sends the last message of a channel. */
export async function sayLast(channel: DescriptorChannel, message: Message): Promise<void> {
  await sayIfThere(channel, message, AbortSignal.timeout(LAST_WORD_TIMEOUT));
}

/** Sends a message to a process that may have gone, which is not an error; its earlier messages can still be read. */
export async function sayIfThere(...said: Parameters<typeof say>): Promise<void> {
  try {
    await say(...said);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPIPE' && code !== 'ECONNRESET') throw error;
  }
}

/** Sends a message. */
export async function say(
  channel: DescriptorChannel,
  message: Message,
  signal: AbortSignal,
  descriptors: readonly number[] = [],
): Promise<void> {
  await channel.send(message, descriptors, signal);
}

/** Receives a message without descriptors; undefined if the other side is gone. */
export async function hear(channel: DescriptorChannel, signal: AbortSignal): Promise<Message | undefined> {
  const received = await channel.receive(signal);
  if (received === undefined) return undefined;
  closeAll(received.descriptors);
  return received.content as Message;
}

/** Runs `work` with a signal that fires after `timeout` ms with `late`, or with `outer`. */
export async function within<T>(
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

/** Checks the option `timeout`; returns it. */
export function checkTimeout(value: unknown): number {
  return checkInteger('timeout', value, 1, MAX_INT32);
}

/** Checks the path of a Unix socket; returns it. */
export function checkPath(path: unknown): string {
  if (typeof path !== 'string') throw invalidType('path', 'a string', path);
  if (path === '' || path.includes('\0')) throw invalidValue('path', 'must be the path of a Unix socket', path);
  return path;
}
