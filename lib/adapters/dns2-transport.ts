/** The servers of dns2 for one transport, implemented by this library. */
import { EventEmitter } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { ListenOptions } from '../options/listen.js';
import type { ServerOptions } from '../options/server.js';
import { createServer, type Server } from '../server/server.js';
import { fromListener, type Dns2, type Dns2Handler, type Dns2Send } from './dns2-handler.js';

/** dns2's names of transports. */
export type TransportName = 'udp' | 'tcp' | 'doh';

/** The data that all servers of one `withMultisocket` share. */
export interface Context {
  dns2: Dns2;
  /** For `createServer` of this library. */
  options: Partial<ServerOptions>;
}

/** How to fail the request of a `send`: for listeners whose Promise rejects. */
const failures = new WeakMap<Dns2Send, (error: unknown) => void>();

/** The base of dns2's servers: events `request` and `requestError`, and listeners that may be asynchronous. */
export class RequestEmitter extends EventEmitter {
  constructor() {
    super({ captureRejections: true });
  }

  /** Handles the rejected Promise of a listener. */
  override [EventEmitter.captureRejectionSymbol](error: Error, event: string | symbol, ...args: unknown[]): void {
    const failed = event === 'request' ? failures.get(args[1] as Dns2Send) : undefined;
    if (failed !== undefined) failed(error);
    else process.nextTick(() => this.emit('error', error));
  }
}

/** Makes `send` stand for `original` if a listener fails. */
export function standsFor(send: Dns2Send, original: Dns2Send): Dns2Send {
  const failed = failures.get(original);
  if (failed !== undefined) failures.set(send, failed);
  return send;
}

/**
 * A server of one transport. Events: `listening`, `request`, `requestError`, `error`, `close`. A handler that throws or
 * rejects is a `requestError`, and its client gets SERVFAIL.
 */
export abstract class TransportServer extends RequestEmitter {
  readonly #context: Context;
  #server: Server | undefined;
  #listening = false;

  constructor(context: Context, handle?: unknown) {
    super();
    this.#context = context;
    if (typeof handle === 'function') this.on('request', handle as Dns2Handler);
  }

  /** Whether it listens. */
  get listening(): boolean {
    return this.#listening;
  }

  /** The bound address; null before it listens. */
  address(): AddressInfo | null {
    const bound = this.#server?.addresses()[0];
    return bound === undefined ? null : { address: bound.address, family: bound.family, port: bound.port };
  }

  ref(): this {
    this.#server?.ref();
    return this;
  }

  unref(): this {
    this.#server?.unref();
    return this;
  }

  /** Closes it; `callback` is called when it is closed, with an error if it was not open. */
  close(callback?: (error?: Error) => void): this {
    const server = this.#server;
    if (callback !== undefined) this.once('close', callback);
    this.#server = undefined;
    this.#listening = false;
    if (server === undefined) process.nextTick(() => this.emit('close'));
    else server.close().catch((error: unknown) => this.emit('error', error));
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.close(() => {
        resolve();
      });
    });
  }

  /** Binds. A failure is an `error` event, as in dns2, and rejects the Promise, which need not be handled. */
  protected open(entry: ListenOptions, more: Partial<ServerOptions> = {}): Promise<void> {
    const opened = this.#open(entry, more);
    opened.catch((error: unknown) => {
      // Without a listener an `error` is thrown: outside of the Promise, as in dns2.
      process.nextTick(() => this.emit('error', error));
    });
    return opened;
  }

  async #open(entry: ListenOptions, more: Partial<ServerOptions>): Promise<void> {
    const { dns2, options } = this.#context;
    const handler = fromListener(dns2, (request, send, client, { refuse, drop }) => {
      const failed = (error: unknown): void => {
        refuse();
        this.emit('requestError', error);
      };
      failures.set(send, failed);
      try {
        if (!this.emit('request', request, send, client)) drop();
      } catch (error) {
        failed(error);
      }
    });
    const server = createServer({ sockets: 1, ...options, ...more, listen: [entry], workers: 0, handler });
    server.on('warning', (warning: Error & { code?: string }) => {
      // Warnings about requests; others concern the program, not this server.
      const ofRequest = /^ERR_MULTISOCKET_(HANDLER|REPLY)_/.test(warning.code ?? '');
      if (ofRequest) this.emit('requestError', warning);
      else process.emitWarning(warning);
    });
    server.on('error', (error) => this.emit('error', error));
    this.#server = server;
    try {
      await server.listen();
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
    server.on('close', () => this.emit('close'));
    this.#listening = true;
    this.emit('listening', ...this.listeningArguments());
  }

  /** The arguments for listeners of `listening`. */
  protected listeningArguments(): unknown[] {
    return [];
  }
}
