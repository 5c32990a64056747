import { randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { HEADER_SIZE, LENGTH_PREFIX } from '../../dns/numbers.js';
import { addon } from '../../native/addon.js';
import { formatAddress } from '../../socket/addresses.js';
import { FrameInput } from '../../worker/stream/frame-input.js';
import { sectionsOf } from './answer-row.js';
import type { Exchange } from './exchange.js';
import { CLOSED, connectionFailed, malformed, timedOut, type Route, type UpstreamError } from './upstream-error.js';

const { outcome, client } = addon.layout;
/** The row of the answer that is being read: one for each thread. */
const row = new Uint32Array(client.answerWords);

/** The address and settings of a connection. */
export interface StreamOptions {
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
  deadline: number;
  /** As it was sent, without its length. */
  message: Buffer;
}

/** One connection to an upstream. Sends queries as they come, and takes their answers in any order. */
export class StreamClient {
  readonly #socket: Socket;
  readonly #to: string;
  /** Undefined until it is connected. */
  #from: string | undefined;
  readonly #servername: string;
  readonly #onClosed: (unanswered: readonly Waiting[]) => void;
  readonly #input = new FrameInput();
  /** By ID. */
  readonly #waiting = new Map<number, Waiting>();
  /** Whether it takes more queries. */
  usable = true;
  #lastActive = performance.now();
  #answered = 0;
  #corked = false;
  #error: NodeJS.ErrnoException | undefined;
  readonly #opened = performance.now();

  /** `onClosed`: the connection is gone; gets the queries that may be asked on another one. The others have failed. */
  constructor({ address, port, tls, source }: StreamOptions, onClosed: (unanswered: readonly Waiting[]) => void) {
    this.#onClosed = onClosed;
    this.#to = formatAddress(address, port);
    this.#servername = tls?.servername ?? address;
    const endpoint = { host: address, port, ...(source === undefined ? {} : { localAddress: source }) };
    this.#socket =
      tls === undefined
        ? connect({ ...endpoint, noDelay: true })
        : connectTls({ ...tls, ...endpoint, ALPNProtocols: ['dot'] }).setNoDelay(true);
    this.#socket.once('connect', () => {
      const { localAddress = '', localPort = 0 } = this.#socket;
      this.#from = formatAddress(localAddress, localPort);
    });
    if (tls !== undefined) this.#socket.on('session', (session: Buffer) => (tls.session = session));
    this.#socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    this.#socket.on('error', (error) => {
      this.#error = error;
    });
    this.#socket.on('close', () => {
      this.#closed();
    });
  }

  /** The number of pending queries. */
  get waiting(): number {
    return this.#waiting.size;
  }

  ask(exchange: Exchange, deadline: number): void {
    const { length } = exchange;
    const framed = Buffer.allocUnsafe(LENGTH_PREFIX + length);
    framed.writeUInt16BE(length);
    exchange.write(framed, LENGTH_PREFIX);
    const id = this.#freeId();
    framed.writeUInt16BE(id, LENGTH_PREFIX);
    this.#waiting.set(id, { exchange, deadline, message: framed.subarray(LENGTH_PREFIX) });
    this.#lastActive = performance.now();
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(framed);
  }

  /**
   * Fails expired queries, and closes the connection after `expire` milliseconds without use. After `maxAge`
   * milliseconds it takes no more queries; 0: no limit.
   */
  sweep(now: number, expire: number, maxAge: number): void {
    if (maxAge > 0 && now - this.#opened >= maxAge) this.usable = false;
    for (const [id, { exchange, deadline }] of this.#waiting) {
      if (deadline > now) continue;
      this.#waiting.delete(id);
      // It may be dead without notice: later queries get another one.
      this.usable = false;
      exchange.failed(timedOut(this.#route));
    }
    if (this.#waiting.size > 0) return;
    if (!this.usable || now - this.#lastActive >= expire) this.#socket.destroy();
  }

  /** Closes at once; pending queries fail with `CLOSED`. */
  close(): void {
    this.#answered = 0;
    this.#socket.destroy();
    this.#failAll(CLOSED);
  }

  #read(chunk: Buffer): void {
    const input = this.#input;
    this.#lastActive = performance.now();
    input.push(chunk, this.#lastActive);
    while (input.end - input.start >= LENGTH_PREFIX) {
      const start = input.start + LENGTH_PREFIX;
      const end = start + input.bytes.readUInt16BE(input.start);
      if (end > input.end) break;
      input.consume(end, this.#lastActive);
      // A copy: the receiver keeps it until the client's reply is sent.
      this.#receive(Buffer.from(input.bytes.subarray(start, end)));
    }
  }

  #receive(message: Buffer): void {
    if (message.length < HEADER_SIZE) return;
    const id = message.readUInt16BE(0);
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    const { exchange, message: query } = waiting;
    const read = addon.readAnswer(query, exchange.questionEnd, message, row);
    if (read === outcome.unmatched) return;
    this.#waiting.delete(id);
    this.#answered++;
    if (read === outcome.answered) exchange.answered(sectionsOf(message, row, 0), performance.now());
    else exchange.failed(malformed(this.#route));
  }

  #closed(): void {
    // A connection on which nothing was ever answered was not closed for being idle.
    if (this.#answered === 0) this.#failAll(connectionFailed(this.#route, this.#error, this.#servername));
    const unanswered = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#onClosed(unanswered);
  }

  #failAll(error: UpstreamError): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { exchange } of waiting) exchange.failed(error);
  }

  get #route(): Route {
    return { network: 'tcp', from: this.#from ?? '', to: this.#to };
  }

  #freeId(): number {
    for (;;) {
      const id = randomInt(0x10000);
      if (!this.#waiting.has(id)) return id;
    }
  }
}
