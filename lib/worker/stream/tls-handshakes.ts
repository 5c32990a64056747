/** The TLS handshakes of a worker: turns connections that were accepted into encrypted ones. */
import { appendFile } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { admitOthers, isAllowed, serverOptions, type SharedTls } from './secure-context.js';

/** Longer than any handshake may take: this class keeps the time itself, since Node's starts anew with each byte. */
const NO_TIMEOUT = 0x7fffffff;

/** A handshake that is not complete. */
interface Handshake {
  /** Not encrypted. */
  socket: Socket;
  since: number;
  tls: SharedTls;
  done: (secure: TLSSocket) => void;
}

/** The handshakes that are not complete, and the settings of those that begin. */
export class TlsHandshakes {
  #tls: SharedTls;
  readonly #failed: () => void;
  /** By {@link endsOf} of their connections. */
  readonly #open = new Map<string, Handshake>();
  /** A server for each list of ALPN protocols. It listens to nothing: connections are given to it. */
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
   * Handshakes that begin from now on have these settings. Those that have begun go on, unless other clients would be
   * admitted now. Throws what OpenSSL reports; then all is as before.
   */
  secure(tls: SharedTls): void {
    const fresh = [...this.#servers.keys()].map((protocols) => [protocols, this.#makeServer(tls, protocols)] as const);
    for (const [protocols, server] of fresh) this.#servers.set(protocols, server);
    if (admitOthers(this.#tls, tls)) this.destroy();
    this.#tls = tls;
  }

  /**
   * Begins a handshake on a connection, and calls `done` with the encrypted one when the client is admitted. Otherwise the
   * connection is closed.
   */
  begin(socket: Socket, protocols: readonly string[], done: (secure: TLSSocket) => void): void {
    const ends = endsOf(socket);
    let server = this.#servers.get(protocols);
    if (server === undefined) this.#servers.set(protocols, (server = this.#makeServer(this.#tls, protocols)));
    this.#open.set(ends, { socket, since: performance.now(), tls: this.#tls, done });
    socket.once('close', () => this.#open.delete(ends));
    server.emit('connection', socket);
  }

  /** Closes the connections of handshakes that began at `before` or earlier, by `performance.now()`. */
  giveUp(before: number): void {
    for (const { socket, since } of this.#open.values()) {
      if (since > before) return; // the later ones began later
      socket.destroy();
    }
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
        secure.destroy(); // the client is gone, and with it the name of its end
        return;
      }
      if (!isAllowed(handshake.tls, secure)) {
        this.#failed();
        secure.destroy();
        return;
      }
      // RFC 9113 s.9.2.1; it costs a server more than a client (CVE-2011-1473).
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

/** The two ends of a connection, which no other open one has. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}
