import {
  addon,
  nativeMissing,
  type AnswerCache,
  type AnswerFront,
  type NativeZoneImage,
  type ZoneRules,
  type ZoneTable,
} from '../native/addon.js';
import type { Logger } from '../message/handler.js';
import { Connections } from './stream/connections.js';
import { createContext, type WorkerContext } from './context.js';
import type { Dispatcher } from './dispatcher.js';
import { GrpcService } from './grpc/grpc-service.js';
import { HttpsService } from './https/https-service.js';
import { PlainUdpTransport } from './udp/plain-udp.js';
import type { SharedTls } from './stream/secure-context.js';
import { TcpService } from './stream/tcp-protocol.js';
import { UdpTransport } from './udp/udp.js';
import { loadHandler, type LoadedHandler } from './handler-module.js';
import { startBeating } from './heartbeat.js';
import { NativeZones } from './native-zones.js';
import type { ServerSocket, ServingOptions } from './messages.js';
import { OwnerMessages } from './owner-messages.js';
import { Reporter } from './reporter.js';

/** Native code answers a handler's own zones whole. */
const HANDLERS_OWN: ZoneRules = { leavesVacant: false, leavesAliases: false };

/** Options of a {@link Serving}. */
export interface ServingStart extends ServingOptions {
  logger: Logger;
  /** Receives the failures of handlers, at most one a second of each kind. */
  warn(error: Error): void;
  /** Passes on a message of the handler module. */
  postMessage(message: unknown): void;
}

/** The serving side of one thread: borrows sockets, serves them with a handler, and gives them back. */
export class Serving {
  readonly #loaded: LoadedHandler;
  readonly #messages: OwnerMessages;
  readonly #abort: AbortController;
  readonly #reporter: Reporter;
  readonly #dispatcher: Dispatcher;
  readonly #udp: UdpTransport | PlainUdpTransport;
  readonly #connections: Connections;
  readonly #sockets = new Map<number, ServerSocket>();
  /** The server's own cache, in front of the handler. */
  readonly #caches: readonly AnswerCache[];
  /** The zones that the handler has given to native code. */
  readonly #zones: ZoneTable | undefined;
  readonly #log: WorkerContext['log'];
  readonly #stopBeating: () => void;

  /** Loads the handler; the result is ready to borrow sockets. `handler`: a module's URL, or a loaded handler. */
  static async start(start: ServingStart, handler: string | LoadedHandler['handler']): Promise<Serving> {
    const abort = new AbortController();
    const { workerData, index, logger, maxPayloadSize } = start;
    const zones = nativeMissing === undefined ? new NativeZones() : undefined;
    const serveZone = (image: NativeZoneImage): void => zones?.put(image.origin, HANDLERS_OWN, image);
    const withdrawZone = (origin: string): void => zones?.remove(origin);
    const postMessage = (message: unknown): void => {
      start.postMessage(message);
    };
    const messages = new OwnerMessages((error) => {
      start.warn(error);
    });
    const { on } = messages;
    const { signal } = abort;
    const loaded =
      typeof handler === 'function'
        ? { handler, caches: () => [], zones: () => undefined, checksSignatures: false, close: () => Promise.resolve() }
        : await loadHandler(handler, {
            workerData,
            index,
            logger,
            maxPayloadSize,
            signal,
            postMessage,
            on,
            serveZone,
            withdrawZone,
          });
    if (start.kept !== undefined) await messages.deliver(start.kept.message);
    return new Serving(start, loaded, messages, abort, typeof handler === 'function' ? undefined : zones?.table);
  }

  private constructor(
    start: ServingStart,
    loaded: LoadedHandler,
    messages: OwnerMessages,
    abort: AbortController,
    zones: ZoneTable | undefined,
  ) {
    this.#loaded = loaded;
    this.#messages = messages;
    this.#abort = abort;
    this.#reporter = new Reporter((error) => {
      start.warn(error);
    });
    const context = createContext(start, loaded, (code, make) => {
      this.#reporter.report(code, make);
    });
    const { cache, counters, row, log } = context;
    this.#log = log;
    this.#caches = cache === undefined ? [] : [cache];
    this.#zones = zones;
    this.#dispatcher = context.dispatcher;
    this.#udp = nativeMissing === undefined ? new UdpTransport(context) : new PlainUdpTransport(context);
    this.#connections = new Connections(context, {
      tcp: new TcpService(context, false),
      tls: new TcpService(context, true),
      https: new HttpsService(context),
      grpc: new GrpcService(context),
    });
    this.#stopBeating = start.heartbeat === 0 ? () => undefined : startBeating(counters, row, start.heartbeat);
  }

  /** Starts to serve sockets, when the listeners have run for earlier messages: all, or none if it rejects. */
  async lend(sockets: readonly ServerSocket[]): Promise<void> {
    await this.#messages.delivered;
    const outcomes = await Promise.allSettled(sockets.map((socket) => this.#add(socket)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return;
    await this.release(sockets.map(({ number }) => number));
    throw failed.reason;
  }

  /** Stops taking from sockets; resolves when everything that came through them is answered. */
  async release(numbers: readonly number[]): Promise<void> {
    await Promise.all(
      numbers.map(async (number) => {
        const socket = this.#sockets.get(number);
        this.#sockets.delete(number);
        if (socket?.transport === 'udp') await this.#udp.release(number);
        else this.#connections.release(number);
      }),
    );
  }

  /** Runs the listeners for a message of the server. */
  hear(message: unknown): Promise<void> {
    return this.#messages.deliver(message);
  }

  /** Uses these settings for new connections. Throws the error of OpenSSL. */
  secure(tls: SharedTls): void {
    this.#connections.secure(tls);
  }

  /** Takes nothing new, finishes what is in flight, and lets the handler module close. */
  async drain(): Promise<void> {
    await this.release([...this.#sockets.keys()]);
    await this.#connections.drain();
    await this.#dispatcher.drained();
    this.#abort.abort();
    await this.#loaded.close();
    this.destroy();
  }

  /** Cuts off what is still open. */
  destroy(): void {
    this.#stopBeating();
    this.#abort.abort();
    this.#dispatcher.abort();
    this.#reporter.close();
    this.#udp.close();
    this.#connections.destroy();
  }

  ref(): void {
    this.#udp.ref();
    this.#connections.ref();
  }

  unref(): void {
    this.#udp.unref();
    this.#connections.unref();
  }

  async #add(socket: ServerSocket): Promise<void> {
    this.#sockets.set(socket.number, socket);
    const caches = this.#loaded.caches(socket.local);
    const front = this.#frontOf(
      caches.length === 0 ? this.#caches : caches,
      this.#loaded.zones(socket.local) ?? this.#zones,
    );
    const { transport } = socket;
    if (transport === 'udp') this.#udp.add(socket, front);
    else await this.#connections.add({ ...socket, transport }, front);
  }

  /** What answers before the handler on some sockets; undefined: nothing. */
  #frontOf(caches: readonly AnswerCache[], zones: ZoneTable | undefined): AnswerFront | undefined {
    if (caches.length === 0 && this.#log === undefined && zones === undefined) return undefined;
    return new addon.AnswerFront(caches, this.#log, zones);
  }
}
