import { connect, type ClientHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { ageTtls } from '../dns/encoded-message.js';
import { addon } from '../native/addon.js';
import { formatAddress } from '../socket/addresses.js';
import { sectionsOf } from './answer-row.js';
import {
  openTls,
  type Connection,
  type ConnectionOwner,
  type TlsConnectionSettings,
  type Waiting,
} from './connection.js';
import type { Exchange } from './exchange.js';
import { HttpsRequest, type HttpsResponse, type HttpsTarget } from './https-request.js';
import { CLOSED, connectionFailed, NO_HTTP2, UpstreamError, type Route } from './upstream-error.js';

const { outcome: outcomes, client } = addon.layout;
/** The row of the answer that is being read: one for each thread. */
const row = new Uint32Array(client.answerWords);
const TIMEOUT = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
const MALFORMED = 'dns: malformed answer';
/** The most streams of a connection: what servers that set a limit allow at least (RFC 9113 s.6.5.2). */
const MAX_STREAMS = 100;

/** The most queries of a connection: stream IDs have 31 bits, and those of clients are odd (RFC 9113 s.5.1.1). */
const MAX_REQUESTS = 2 ** 29;

interface Sent extends Waiting {
  /** When it came. */
  at: number;
  /** Undefined until the connection is ready. */
  request: HttpsRequest | undefined;
}

/** A connection to an upstream by HTTP/2 (RFC 8484): a stream for each query. */
export class HttpsClient implements Connection {
  readonly #socket: TLSSocket;
  readonly #session: ClientHttp2Session;
  readonly #target: HttpsTarget;
  readonly #owner: ConnectionOwner;
  readonly #to: string;
  /** Empty until it is connected. */
  #from = '';
  readonly #servername: string;
  readonly #sent = new Set<Sent>();
  /** Those whose streams ended with the connection. */
  readonly #lost: Sent[] = [];
  #usable = true;
  /** Whether the upstream has said how many streams it allows. */
  #ready = false;
  #requests = 0;
  #answered = 0;
  #error: Error | undefined;
  readonly #opened = performance.now();
  #lastActive = this.#opened;
  #lastAnswer = this.#opened;

  constructor(settings: TlsConnectionSettings, target: HttpsTarget, owner: ConnectionOwner) {
    const { address, port, tls } = settings;
    this.#target = target;
    this.#owner = owner;
    this.#to = formatAddress(address, port);
    this.#servername = tls.servername ?? address;
    const socket = openTls(settings, 'h2');
    this.#socket = socket;
    socket.once('secureConnect', () => {
      const { localAddress = '', localPort = 0 } = socket;
      this.#from = formatAddress(localAddress, localPort);
      if (socket.alpnProtocol !== 'h2') socket.destroy(NO_HTTP2);
    });
    const createConnection = (): TLSSocket => socket;
    this.#session = connect(`https://${target.authority}`, { createConnection, settings: { enablePush: false } });
    this.#session.on('error', (error: Error) => {
      this.#error = error;
    });
    this.#session.once('remoteSettings', () => {
      this.#start();
    });
    // The upstream answers the queries that it has begun, and no others.
    this.#session.on('goaway', () => {
      this.#usable = false;
    });
    this.#session.on('close', () => {
      this.#closed();
    });
  }

  get usable(): boolean {
    return this.#usable && !this.#session.closed && !this.#session.destroyed;
  }

  get waiting(): number {
    return this.#sent.size;
  }

  /** What the upstream allows, once it has said so. */
  get capacity(): number {
    return Math.min(this.#session.remoteSettings.maxConcurrentStreams ?? MAX_STREAMS, MAX_STREAMS);
  }

  ask(exchange: Exchange, deadline: number): void {
    const sent: Sent = { exchange, deadline, at: performance.now(), request: undefined };
    this.#lastActive = sent.at;
    this.#sent.add(sent);
    if (this.#ready) this.#send(sent);
  }

  sweep(now: number, expire: number, maxAge: number): void {
    if (maxAge > 0 && now - this.#opened >= maxAge) this.#usable = false;
    for (const sent of this.#sent) {
      if (sent.deadline > now) continue;
      // It may be dead without notice: later queries get another one.
      if (this.#lastAnswer < sent.at) this.#usable = false;
      this.#fail(sent, this.#failure(TIMEOUT));
    }
    if (this.#sent.size > 0) return;
    if (!this.usable || now - this.#lastActive >= expire) this.#session.destroy();
  }

  close(): void {
    for (const sent of this.#sent) this.#fail(sent, CLOSED);
    this.#session.destroy();
  }

  /** Sends the queries that have waited, as many as the upstream allows. */
  #start(): void {
    this.#ready = true;
    const held = [...this.#sent];
    const surplus = held.splice(this.capacity);
    for (const sent of held) this.#send(sent);
    for (const sent of surplus) this.#sent.delete(sent);
    this.#owner.unanswered(surplus);
  }

  #send(sent: Sent): void {
    const { exchange } = sent;
    const message = Buffer.allocUnsafe(exchange.length);
    exchange.write(message, 0);
    message.writeUInt16BE(0); // so that HTTP caches see equal queries (RFC 8484 s.4.1)
    if (++this.#requests === MAX_REQUESTS) this.#usable = false;
    sent.request = new HttpsRequest(this.#session, this.#target, message, (outcome) => {
      if (!this.#sent.delete(sent)) return;
      if (outcome === undefined) this.#refused(sent);
      else if (typeof outcome === 'string') exchange.failed(this.#failure(outcome));
      else this.#receive(exchange, message, outcome);
    });
  }

  #receive(exchange: Exchange, query: Buffer, { message, age }: HttpsResponse): void {
    this.#lastActive = this.#lastAnswer = performance.now();
    this.#answered++;
    // The stream says which query it answers, whatever ID it has.
    message.writeUInt16BE(0);
    const read = addon.readAnswer(query, exchange.questionEnd, message, row);
    if (read === outcomes.answered) {
      if (age > 0) ageTtls(message, age);
      exchange.answered(sectionsOf(message, row, 0), this.#lastActive);
    } else if (read === outcomes.unmatched) exchange.failed(this.#failure('an answer to another question'));
    else exchange.failed(this.#failure(MALFORMED));
  }

  /** The stream ended, and the upstream has not answered, by its own choice or because the connection is gone. */
  #refused(sent: Sent): void {
    this.#usable = false;
    if (this.#session.destroyed) this.#lost.push(sent);
    else if (this.#answered > 0) this.#owner.unanswered([sent]);
    else sent.exchange.failed(this.#failure('stream error: REFUSED_STREAM'));
  }

  #fail(sent: Sent, error: UpstreamError): void {
    this.#sent.delete(sent);
    sent.request?.cancel();
    sent.exchange.failed(error);
  }

  #closed(): void {
    this.#socket.destroy(); // which Node leaves open after an error of TLS
    const unanswered = [...this.#lost.splice(0), ...this.#sent];
    this.#sent.clear();
    this.#owner.closed();
    if (this.#answered > 0) {
      this.#owner.unanswered(unanswered);
      return;
    }
    // A connection on which nothing was ever answered was not closed for being idle.
    const error = this.#failure(this.#whyClosed());
    for (const { exchange } of unanswered) exchange.failed(error);
  }

  #whyClosed(): string {
    const error = this.#error as NodeJS.ErrnoException | undefined;
    if (error instanceof UpstreamError) return error.message;
    if (error?.code?.startsWith('ERR_HTTP2_') === true) return `http2: ${error.message}`;
    const route: Route = { network: 'tcp', from: this.#from, to: this.#to };
    return connectionFailed(route, error, this.#servername).message;
  }

  /** As Go's HTTP client says it. */
  #failure(reason: string): UpstreamError {
    const { method, path } = this.#target;
    return new UpstreamError(`${method === 'GET' ? 'Get' : 'Post'} "https://${this.#to}${path}": ${reason}`);
  }
}
