/** One thread's part of a server: it borrows sockets, serves them with a handler, and gives them back. */
import { addon } from '../addon.js';
import type { Logger } from '../message/handler.js';
import { ConnectionLimits } from '../transport/connection-limits.js';
import { Dispatcher } from '../transport/dispatcher.js';
import { ConnectionGate } from '../transport/connection-gate.js';
import { HttpsTransport } from '../transport/https.js';
import type { SharedTls } from '../transport/secure-context.js';
import { StreamTransport } from '../transport/stream.js';
import { UdpTransport } from '../transport/udp.js';
import { loadHandler, type LoadedHandler } from './handler-module.js';
import { startBeating } from './heartbeat.js';
import type { ServerSocket, ServingOptions } from './messages.js';
import { Reporter } from './reporter.js';

/** What a {@link Serving} is made from. */
export interface ServingStart extends ServingOptions {
  logger: Logger;
  /** Told of handlers that fail, at most once a second for each kind. */
  warn(error: Error): void;
  /** Passes on what the handler module has to say. */
  postMessage(message: unknown): void;
}

/** See the file's head. */
export class Serving {
  readonly #loaded: LoadedHandler;
  readonly #abort: AbortController;
  readonly #reporter: Reporter;
  readonly #dispatcher: Dispatcher;
  readonly #udp: UdpTransport;
  readonly #streams: StreamTransport;
  readonly #https: HttpsTransport;
  readonly #sockets = new Map<number, ServerSocket>();
  readonly #stopBeating: () => void;

  /** Loads the handler and is then ready to borrow sockets. `handler`: a module's URL, or a handler that is here already. */
  static async start(start: ServingStart, handler: string | LoadedHandler['handler']): Promise<Serving> {
    const abort = new AbortController();
    const { workerData, index, logger } = start;
    const postMessage = (message: unknown): void => {
      start.postMessage(message);
    };
    const loaded =
      typeof handler === 'function'
        ? { handler, close: () => Promise.resolve() }
        : await loadHandler(handler, { workerData, index, logger, postMessage, signal: abort.signal });
    return new Serving(start, loaded, abort);
  }

  private constructor(start: ServingStart, loaded: LoadedHandler, abort: AbortController) {
    const { maxPayloadSize, handlerTimeout, maxInFlight, overload, row, tcp } = start;
    this.#loaded = loaded;
    this.#abort = abort;
    const counters = new Float64Array(start.memory);
    this.#reporter = new Reporter((error) => {
      start.warn(error);
    });
    const cache = start.cache === 0 ? undefined : new addon.AnswerCache(start.cache);
    const guard = start.guard === 0 ? undefined : new addon.Guard(start.guard);
    this.#dispatcher = new Dispatcher({
      handler: loaded.handler,
      handlerTimeout,
      maxInFlight,
      overload,
      cache,
      maxPayloadSize,
      counters,
      row,
      report: (code, make) => {
        this.#reporter.report(code, make);
      },
    });
    const dispatcher = this.#dispatcher;
    this.#udp = new UdpTransport({
      dispatcher,
      counters,
      row,
      cache,
      guard,
      maxPayloadSize,
      maxQueueDelay: start.maxQueueDelay,
    });
    const limits = new ConnectionLimits(start.connections, start.seat);
    const gate = new ConnectionGate({ ...tcp, limits, counters, row });
    const options = { ...tcp, dispatcher, counters, row, cache, guard, gate, tls: start.tls };
    this.#streams = new StreamTransport(options);
    this.#https = new HttpsTransport(options);
    this.#stopBeating = start.heartbeat === 0 ? () => undefined : startBeating(counters, row, start.heartbeat);
  }

  /** Starts to serve sockets. */
  async lend(sockets: readonly ServerSocket[]): Promise<void> {
    const listening: Promise<void>[] = [];
    for (const socket of sockets) {
      this.#sockets.set(socket.number, socket);
      if (socket.transport === 'udp') this.#udp.add(socket);
      else if (socket.transport === 'https') listening.push(this.#https.add(socket));
      else listening.push(this.#streams.add(socket, socket.transport));
    }
    await Promise.all(listening);
  }

  /** Stops to take from sockets; resolves when what came through them has been answered. */
  async release(numbers: readonly number[]): Promise<void> {
    await Promise.all(
      numbers.map(async (number) => {
        const socket = this.#sockets.get(number);
        this.#sockets.delete(number);
        if (socket?.transport === 'udp') await this.#udp.release(number);
        else if (socket?.transport === 'https') this.#https.release(number);
        else this.#streams.release(number);
      }),
    );
  }

  /** Shows these certificates to new connections. Throws what OpenSSL has against them. */
  secure(tls: SharedTls): void {
    this.#streams.secure(tls);
    this.#https.secure(tls);
  }

  /** Takes nothing new, finishes what is in flight, and lets the handler module close. */
  async drain(): Promise<void> {
    await this.release([...this.#sockets.keys()]);
    await Promise.all([this.#streams.drain(), this.#https.drain(), this.#dispatcher.drained()]);
    this.#abort.abort();
    await this.#loaded.close();
    this.destroy();
  }

  /** Cuts off what is still there. */
  destroy(): void {
    this.#stopBeating();
    this.#abort.abort();
    this.#dispatcher.abort();
    this.#reporter.close();
    this.#udp.close();
    this.#streams.destroy();
    this.#https.destroy();
  }

  ref(): void {
    this.#udp.ref();
    this.#streams.ref();
    this.#https.ref();
  }

  unref(): void {
    this.#udp.unref();
    this.#streams.unref();
    this.#https.unref();
  }
}
