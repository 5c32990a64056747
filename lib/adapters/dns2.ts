/** dns2's handlers, `(request, send, rinfo)`, and its servers, on this library. */
import { EventEmitter } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { invalidValue } from '../errors.js';
import type { Endpoint } from '../message/batch.js';
import type { Handler } from '../message/handler.js';
import type { ServerOptions } from '../server/options/options.js';
import { Server, createServer } from '../server/server.js';
import { untilDone } from './once.js';

/** What is needed of the module `dns2`. */
export interface Dns2 {
  Packet: { parse(message: Buffer): unknown };
}

/** Sends a packet of dns2, or an encoded one; resolves when it is on its way. */
export type Dns2Send = (response: { toBuffer(): Buffer } | Uint8Array) => Promise<void>;

/** The shape of dns2's handlers: `request` is a `Packet`. */
export type Dns2Handler = (request: never, send: Dns2Send, client: Endpoint) => unknown;

/** A handler from one of dns2, whose `Packet` reads the queries; it is done when that calls `send`. */
export function fromDns2({ Packet }: Dns2, handle: Dns2Handler): Handler {
  return untilDone((query, reply, done) => {
    const send: Dns2Send = (response) => {
      reply.send(response instanceof Uint8Array ? response : response.toBuffer());
      done();
      return Promise.resolve();
    };
    return handle(Packet.parse(query.raw) as never, send, query.client);
  });
}

/** Ports or addresses, as dns2's `listen` takes them. */
type Place = number | { port?: number; address?: string };
type Places = Partial<Record<'udp' | 'tcp' | 'doh', Place>>;

/** What dns2's `createServer` takes; of `doh`, which has to have `ssl`, the certificate counts. */
export interface Dns2ServerOptions {
  udp?: unknown;
  tcp?: unknown;
  doh?: { ssl?: boolean; cert: string | Buffer; key: string | Buffer; port?: number };
  handle?: Dns2Handler;
}

/** A server with dns2's face: events `request`, `requestError`, `listening`, `error`, `close`. */
export interface Dns2Server extends EventEmitter {
  /** Binds: a server of one transport to `port` and `address`, one of several to the port of each. */
  listen(port?: number | Places, address?: string): Promise<unknown>;
  /** What was bound, by transport; of a server of one transport, its address is `address()`. */
  addresses(): Partial<Record<'udp' | 'tcp' | 'doh', Endpoint>>;
  address(): Endpoint | undefined;
  close(): Promise<void>;
}

/** dns2 with servers that are this library's. */
export interface Dns2Servers {
  createServer(options?: Dns2ServerOptions): Dns2Server;
  createUDPServer(options?: unknown): Dns2Server;
  createTCPServer(options?: unknown): Dns2Server;
  createDOHServer(options: Dns2ServerOptions['doh']): Dns2Server;
}

/**
 * dns2 as it is, but for its servers, which are this library's: `const dns2 = withMultisocket(require('dns2'))` is the
 * only line of a program that changes. Its handlers are closures, so that the calling thread serves. What differs: a
 * port speaks UDP and TCP both, and `doh` HTTPS only. `options` go to `createServer` of this library.
 */
export function withMultisocket<Module extends Dns2>(
  dns2: Module,
  options: Partial<ServerOptions> = {},
): Omit<Module, keyof Dns2Servers> & Dns2Servers {
  const make = (transports: (keyof Places)[], given: Dns2ServerOptions, alone: boolean): Dns2Server =>
    new Facade(dns2, options, transports, given, alone);
  const single = (transport: keyof Places, handle: unknown, doh?: Dns2ServerOptions['doh']): Dns2Server =>
    make(
      [transport],
      { ...(doh && { doh }), ...(typeof handle === 'function' && { handle: handle as Dns2Handler }) },
      true,
    );
  const servers: Dns2Servers = {
    createServer: (given = {}) =>
      make(
        (['udp', 'tcp', 'doh'] as const).filter((name) => Boolean(given[name])),
        given,
        false,
      ),
    createUDPServer: (handle) => single('udp', handle),
    createTCPServer: (handle) => single('tcp', handle),
    createDOHServer: (doh) => single('doh', undefined, doh),
  };
  return Object.assign(Object.create(dns2 as object) as Module, servers);
}

class Facade extends EventEmitter implements Dns2Server {
  readonly #dns2: Dns2;
  readonly #options: Partial<ServerOptions>;
  readonly #transports: (keyof Places)[];
  readonly #given: Dns2ServerOptions;
  readonly #alone: boolean;
  #server: Server | undefined;
  /** Where among the server's addresses each of the transports is. */
  #entries: number[] = [];

  constructor(
    dns2: Dns2,
    options: Partial<ServerOptions>,
    transports: (keyof Places)[],
    given: Dns2ServerOptions,
    alone: boolean,
  ) {
    super();
    this.#dns2 = dns2;
    this.#options = options;
    this.#transports = transports;
    this.#given = given;
    this.#alone = alone;
    const { doh } = given;
    if (doh !== undefined && (doh.ssl === false || (doh.cert as unknown) === undefined)) {
      throw invalidValue('doh', 'needs "ssl" with "cert" and "key": there is no HTTP in the clear', doh);
    }
    if (given.handle !== undefined) this.on('request', given.handle.bind(given) as (...args: unknown[]) => void);
  }

  async listen(port: number | Places = this.#given.doh?.port ?? 53, address?: string): Promise<unknown> {
    const places = this.#alone ? { [this.#transports[0]]: { port: port as number, address } } : (port as Places);
    const handler = fromDns2(this.#dns2, (request, send, client) => {
      this.emit('request', request, send, client);
    });
    const { doh } = this.#given;
    const listen: { transport: 'dns' | 'https'; address: string; port: number }[] = [];
    this.#entries = this.#transports.map((name) => {
      const place = places[name] ?? 0;
      const { port: at = 0, address: host = '0.0.0.0' } = typeof place === 'number' ? { port: place } : place;
      const entry = { transport: name === 'doh' ? ('https' as const) : ('dns' as const), address: host, port: at };
      // An address speaks UDP and TCP both: where dns2 opens a port for each, there is one.
      const same = at === 0 ? -1 : listen.findIndex((other) => isDeepStrictEqual(other, entry));
      return same === -1 ? listen.push(entry) - 1 : same;
    });
    this.#server = createServer({
      sockets: 1,
      ...this.#options,
      listen,
      ...(doh === undefined ? {} : { tls: { cert: doh.cert, key: doh.key } }),
      workers: 0,
      handler,
    });
    this.#server.on('warning', (error) => this.emit('requestError', error));
    this.#server.on('close', () => this.emit('close'));
    await this.#server.listen();
    this.emit('listening', this.addresses());
    return this.addresses();
  }

  addresses(): Partial<Record<keyof Places, Endpoint>> {
    const bound = this.#server?.addresses() ?? [];
    if (bound.length === 0) return {};
    return Object.fromEntries(this.#transports.map((name, i) => [name, bound[this.#entries[i]]]));
  }

  address(): Endpoint | undefined {
    return this.#server?.addresses()[0];
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }
}
