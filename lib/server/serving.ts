/** One thread's part of a server: it borrows sockets, serves them with a handler, and gives them back. */
import type { Logger } from '../message/handler.js';
import { ConnectionLimits } from '../transport/connection-limits.js';
import { Dispatcher } from '../transport/dispatcher.js';
import { TcpTransport } from '../transport/tcp.js';
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
}

/** See the file's head. */
export class Serving {
  readonly #loaded: LoadedHandler;
  readonly #abort: AbortController;
  readonly #reporter: Reporter;
  readonly #dispatcher: Dispatcher;
  readonly #udp: UdpTransport;
  readonly #tcp: TcpTransport;
  readonly #sockets = new Map<number, ServerSocket>();
  readonly #stopBeating: () => void;

  /** Loads the handler and is then ready to borrow sockets. `handler`: a module's URL, or a handler that is here already. */
  static async start(start: ServingStart, handler: string | LoadedHandler['handler']): Promise<Serving> {
    const abort = new AbortController();
    const { workerData, index, logger } = start;
    const loaded =
      typeof handler === 'function'
        ? { handler, close: () => Promise.resolve() }
        : await loadHandler(handler, { workerData, index, logger, signal: abort.signal });
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
    this.#dispatcher = new Dispatcher({
      handler: loaded.handler,
      handlerTimeout,
      maxInFlight,
      overload,
      maxPayloadSize,
      counters,
      row,
      report: (code, make) => {
        this.#reporter.report(code, make);
      },
    });
    const dispatcher = this.#dispatcher;
    this.#udp = new UdpTransport({ dispatcher, counters, row, maxPayloadSize });
    const limits = new ConnectionLimits(start.connections, start.seat);
    this.#tcp = new TcpTransport({ ...tcp, dispatcher, counters, row, limits });
    this.#stopBeating = start.heartbeat === 0 ? () => undefined : startBeating(counters, row, start.heartbeat);
  }

  /** Starts to serve sockets. */
  async lend(sockets: readonly ServerSocket[]): Promise<void> {
    const listening: Promise<void>[] = [];
    for (const socket of sockets) {
      this.#sockets.set(socket.number, socket);
      if (socket.protocol === 'udp') this.#udp.add(socket);
      else listening.push(this.#tcp.add(socket));
    }
    await Promise.all(listening);
  }

  /** Stops to take from sockets; resolves when what came through them has been answered. */
  async release(numbers: readonly number[]): Promise<void> {
    await Promise.all(
      numbers.map(async (number) => {
        const socket = this.#sockets.get(number);
        this.#sockets.delete(number);
        if (socket?.protocol === 'udp') await this.#udp.release(number);
        else if (socket?.protocol === 'tcp') this.#tcp.release(number);
      }),
    );
  }

  /** Takes nothing new, finishes what is in flight, and lets the handler module close. */
  async drain(): Promise<void> {
    await Promise.all([this.release([...this.#sockets.keys()]), this.#tcp.drain(), this.#dispatcher.drained()]);
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
    this.#tcp.destroy();
  }

  ref(): void {
    this.#udp.ref();
    this.#tcp.ref();
  }

  unref(): void {
    this.#udp.unref();
    this.#tcp.unref();
  }
}
