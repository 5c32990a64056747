/** One connection to an upstream: queries out as they come, their answers in any order. */
import { randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { addon } from '../../native/addon.js';
import { formatAddress } from '../../socket/addresses.js';
import { FrameInput } from '../../worker/stream/frame-input.js';
import { sectionsOf } from './answer-row.js';
import type { Exchange } from './exchange.js';
import { CLOSED, connectionFailed, malformed, timedOut, type Route, type UpstreamError } from './upstream-error.js';

const { outcome, client } = addon.layout;
const HEADER_SIZE = 12;
const PREFIX = 2;
/** The row of the answer that is being read: one a thread. */
const row = new Uint32Array(client.answerWords);

/** Where to connect. */
export interface StreamOptions {
  /** Numeric. */
  address: string;
  port: number;
  /** For TLS; plain TCP without it. Shared by all connections to the upstream, so that sessions are resumed. */
  tls: ConnectionOptions | undefined;
  /** Where connections come from, numeric; default: the kernel's choice. */
  source: string | undefined;
}

/** A query that waits for its answer. */
export interface Waiting {
  exchange: Exchange;
  deadline: number;
  /** As it was sent, without its length. */
  message: Buffer;
}

/** One connection to an upstream, with the queries that wait on it. */
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
  /** Whether to ask more through it. */
  usable = true;
  #lastActive = performance.now();
  #answered = 0;
  #corked = false;
  #error: NodeJS.ErrnoException | undefined;
  readonly #opened = performance.now();

  /** `onClosed`: the connection is gone; told of queries that may be asked on another one, others have failed. */
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

  /** How many queries wait for answers. */
  get waiting(): number {
    return this.#waiting.size;
  }

  ask(exchange: Exchange, deadline: number): void {
    const { length } = exchange;
    const framed = Buffer.allocUnsafe(PREFIX + length);
    framed.writeUInt16BE(length);
    exchange.write(framed, PREFIX);
    const id = this.#freeId();
    framed.writeUInt16BE(id, PREFIX);
    this.#waiting.set(id, { exchange, deadline, message: framed.subarray(PREFIX) });
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
   * Gives up queries whose time is up, and the connection when it has rested for `expire` milliseconds. After `maxAge`
   * milliseconds it is used for no other query; 0: no such bound.
   */
  sweep(now: number, expire: number, maxAge: number): void {
    if (maxAge > 0 && now - this.#opened >= maxAge) this.usable = false;
    for (const [id, { exchange, deadline }] of this.#waiting) {
      if (deadline > now) continue;
      this.#waiting.delete(id);
      // It may be dead without a word: what is asked next gets another one.
      this.usable = false;
      exchange.failed(timedOut(this.#route));
    }
    if (this.#waiting.size > 0) return;
    if (!this.usable || now - this.#lastActive >= expire) this.#socket.destroy();
  }

  /** Closes at once; what waits fails with `CLOSED`. */
  close(): void {
    this.#answered = 0;
    this.#socket.destroy();
    this.#failAll(CLOSED);
  }

  #read(chunk: Buffer): void {
    const input = this.#input;
    this.#lastActive = performance.now();
    input.push(chunk, this.#lastActive);
    while (input.end - input.start >= PREFIX) {
      const start = input.start + PREFIX;
      const end = start + input.bytes.readUInt16BE(input.start);
      if (end > input.end) break;
      input.consume(end, this.#lastActive);
      // A copy: whoever gets it keeps it for as long as the client's reply is not sent.
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
    if (read === outcome.answered) exchange.answered(sectionsOf(message, row, 0));
    else exchange.failed(malformed(this.#route));
  }

  #closed(): void {
    // A connection on which nothing was ever answered is not one that was closed for having rested too long.
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
