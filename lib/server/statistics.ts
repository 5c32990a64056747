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
  /** The interface that it is bound to; undefined: none. */
  interface?: string;
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

/** The memory in which one worker counts: a row for each socket, then its own row. No other thread writes it. */
interface Seat {
  memory: SharedArrayBuffer;
  elements: Float64Array;
  /** Whether its worker is written off: its queries and connections are not the server's any more. */
  abandoned: boolean;
}

/**
 * The counters of a server. A worker has a seat while it lives: memory that only this worker writes and any thread reads.
 * So no count is lost while two workers serve one socket, and a counter needs no atomic operation. A socket's count is
 * the sum over all seats.
 *
 * There are more seats than workers, so that fresh workers can start before the old ones end.
 */
export class Counters {
  /** The element at which a worker's own row starts. */
  readonly #row: number;
  readonly #connections: SharedArrayBuffer;
  /** The seats that have been taken at least once; their order is that of their numbers. */
  readonly #seats: Seat[] = [];
  readonly #freeSeats: number[];
  /** The counts of workers that have ended. */
  readonly #past = new Float64Array(layout.workerRow);

  /** Room for the sockets of that many addresses and for that many workers at a time. */
  constructor(addresses: number, workers: number) {
    this.#row = addresses * NUMBERS_PER_ADDRESS * layout.socketRow;
    this.#connections = ConnectionLimits.allocate(workers);
    this.#freeSeats = Array.from({ length: workers }, (_, i) => workers - 1 - i);
  }

  /** Clears the rows of an address that is gone, for the next one. */
  forgetAddress(slot: number): void {
    const size = NUMBERS_PER_ADDRESS * layout.socketRow;
    for (const { elements } of this.#seats) elements.fill(0, slot * size, (slot + 1) * size);
  }

  /** Takes a seat for a worker that is about to start; returns what it needs to count there. */
  takeSeat(): { seat: number; row: number; memory: SharedArrayBuffer; connections: SharedArrayBuffer } {
    const seat = this.#freeSeats.pop();
    if (seat === undefined) throw new Error('more workers than there are seats for');
    this.#seats[seat] ??= this.#makeSeat();
    const { memory } = this.#seats[seat];
    return { seat, row: this.#row, memory, connections: this.#connections };
  }

  /** Returns the seat of a worker that has ended: its counts stay. */
  returnSeat(seat: number): void {
    ConnectionLimits.forget(this.#connections, seat);
    const { elements } = this.#seats[seat];
    workerCounters.forEach((name, i) => {
      if (!GAUGES.includes(name)) this.#past[i] += elements[this.#row + i];
    });
    elements.fill(0, this.#row);
    this.#seats[seat].abandoned = false;
    this.#freeSeats.push(seat);
  }

  /** Notes that a worker is written off. It has its seat, and its connections, until its thread ends. */
  abandon(seat: number): void {
    this.#seats[seat].abandoned = true;
  }

  read(sockets: ServerSockets | undefined, supervisor: Supervisor, assignment: Assignment): ServerStatistics {
    const everyone = supervisor.all.map((worker) => ({
      index: worker.index,
      stalled: supervisor.isStalled(worker),
      busy: worker.busyFor(),
      ...named(workerCounters, this.#seats[worker.seat].elements, this.#row),
    }));
    const totals = named(workerCounters, this.#past, 0);
    for (const { elements, abandoned } of this.#seats) {
      workerCounters.forEach((name, i) => {
        if (!abandoned || !GAUGES.includes(name)) totals[name] += elements[this.#row + i];
      });
    }
    return {
      sockets: sockets === undefined ? [] : this.#readSockets(sockets, assignment),
      workers: everyone,
      totals,
    };
  }

  /** The counters of the socket with that number. */
  countsOf(socket: number): Record<SocketCounter, number> {
    const sum = new Float64Array(socketCounters.length);
    for (const { elements } of this.#seats) {
      for (let i = 0; i < sum.length; i++) sum[i] += elements[socket * layout.socketRow + i];
    }
    return named(socketCounters, sum, 0);
  }

  #readSockets(sockets: ServerSockets, assignment: Assignment): SocketStatistics[] {
    return sockets.groups().flatMap(({ sockets: group, transport, members }) => {
      const { protocol, address, port, interface: name } = group;
      const where = { address, port, ...(name !== undefined && { interface: name }) };
      return group.statistics().map((kernel, index) => {
        const { number } = members[index];
        const counted = this.countsOf(number);
        const worker = assignment.readersOf(number)[0]?.index;
        return { protocol, transport, ...where, index, worker, ...counted, ...kernel };
      });
    });
  }

  #makeSeat(): Seat {
    const memory = new SharedArrayBuffer((this.#row + layout.workerRow) * Float64Array.BYTES_PER_ELEMENT);
    return { memory, elements: new Float64Array(memory), abandoned: false };
  }
}

function named<Name extends string>(names: readonly Name[], elements: Float64Array, row: number): Record<Name, number> {
  return Object.fromEntries(names.map((name, i) => [name, elements[row + i]])) as Record<Name, number>;
}
