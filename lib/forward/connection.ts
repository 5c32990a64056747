/** Connections to upstreams: what all of them have in common. */
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { Exchange } from './exchange.js';

/** The address and settings of a connection. */
export interface ConnectionSettings {
  /** Numeric. */
  address: string;
  port: number;
  /** For TLS; undefined: plain TCP. Shared by all connections to the upstream, so that sessions are resumed. */
  tls: ConnectionOptions | undefined;
  /** The source address of connections, numeric; default: the kernel's choice. */
  source: string | undefined;
}

/** A query that waits for its answer. */
export interface Waiting {
  exchange: Exchange;
  /** By `performance.now()`. */
  deadline: number;
}

/** A connection to an upstream, which takes queries from the start. */
export interface Connection {
  /** Whether it takes more queries. */
  readonly usable: boolean;
  /** The number of pending queries. */
  readonly waiting: number;
  /** The number of pending queries from which on another connection is better. */
  readonly capacity: number;
  ask(exchange: Exchange, deadline: number): void;
  /**
   * Fails expired queries, and closes the connection after `expire` milliseconds without use. After `maxAge`
   * milliseconds it takes no more queries; 0: no limit.
   */
  sweep(now: number, expire: number, maxAge: number): void;
  /** Closes at once; pending queries fail with `CLOSED`. */
  close(): void;
}

/** What a connection tells its owner. */
export interface ConnectionOwner {
  /** The connection is gone. Its queries have been answered or have failed, or are reported as unanswered. */
  closed(): void;
  /** These queries have no answer, and may be asked on another connection. This one is full, or not usable. */
  unanswered(queries: readonly Waiting[]): void;
}

/** Settings with TLS. */
export type TlsConnectionSettings = ConnectionSettings & { tls: ConnectionOptions };

/** Connects to an upstream by TLS. `protocol`: the one that TLS negotiates (RFC 7301). */
export function openTls({ tls, ...settings }: TlsConnectionSettings, protocol: string): TLSSocket {
  const socket = connectTls({ ...tls, ...endpointOf(settings), ALPNProtocols: [protocol] }).setNoDelay(true);
  return socket.on('session', (session: Buffer) => (tls.session = session));
}

/** Connects to an upstream by TCP. */
export function openTcp(settings: ConnectionSettings): Socket {
  return connect({ ...endpointOf(settings), noDelay: true });
}

/** Whether settings have TLS. */
export function isTls(settings: ConnectionSettings): settings is TlsConnectionSettings {
  return settings.tls !== undefined;
}

function endpointOf({ address, port, source }: Omit<ConnectionSettings, 'tls'>): TcpNetConnectOpts {
  return { host: address, port, ...(source === undefined ? {} : { localAddress: source }) };
}
