import { appendFile } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { admitOthers, isAllowed, serverOptions, type SharedTls } from './secure-context.js';

/**
 * Longer than any handshake may take: this class measures the time itself, since Node's timeout starts again with each
 * byte.
 */
const NO_TIMEOUT = 0x7fffffff;

/** A handshake that is not complete. */
interface Handshake {
  /** Not encrypted. */
  socket: Socket;
  /** When it is given up, by `performance.now()`. */
  until: number;
  tls: SharedTls;
  done: (secure: TLSSocket) => void;
}

/** The TLS handshakes of a worker: turns accepted connections into encrypted ones. */
export class TlsHandshakes {
  #tls: SharedTls;
  readonly #failed: () => void;
  /** By {@link endsOf} of their connections. */
  readonly #open = new Map<string, Handshake>();
  /** A server for each list of ALPN protocols. It does not listen: this class gives it connections. */
  readonly #servers = new Map<readonly string[], Server>();

  /** `failed` is called for each handshake that fails, and for each client that is refused. */
  constructor(tls: SharedTls, failed: () => void) {
    this.#tls = tls;
    this.#failed = failed;
  }

  /** Handshakes that are not complete. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Uses these settings for handshakes from now on. Handshakes in progress continue, unless the new settings may admit
   * other clients. Throws the error of OpenSSL; then nothing has changed.
   */
  secure(tls: SharedTls): void {
    const fresh = [...this.#servers.keys()].map((protocols) => [protocols, this.#makeServer(tls, protocols)] as const);
    for (const [protocols, server] of fresh) this.#servers.set(protocols, server);
    if (admitOthers(this.#tls, tls)) this.destroy();
    this.#tls = tls;
  }

  /**
   * Begins a handshake of at most `timeout` ms on a connection, and calls `done` with the encrypted one if the client is
   * admitted. Otherwise closes the connection.
   */
  begin(socket: Socket, protocols: readonly string[], timeout: number, done: (secure: TLSSocket) => void): void {
    const ends = endsOf(socket);
    let server = this.#servers.get(protocols);
    if (server === undefined) this.#servers.set(protocols, (server = this.#makeServer(this.#tls, protocols)));
    this.#open.set(ends, { socket, until: performance.now() + timeout, tls: this.#tls, done });
    socket.once('close', () => this.#open.delete(ends));
    server.emit('connection', socket);
  }

  /** Closes the connections of handshakes whose time is up at `now`, by `performance.now()`. */
  giveUp(now: number): void {
    for (const { socket, until } of this.#open.values()) if (until <= now) socket.destroy();
  }

  /** Closes the connections of all handshakes that are not complete. */
  destroy(): void {
    this.giveUp(Infinity);
  }

  #makeServer(tls: SharedTls, protocols: readonly string[]): Server {
    const server = createServer({ ...serverOptions(tls, protocols), handshakeTimeout: NO_TIMEOUT });
    server.on('secureConnection', (secure: TLSSocket) => {
      const ends = endsOf(secure);
      const handshake = this.#open.get(ends);
      this.#open.delete(ends);
      if (handshake === undefined) {
        secure.destroy(); // the client is gone, so its name is unknown
        return;
      }
      if (!isAllowed(handshake.tls, secure)) {
        this.#failed();
        secure.destroy();
        return;
      }
      // RFC 9113 s.9.2.1; renegotiation costs a server more than a client (CVE-2011-1473).
      secure.disableRenegotiation();
      handshake.done(secure);
    });
    server.on('tlsClientError', this.#failed);
    const { keylog } = tls;
    if (keylog !== undefined) {
      server.on('keylog', (line: Buffer) => {
        appendSecret(keylog, line);
      });
    }
    return server;
  }
}

function appendSecret(file: string, line: Buffer): void {
  appendFile(file, line, { mode: 0o600 }, (error) => {
    if (error !== null) process.emitWarning(error);
  });
}

/** The two ends of a connection, unique among the open ones. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}
