/** The counters of a server: where they stand in shared memory, and what `stats()` makes of them. */
import { addon } from '../addon.js';
import { ConnectionLimits } from '../transport/connection-limits.js';
import { socketCounters, workerCounters, type SocketCounter, type WorkerCounter } from '../transport/counters.js';
import type { Assignment } from './assignment.js';
import type { Borrower } from './borrower.js';
import { NUMBERS_PER_ADDRESS, type ServerSockets } from './server-sockets.js';

/** What is known of one socket. */
export interface SocketStatistics extends Record<SocketCounter, number> {
  protocol: 'udp' | 'tcp';
  address: string;
  port: number;
  /** Its place among the sockets of its address and protocol, from 0. */
  index: number;
  /** The number of the worker that serves it; undefined when nobody does at this moment. */
  worker: number | undefined;
  /** UDP: bytes that wait in the kernel, with its bookkeeping. TCP: connections that wait to be accepted. */
  queued: number;
  /** What `queued` fills, in the same unit. */
  capacity: number;
  /** UDP: datagrams that the kernel dropped since the socket was opened, because its buffer was full. */
  drops: number;
}

/** What is known of one worker: its number, and its counters since the server started. */
export interface WorkerStatistics extends Record<WorkerCounter, number> {
  index: number;
}

/** What {@link Server.stats} returns. */
export interface ServerStatistics {
  sockets: SocketStatistics[];
  workers: WorkerStatistics[];
  /** The sum of all workers' counters, those of workers that have ended included. */
  totals: Record<WorkerCounter, number>;
}

const { layout } = addon;

/** A server's shared memory. Each element is written by one thread at a time and read by any. */
export class Counters {
  readonly #memory: SharedArrayBuffer;
  readonly #elements: Float64Array;
  readonly #connections: SharedArrayBuffer;
  readonly #workers: number;
  readonly #firstWorker: number;

  /** Room for the sockets of that many addresses and for that many workers. */
  constructor(addresses: number, workers: number) {
    this.#workers = workers;
    this.#firstWorker = addresses * NUMBERS_PER_ADDRESS * layout.socketRow;
    const elements = this.#firstWorker + workers * layout.workerRow;
    this.#memory = new SharedArrayBuffer(elements * Float64Array.BYTES_PER_ELEMENT);
    this.#elements = new Float64Array(this.#memory);
    this.#connections = ConnectionLimits.allocate(workers);
  }

  /** What the worker with that number needs to count. */
  placeOf(worker: number): { memory: SharedArrayBuffer; row: number; connections: SharedArrayBuffer } {
    return { memory: this.#memory, row: this.#rowOf(worker), connections: this.#connections };
  }

  /** A worker has ended: what it held open is no longer there. */
  forget(worker: number): void {
    ConnectionLimits.forget(this.#connections, worker);
    const row = this.#rowOf(worker);
    for (const gauge of ['inFlight', 'tcpOpen'] as const) this.#elements[row + workerCounters.indexOf(gauge)] = 0;
  }

  read(sockets: ServerSockets | undefined, workers: readonly Borrower[], assignment: Assignment): ServerStatistics {
    const everyone = Array.from({ length: this.#workers }, (_, index) =>
      this.#read(workerCounters, this.#rowOf(index)),
    );
    const totals = this.#read(workerCounters, this.#rowOf(0));
    for (const name of workerCounters) totals[name] = everyone.reduce((sum, counters) => sum + counters[name], 0);
    return {
      sockets: sockets === undefined ? [] : this.#readSockets(sockets, assignment),
      workers: workers.map(({ index }) => ({ index, ...everyone[index] })),
      totals,
    };
  }

  #readSockets(sockets: ServerSockets, assignment: Assignment): SocketStatistics[] {
    return sockets.groups().flatMap(({ group, protocol, sockets: members }) => {
      const { address, port } = group;
      return group.statistics().map((kernel, index) => {
        const { number } = members[index];
        const counted = this.#read(socketCounters, number * layout.socketRow);
        return { protocol, address, port, index, worker: assignment.holder(number)?.index, ...counted, ...kernel };
      });
    });
  }

  #rowOf(worker: number): number {
    return this.#firstWorker + worker * layout.workerRow;
  }

  #read<Name extends string>(names: readonly Name[], row: number): Record<Name, number> {
    return Object.fromEntries(names.map((name, i) => [name, this.#elements[row + i]])) as Record<Name, number>;
  }
}
