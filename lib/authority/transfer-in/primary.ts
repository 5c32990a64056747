/** Exchanges of messages with a primary. */
import { createSocket } from 'node:dgram';
import { isIPv6, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { framed } from '../../dns/framing.js';
import { LENGTH_PREFIX } from '../../dns/numbers.js';
import { openTcp, openTls } from '../../forward/connection.js';
import { formatAddress } from '../../socket/addresses.js';
import { FrameInput } from '../../worker/stream/frame-input.js';

/** A server that a zone is transferred from. It can be cloned. */
export interface Primary {
  /** Numeric. */
  address: string;
  port: number;
  /** For zone transfers over TLS (RFC 9103); undefined: UDP and TCP. */
  tls?: ConnectionOptions | undefined;
}

/** What an exchange may take. */
export interface ExchangeLimits {
  /** Milliseconds for a connection, a handshake and the next message, each. */
  idle: number;
  /** Octets that the answer may have. */
  octets: number;
  /** Milliseconds for the whole answer, and more for each KiB of it: 1,000 of them demand a rate of 1 KiB a second. */
  total: number;
  perKib: number;
  /** Milliseconds for the whole answer, whatever its size. */
  longest: number;
}

/** Milliseconds between checks of the limits. */
const CHECK_INTERVAL = 250;

/** A primary in messages: `192.0.2.1:53`, `tls://192.0.2.1:853`. */
export function nameOfPrimary({ address, port, tls }: Primary): string {
  return `${tls === undefined ? '' : 'tls://'}${formatAddress(address, port)}`;
}

/**
 * Sends a query by TCP or TLS, and calls `take` with each message of the answer until it returns true. Rejects with what
 * `take` throws, and with an `Error` for a broken connection, a limit that is exceeded, or the reason of `signal`.
 */
export async function exchangeByStream(
  primary: Primary,
  query: Buffer,
  take: (message: Buffer) => boolean,
  limits: ExchangeLimits,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { address, port, tls } = primary;
  const settings = { address, port, source: undefined };
  const socket = tls === undefined ? openTcp({ ...settings, tls }) : openTls({ ...settings, tls: { ...tls } }, 'dot');
  const watch = new Watch(socket, limits);
  const abort = (): void => {
    socket.destroy(reasonOf(signal));
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      const input = new FrameInput();
      socket.on('error', reject);
      socket.on('close', () => {
        reject(new Error('the connection was closed before the end'));
      });
      socket.on('data', (chunk: Buffer) => {
        try {
          watch.received(chunk.length);
          input.push(chunk, 0);
          if (takeFrames(input, take, watch)) resolve();
        } catch (error) {
          socket.destroy(error as Error);
        }
      });
      socket.write(framed(query));
    });
  } finally {
    watch.end();
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/** Calls `take` for each whole message; returns whether one was the last. */
function takeFrames(input: FrameInput, take: (message: Buffer) => boolean, watch: Watch): boolean {
  while (input.end - input.start >= LENGTH_PREFIX) {
    const start = input.start + LENGTH_PREFIX;
    const end = start + input.bytes.readUInt16BE(input.start);
    if (end > input.end) return false;
    input.consume(end, 0);
    watch.message();
    if (take(input.bytes.subarray(start, end))) return true;
  }
  return false;
}

/** Destroys a connection whose answer exceeds a limit. */
class Watch {
  readonly #limits: ExchangeLimits;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;
  #last = this.#started;
  #octets = 0;

  constructor(socket: Socket, limits: ExchangeLimits) {
    this.#limits = limits;
    this.#timer = setInterval(() => {
      const fault = this.#fault();
      if (fault !== undefined) socket.destroy(new Error(fault));
    }, CHECK_INTERVAL);
  }

  received(octets: number): void {
    this.#octets += octets;
    const { octets: most } = this.#limits;
    if (this.#octets > most) throw new Error(`the answer has more than ${most} octets`);
  }

  message(): void {
    this.#last = performance.now();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #fault(): string | undefined {
    const { idle, total, perKib, longest } = this.#limits;
    const now = performance.now();
    if (now - this.#last > idle) return `no message came for ${idle / 1000} seconds`;
    const allowed = Math.min(longest, total + (perKib * this.#octets) / 1024);
    return now - this.#started > allowed
      ? `the answer takes more than ${Math.round(allowed / 1000)} seconds`
      : undefined;
  }
}

/** Sends a query by UDP until an answer comes that `accepts` takes. Rejects with an `Error` after `attempts`. */
export async function exchangeByUdp(
  { address, port }: Primary,
  query: Buffer,
  accepts: (message: Buffer) => boolean,
  { attempts, timeout }: { attempts: number; timeout: number },
  signal: AbortSignal,
): Promise<Buffer> {
  signal.throwIfAborted();
  const socket = createSocket(isIPv6(address.split('%')[0]) ? 'udp6' : 'udp4');
  let timer: NodeJS.Timeout | undefined;
  let abort: (() => void) | undefined;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      abort = () => {
        reject(reasonOf(signal));
      };
      signal.addEventListener('abort', abort, { once: true });
      let sent = 0;
      const send = (): void => {
        if (sent++ === attempts) reject(new Error(`no answer came by UDP in ${(attempts * timeout) / 1000} seconds`));
        else socket.send(query);
      };
      socket.on('error', reject);
      socket.on('message', (message) => {
        if (accepts(message)) resolve(message);
      });
      // A connected socket gets datagrams of this address and port alone.
      socket.connect(port, address, () => {
        send();
        timer = setInterval(send, timeout);
      });
    });
  } finally {
    clearInterval(timer);
    if (abort !== undefined) signal.removeEventListener('abort', abort);
    socket.close();
  }
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('the exchange was aborted');
}
