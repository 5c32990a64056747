/** The server classes of dns2, implemented by this library. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { invalidValue } from '../errors.js';
import { resolve } from '../options/table.js';
import { tcp } from '../options/tcp.js';
import type { TlsSettings } from '../options/tls.js';
import type { Dns2Handler, Dns2Send } from './dns2-handler.js';
import { RequestEmitter, standsFor, TransportServer, type Context, type TransportName } from './dns2-transport.js';

/** Where to listen: a port, or an object with it. `host` is `net`'s name for `address`. */
type Place = number | { port?: number; address?: string; host?: string } | undefined;
/** The arguments of `listen` of one transport: port or place, address, and optionally a callback as the last one. */
type ListenArguments = readonly unknown[];

/** Reads `listen`'s arguments; the default port is 0, any. */
function placeOf(args: ListenArguments): {
  port: number;
  address: string | undefined;
  callback: (() => void) | undefined;
} {
  const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined;
  const [first, second] = args.filter((arg) => typeof arg !== 'function') as [Place | string | null, string?];
  const place = typeof first === 'object' && first !== null ? first : { port: Number(first ?? 0) };
  const address = place.address ?? place.host ?? second;
  return { port: place.port ?? 0, address: typeof address === 'string' ? address : undefined, callback };
}

function refuseProxyProtocol(options: unknown): void {
  const { proxyProtocol } = (options ?? {}) as { proxyProtocol?: boolean };
  if (proxyProtocol === true) throw invalidValue('proxyProtocol', 'is not supported', proxyProtocol);
}

/** DNS over UDP. Listens by default on all IPv4 addresses of the host, with `type: 'udp6'` on all addresses. */
export class UdpServer extends TransportServer {
  readonly #everywhere: string;

  constructor(context: Context, options?: unknown) {
    super(context, options);
    refuseProxyProtocol(options);
    const { type = 'udp4' } = (typeof options === 'object' ? (options ?? {}) : {}) as { type?: string };
    this.#everywhere = type === 'udp6' ? '::' : '0.0.0.0';
  }

  /** Resolves when it listens; rejects, after an `error`, if it cannot. */
  listen(...args: ListenArguments): Promise<void> {
    const { port, address = this.#everywhere, callback } = placeOf(args);
    if (callback !== undefined) this.once('listening', callback);
    return this.open({ transport: 'dns', protocol: 'udp', address, port });
  }

  /** {@link listen}, by the name that `dgram` uses. */
  bind(...args: ListenArguments): this {
    void this.listen(...args);
    return this;
  }
}

const tcpDefaults = resolve('tcp', tcp, {});

/** DNS over TCP. Listens by default on all addresses of the host. */
export class TcpServer extends TransportServer {
  /** Milliseconds that a connection may be idle between queries; below 1 the default, 10,000. */
  readonly idleTimeout: number;

  constructor(context: Context, options?: unknown) {
    super(context, options);
    refuseProxyProtocol(options);
    const { idleTimeout = tcpDefaults.idleTimeout } = (typeof options === 'object' ? (options ?? {}) : {}) as {
      idleTimeout?: number;
    };
    this.idleTimeout = idleTimeout;
  }

  listen(...args: ListenArguments): this {
    const { port, address = '::', callback } = placeOf(args);
    if (callback !== undefined) this.once('listening', callback);
    const bounds = this.idleTimeout > 0 ? { tcp: { idleTimeout: this.idleTimeout } } : {};
    void this.open({ transport: 'dns', protocol: 'tcp', address, port }, bounds);
    return this;
  }
}

/** Options of dns2's DNS over HTTPS. */
export interface DohOptions extends Partial<TlsSettings> {
  port?: number;
  /** Whether it is HTTPS, which needs `cert` and `key`; default false: unencrypted HTTP. */
  ssl?: boolean;
  /** As in dns2: a function is called for each origin. Default true. */
  cors?: boolean | string | ((origin: string) => boolean);
}

/** DNS over HTTPS. Listens by default on all addresses of the host. */
export class DohServer extends TransportServer {
  readonly #tls: TlsSettings | null;
  /** The default port of `listen`. */
  readonly port: number | undefined;
  readonly cors: NonNullable<DohOptions['cors']>;

  constructor(context: Context, options: DohOptions = {}) {
    super(context);
    const { ssl, cert, key, ca, requestCert, minVersion, port, cors = true } = options;
    this.port = port;
    this.cors = cors;
    if (ssl !== true) {
      this.#tls = null;
      return;
    }
    if (cert === undefined || key === undefined)
      throw invalidValue('doh', 'needs "cert" and "key" with "ssl"', options);
    this.#tls = {
      cert,
      key,
      ...(ca !== undefined && { ca }),
      ...(requestCert !== undefined && { requestCert }),
      ...(minVersion !== undefined && { minVersion }),
    };
  }

  listen(...args: ListenArguments): this {
    const { port, address = '::', callback } = placeOf(args);
    if (callback !== undefined) this.once('listening', callback);
    const entry = { transport: 'https' as const, address, port: port === 0 ? (this.port ?? 0) : port, tls: this.#tls };
    void this.open(entry, { https: { cors: this.cors } });
    return this;
  }

  protected override listeningArguments(): unknown[] {
    return [this.address()];
  }
}

/** Options of dns2's `createServer`. */
export interface Dns2ServerOptions {
  udp?: unknown;
  tcp?: unknown;
  doh?: DohOptions | boolean;
  handle?: Dns2Handler;
  /** Requests that may wait for `send` at a time, others get SERVFAIL; default: no limit. */
  maxConcurrent?: number;
}

/** The part of dns2's packets that SERVFAIL needs. */
interface ResponseMaker {
  createResponseFromRequest(request: unknown): { header: { rcode: number }; toBuffer(): Buffer };
}

const SERVFAIL = 2;

/** Servers of several transports as one. It emits their events; those of `error` also have the transport's name. */
export class DnsServer extends RequestEmitter {
  readonly servers: { udp?: UdpServer; tcp?: TcpServer; doh?: DohServer } = {};
  /** Resolves with the addresses when all listen; rejects if one cannot. The rejection need not be handled. */
  readonly listening: Promise<Partial<Record<TransportName, AddressInfo | null>>>;
  /** Resolves when all are closed. */
  readonly closed: Promise<void>;

  constructor(context: Context, options: Dns2ServerOptions = {}) {
    super();
    const { udp, tcp, doh, handle, maxConcurrent = 0 } = options;
    const { servers } = this;
    if (isAsked(doh)) servers.doh = new DohServer(context, doh as DohOptions);
    if (isAsked(tcp)) servers.tcp = new TcpServer(context);
    if (isAsked(udp)) servers.udp = new UdpServer(context, typeof udp === 'object' ? udp : undefined);
    const all = Object.entries(servers);
    this.closed = Promise.all(all.map(([, server]) => new Promise((resolve) => server.once('close', resolve)))).then(
      () => {
        this.emit('close');
      },
    );
    this.listening = Promise.all(all.map(([, server]) => once(server, 'listening'))).then(() => {
      this.emit('listening', this.addresses());
      return this.addresses();
    });
    this.listening.catch(() => undefined); // `error` reports it
    const limited = limit(context, maxConcurrent, (...args) => this.emit('request', ...args));
    for (const [name, server] of all) {
      server.on('error', (error) => this.emit('error', error, name));
      server.on('request', limited);
      server.on('requestError', (error) => this.emit('requestError', error));
    }
    if (handle !== undefined) this.on('request', (...args: Parameters<Dns2Handler>) => handle.apply(options, args));
  }

  /** The bound addresses, by transport. */
  addresses(): Partial<Record<TransportName, AddressInfo | null>> {
    return Object.fromEntries(Object.entries(this.servers).map(([name, server]) => [name, server.address()]));
  }

  /** Binds each of the transports, to any port if `places` has none. */
  listen(places: Partial<Record<TransportName, Place>> = {}): typeof this.listening {
    for (const [name, server] of Object.entries(this.servers)) void server.listen(places[name as TransportName]);
    return this.listening;
  }

  close(): Promise<void> {
    for (const server of Object.values(this.servers)) server.close();
    return this.closed;
  }
}

/** Whether an option enables a transport: dns2 accepts any truthy value. */
function isAsked(option: unknown): boolean {
  return Boolean(option);
}

/** Makes a listener that lets at most `most` requests wait, 0: no limit, and answers others with SERVFAIL. */
function limit(
  { dns2 }: Context,
  most: number,
  emit: (...args: Parameters<Dns2Handler>) => boolean,
): (...args: Parameters<Dns2Handler>) => unknown {
  const maker = dns2.Packet as unknown as ResponseMaker;
  let active = 0;
  return (request, send, client) => {
    if (most > 0 && active >= most) {
      const response = maker.createResponseFromRequest(request);
      response.header.rcode = SERVFAIL;
      return send(response);
    }
    active++;
    const counted: Dns2Send = (response) => {
      active--;
      return send(response);
    };
    return emit(request, standsFor(counted, send), client);
  };
}
