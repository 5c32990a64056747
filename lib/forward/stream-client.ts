import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { HEADER_SIZE, LENGTH_PREFIX } from '../dns/numbers.js';
import { addon } from '../native/addon.js';
import { formatAddress } from '../socket/addresses.js';
import { FrameInput } from '../worker/stream/frame-input.js';
import { sectionsOf } from './answer-row.js';
import {
  isTls,
  openTcp,
  openTls,
  type Connection,
  type ConnectionOwner,
  type ConnectionSettings,
  type Waiting,
} from './connection.js';
import type { Exchange } from './exchange.js';
import { CLOSED, connectionFailed, malformed, timedOut, type Route, type UpstreamError } from './upstream-error.js';

const { outcome, client } = addon.layout;
/** The row of the answer that is being read: one for each thread. */
const row = new Uint32Array(client.answerWords);

/** Queries that wait on one connection before another one is opened. */
const MAX_PIPELINED = 100;

interface Sent extends Waiting {
  /** As it was sent, without its length. */
  message: Buffer;
}

/** A connection to an upstream by TCP (RFC 7766) or TLS (RFC 7858), which takes answers in any order. */
export class StreamClient implements Connection {
  readonly capacity = MAX_PIPELINED;
  readonly #socket: Socket;
  readonly #to: string;
  /** Undefined until it is connected. */
  #from: string | undefined;
  readonly #servername: string;
  readonly #owner: ConnectionOwner;
  readonly #input = new FrameInput();
  /** By ID. */
  readonly #waiting = new Map<number, Sent>();
  usable = true;
  #lastActive = performance.now();
  #answered = 0;
  #corked = false;
  #error: NodeJS.ErrnoException | undefined;
  readonly #opened = performance.now();

  constructor(settings: ConnectionSettings, owner: ConnectionOwner) {
    const { address, port, tls } = settings;
    this.#owner = owner;
    this.#to = formatAddress(address, port);
    this.#servername = tls?.servername ?? address;
    this.#socket = isTls(settings) ? openTls(settings, 'dot') : openTcp(settings);
    this.#socket.once('connect', () => {
      const { localAddress = '', localPort = 0 } = this.#socket;
      this.#from = formatAddress(localAddress, localPort);
    });
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
    this.#owner.closed();
    // An upstream may close a connection at any time: its pending queries are asked once more (RFC 7766 s.6.2.4).
    this.#owner.unanswered(unanswered);
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
