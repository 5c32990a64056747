/** The giver's side of a hand-over of sockets (see `hand-over.ts`). */
import { checkInteger } from '../errors.js';
import type { AddressSockets } from './address-sockets.js';
import { ChannelListener, handOverError, type DescriptorChannel } from './descriptor-channel.js';
import {
  checkPath,
  checkTimeout,
  hear,
  LAST_WORD_TIMEOUT,
  say,
  sayIfThere,
  sayLast,
  VERSION,
  within,
  type DescribedAddress,
} from './hand-over.js';
import type { SocketGroup } from './socket-group.js';

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

function describe(group: SocketGroup): DescribedAddress['groups'][number] {
  return { ...group.description, sockets: group.descriptors.length };
}
