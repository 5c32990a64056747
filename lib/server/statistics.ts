/** The counters of a server: their layout in shared memory, and the result of `stats()`. */
import { addon, type CacheCounters } from '../native/addon.js';
import type { Transport } from '../message/batch.js';
import { ConnectionLimits } from '../worker/stream/connection-limits.js';
import { socketCounters, workerCounters, type SocketCounter, type WorkerCounter } from '../worker/counters.js';
import type { Assignment } from './assignment.js';
import { NUMBERS_PER_ADDRESS } from './served-group.js';
import type { ServerSockets } from './server-sockets.js';
import type { Supervisor } from './supervisor.js';

/** Statistics of one socket. */
export interface SocketStatistics extends Record<SocketCounter, number> {
  protocol: 'udp' | 'tcp';
  /** The protocol of the socket: `'udp'`, `'tcp'`, `'tls'`, `'https'` or `'grpc'`. */
  transport: Transport;
  address: string;
  port: number;
  /** Its index among the sockets of its address and protocol, from 0. */
  index: number;
  /** The index of the worker that serves it; undefined if none does at this moment. */
  worker: number | undefined;
  /** UDP: bytes that wait in the kernel, with its bookkeeping. TCP: connections that wait to be accepted. */
  queued: number;
  /** The capacity of the queue, in the unit of `queued`. */
  capacity: number;
  /** UDP: datagrams that the kernel has dropped since the socket was opened, because its buffer was full. */
  drops: number;
}

/** Statistics of one worker: its index, and its counters since it started. */
export interface WorkerStatistics extends Record<WorkerCounter, number> {
  /** Two workers have the same index while one takes over from the other. */
  index: number;
  /** Whether its event loop has not turned for `stallTimeout`. */
  stalled: boolean;
  /** Milliseconds that its event loop has been busy since it started (`performance.eventLoopUtilization`). */
  busy: number;
}

/** What {@link Server.stats} returns. */
export interface ServerStatistics {
  sockets: SocketStatistics[];
  workers: WorkerStatistics[];
  /** The sum of all workers' counters, those of workers that have ended included. */
  totals: Record<WorkerCounter, number>;
  /** The counters of the answer cache; undefined without a cache. */
  cache?: CacheCounters;
}

const { layout } = addon;
const GAUGES: readonly WorkerCounter[] = ['inFlight', 'tcpOpen'];

/**
 * A server's shared memory. Each element is written by one thread at a time and read by any.
 *
 * A worker has a seat: a row that is its own while it lives. There are more seats than workers, so that fresh workers
 * can start before the old ones end.
 */
export class Counters {
  readonly #memory: SharedArrayBuffer;
  readonly #elements: Float64Array;
  readonly #connections: SharedArrayBuffer;
  readonly #firstSeat: number;
  readonly #seats: number;
  readonly #freeSeats: number[];
  /** The counts of workers that have ended. */
  readonly #past = new Float64Array(layout.workerRow);

  /** Room for the sockets of that many addresses and for that many workers at a time. */
  constructor(addresses: number, workers: number) {
    this.#seats = workers;
    this.#firstSeat = addresses * NUMBERS_PER_ADDRESS * layout.socketRow;
    const elements = this.#firstSeat + workers * layout.workerRow;
    this.#memory = new SharedArrayBuffer(elements * Float64Array.BYTES_PER_ELEMENT);
    this.#elements = new Float64Array(this.#memory);
    this.#connections = ConnectionLimits.allocate(workers);
    this.#freeSeats = Array.from({ length: workers }, (_, i) => workers - 1 - i);
  }

  /** Clears the rows of an address that is gone, for the next one. */
  forgetAddress(slot: number): void {
    const size = NUMBERS_PER_ADDRESS * layout.socketRow;
    this.#elements.fill(0, slot * size, (slot + 1) * size);
  }

  /** Takes a seat for a worker that is about to start; returns what it needs to count there. */
  takeSeat(): { seat: number; row: number; memory: SharedArrayBuffer; connections: SharedArrayBuffer } {
    const seat = this.#freeSeats.pop();
    if (seat === undefined) throw new Error('more workers than there are seats for');
    return { seat, row: this.#rowOf(seat), memory: this.#memory, connections: this.#connections };
  }

  /** Returns the seat of a worker that has ended: its counts are kept, its gauges are cleared. */
  returnSeat(seat: number): void {
    ConnectionLimits.forget(this.#connections, seat);
    this.settle(seat);
    this.#freeSeats.push(seat);
  }

  /**
   * Keeps the counts of a worker. A worker that is written off has its seat, and its connections, until its thread
   * ends.
   */
  settle(seat: number): void {
    const row = this.#rowOf(seat);
    workerCounters.forEach((name, i) => {
      if (!GAUGES.includes(name)) this.#past[i] += this.#elements[row + i];
    });
    this.#elements.fill(0, row, row + layout.workerRow);
  }

  read(sockets: ServerSockets | undefined, supervisor: Supervisor, assignment: Assignment): ServerStatistics {
    const everyone = supervisor.all.map((worker) => ({
      index: worker.index,
      stalled: supervisor.isStalled(worker),
      busy: worker.busyFor(),
      ...named(workerCounters, this.#elements, this.#rowOf(worker.seat)),
    }));
    const totals = named(workerCounters, this.#past, 0);
    workerCounters.forEach((name, i) => {
      for (let seat = 0; seat < this.#seats; seat++) totals[name] += this.#elements[this.#rowOf(seat) + i];
    });
    return {
      sockets: sockets === undefined ? [] : this.#readSockets(sockets, assignment),
      workers: everyone,
      totals,
    };
  }

  #readSockets(sockets: ServerSockets, assignment: Assignment): SocketStatistics[] {
    return sockets.groups().flatMap(({ sockets: group, transport, members }) => {
      const { protocol, address, port } = group;
      return group.statistics().map((kernel, index) => {
        const { number } = members[index];
        const counted = named(socketCounters, this.#elements, number * layout.socketRow);
        const worker = assignment.readersOf(number)[0]?.index;
        return { protocol, transport, address, port, index, worker, ...counted, ...kernel };
      });
    });
  }

  #rowOf(seat: number): number {
    return this.#firstSeat + seat * layout.workerRow;
  }
}

function named<Name extends string>(names: readonly Name[], elements: Float64Array, row: number): Record<Name, number> {
  return Object.fromEntries(names.map((name, i) => [name, elements[row + i]])) as Record<Name, number>;
}
