import type { RemoteInfo } from 'node:dgram';
import { LENGTH_PREFIX } from '../../dns/numbers.js';
import { addon } from '../../native/addon.js';
import { MessageCheck } from '../../message/message-check.js';
import { needsNative } from '../../native/fallback/needs-native.js';
import { Query } from '../../message/query.js';
import { Reply } from '../../message/reply.js';
import { plainSocket, type Datagram, type PlainSocket } from '../../socket/plain-socket.js';
import { socketCounter, workerCounter } from '../counters.js';
import type { WorkerContext } from '../context.js';
import type { Dispatcher } from '../dispatcher.js';
import { endpointOf } from '../ip.js';
import type { UdpSocket } from './udp.js';

const { layout } = addon;

const RECEIVED = workerCounter('received');
const BATCHES = workerCounter('batches');
const SENT = workerCounter('sent');
const SEND_FAILURES = workerCounter('sendFailures');
const PORT_ZERO = workerCounter('droppedPortZero');
const SOCKET_QUERIES = socketCounter('queries');
const SOCKET_BATCHES = socketCounter('batches');

/** A socket that is served. */
interface Served {
  socket: PlainSocket;
  stop: () => void;
  /** Queries that a handler still holds. */
  inFlight: number;
  onEmpty: (() => void) | undefined;
}

/** DNS over UDP without native code: serves sockets of `dgram`, one datagram at a time. */
export class PlainUdpTransport {
  readonly #dispatcher: Dispatcher;
  readonly #encoder: WorkerContext['encoder'];
  readonly #counters: Float64Array;
  readonly #row: number;
  readonly #check: MessageCheck;
  readonly #served = new Map<number, Served>();
  readonly #output: Buffer;
  #ref = true;
  #closed = false;

  constructor({ settings, dispatcher, encoder, counters, row, edns }: WorkerContext) {
    if (settings.maxQueueDelay > 0) throw needsNative('"maxQueueDelay"');
    this.#dispatcher = dispatcher;
    this.#encoder = encoder;
    this.#counters = counters;
    this.#row = row;
    this.#check = new MessageCheck({ counters, row, edns: edns.udp });
    this.#output = Buffer.alloc(settings.maxPayloadSize);
  }

  /** Starts to serve a socket. */
  add(given: UdpSocket): void {
    const socket = plainSocket(given.fd);
    const served: Served = { socket, stop: () => undefined, inFlight: 0, onEmpty: undefined };
    this.#served.set(given.number, served);
    if (!this.#ref) socket.unref();
    served.stop = socket.subscribe((item) => {
      this.#receive(item as Datagram, given, served);
    });
  }

  /** Stops reading a socket; resolves when the last query that came through it is answered. */
  async release(number: number): Promise<void> {
    const served = this.#served.get(number);
    if (served === undefined) return;
    served.stop();
    this.#served.delete(number);
    if (served.inFlight > 0) await new Promise<void>((resolve) => (served.onEmpty = resolve));
  }

  /** Closes all; later replies are dropped. */
  close(): void {
    this.#closed = true;
    for (const { stop } of this.#served.values()) stop();
    this.#served.clear();
  }

  ref(): void {
    this.#ref = true;
    for (const { socket } of this.#served.values()) socket.ref();
  }

  unref(): void {
    this.#ref = false;
    for (const { socket } of this.#served.values()) socket.unref();
  }

  #receive({ message, from }: Datagram, { number, local }: UdpSocket, served: Served): void {
    const counters = this.#counters;
    counters[this.#row + RECEIVED]++;
    counters[this.#row + BATCHES]++;
    counters[number * layout.socketRow + SOCKET_QUERIES]++;
    counters[number * layout.socketRow + SOCKET_BATCHES]++;
    if (from.port === 0) {
      // Port 0 cannot be answered (RFC 768 defines it as "none").
      counters[this.#row + PORT_ZERO]++;
      return;
    }
    // The layout of a stream, so that one check serves both.
    const input = Buffer.alloc(LENGTH_PREFIX + message.length);
    input.writeUInt16BE(message.length);
    message.copy(input, LENGTH_PREFIX);
    const { words, text } = this.#check.check(input, input.length);
    const outcome = words[layout.query.verdict];
    if (outcome === layout.verdict.reply) {
      this.#send(served.socket, input.subarray(LENGTH_PREFIX, LENGTH_PREFIX + words[layout.query.length]), from);
    } else if (outcome === layout.verdict.query) {
      const client = endpointOf(from.address, from.port);
      const origin = { transport: 'udp' as const, envelopeSize: 0, client: () => client, local: () => local };
      this.#serve(new Query({ input, words, text, origin }, 0), from, served);
    }
  }

  #serve(query: Query, from: RemoteInfo, served: Served): void {
    const reply = new Reply(query);
    const deliver = (asked: Query, late: Reply): void => {
      if (!this.#closed) this.#put(asked, late, from, served);
      if (--served.inFlight === 0) served.onEmpty?.();
    };
    if (this.#dispatcher.serve(query, reply, deliver)) {
      this.#put(query, reply, from, served);
    } else {
      served.inFlight++;
      this.#dispatcher.keep();
    }
  }

  #put(query: Query, reply: Reply, from: RemoteInfo, { socket }: Served): void {
    const length = this.#encoder.encode(query, reply, this.#output, 0);
    // The socket may keep it until the next turn of the loop.
    if (length > 0) this.#send(socket, Buffer.from(this.#output.subarray(0, length)), from);
  }

  #send(socket: PlainSocket, message: Uint8Array, to: RemoteInfo): void {
    socket.send(message, to, (error) => {
      this.#counters[this.#row + (error === null ? SENT : SEND_FAILURES)]++;
    });
  }
}
