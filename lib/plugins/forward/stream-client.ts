/** One connection to an upstream: queries out as they come, their answers in any order. */
import { randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { findSections } from '../../dns/encoded-message.js';
import { FrameInput } from '../../transport/frame-input.js';
import { TIMED_OUT, type Exchange } from './exchange.js';

const HEADER_SIZE = 12;
const PREFIX = 2;
const QR = 0x80;

/** Where to connect. */
export interface StreamOptions {
  /** Numeric. */
  address: string;
  port: number;
  /** For TLS; plain TCP without it. Shared by all connections to the upstream, so that sessions are resumed. */
  tls: ConnectionOptions | undefined;
}

/** A query that waits for its answer. */
export interface Waiting {
  exchange: Exchange;
  deadline: number;
  /** As it was sent, without its length. */
  message: Buffer;
}

/** See the file's head. */
export class StreamClient {
  readonly #socket: Socket;
  readonly #onClosed: (unanswered: readonly Waiting[]) => void;
  readonly #input = new FrameInput();
  /** By ID. */
  readonly #waiting = new Map<number, Waiting>();
  /** Whether to ask more through it. */
  usable = true;
  #lastActive = performance.now();
  #answered = 0;
  #corked = false;
  #reason = 'the upstream closed the connection';

  /** `onClosed`: the connection is gone; told of queries that may be asked on another one, others have failed. */
  constructor({ address, port, tls }: StreamOptions, onClosed: (unanswered: readonly Waiting[]) => void) {
    this.#onClosed = onClosed;
    this.#socket =
      tls === undefined
        ? connect({ host: address, port, noDelay: true })
        : connectTls({ ...tls, host: address, port, ALPNProtocols: ['dot'] }).setNoDelay(true);
    if (tls !== undefined) this.#socket.on('session', (session: Buffer) => (tls.session = session));
    this.#socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    this.#socket.on('error', (error) => {
      this.#reason = error.message;
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

  /** Gives up queries whose time is up, and the connection when it has rested for `expire` milliseconds. */
  sweep(now: number, expire: number): void {
    for (const [id, { exchange, deadline }] of this.#waiting) {
      if (deadline > now) continue;
      this.#waiting.delete(id);
      // It may be dead without a word: what is asked next gets another one.
      this.usable = false;
      exchange.failed(TIMED_OUT);
    }
    if (this.#waiting.size > 0) return;
    if (!this.usable || now - this.#lastActive >= expire) this.#socket.destroy();
  }

  /** Closes at once; what waits has failed. */
  close(reason: string): void {
    this.#reason = reason;
    this.#answered = 0;
    this.#socket.destroy();
    this.#failAll();
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
    if (waiting === undefined || !isAnswer(message, waiting)) return;
    this.#waiting.delete(id);
    this.#answered++;
    const { exchange } = waiting;
    let sections;
    try {
      sections = findSections(message, message.subarray(HEADER_SIZE, exchange.questionEnd));
    } catch {
      sections = undefined;
    }
    if (sections === undefined) exchange.failed('the answer cannot be read');
    else exchange.answered(sections);
  }

  #closed(): void {
    // A connection on which nothing was ever answered is not one that was closed for having rested too long.
    if (this.#answered === 0) this.#failAll();
    const unanswered = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#onClosed(unanswered);
  }

  #failAll(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { exchange } of waiting) exchange.failed(this.#reason);
  }

  #freeId(): number {
    for (;;) {
      const id = randomInt(0x10000);
      if (!this.#waiting.has(id)) return id;
    }
  }
}

/** Whether a message with the ID of a query answers its question, octet by octet. */
function isAnswer(message: Buffer, { exchange, message: query }: Waiting): boolean {
  const { questionEnd } = exchange;
  if ((message[2] & QR) === 0 || message.readUInt16BE(4) !== 1 || message.length < questionEnd) return false;
  return query.compare(message, HEADER_SIZE, questionEnd, HEADER_SIZE, questionEnd) === 0;
}
