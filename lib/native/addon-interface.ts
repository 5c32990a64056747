/** The native addon, typed: its engines, and the functions that need no object. */
import type { AnswerCache, AnswerFront, NativeCacheOptions } from './cache.js';
import type { QueryLog } from './query-log.js';
import type { DescriptorChannel } from './descriptor-channel.js';
import type { Guard, NativeGuardOptions } from './guard.js';
import type { Layout } from './layout.js';
import type { NativeLoadGenerator, NativeLoadPlan, NativeLoadResult } from './load-generator.js';
import type { NativeProxyOptions, ProxyProtocol } from './proxy-protocol.js';
import type { NativeSocket, NativeSocketDescription, NativeSocketOptions, NativeSocketStatistics } from './sockets.js';
import type { StreamAdmission, StreamMemory } from './stream-admission.js';
import type { EndpointMemory } from './endpoint-memory.js';
import type { TcpEndpoint, TcpEndpointCallbacks, TcpEndpointMemory } from './tcp-endpoint.js';
import type { UdpClient } from './udp-client.js';
import type { UdpEndpoint } from './udp-endpoint.js';
import type { ZoneTable } from './zone-table.js';

/** The functions and classes of native code. */
export interface Addon {
  layout: Layout;
  openSocket(options: NativeSocketOptions): NativeSocket;
  /** Throws `EBADF`, `ENOTSOCK`, `EAFNOSUPPORT` (neither IPv4 nor IPv6) or `EPROTONOSUPPORT` (neither UDP nor TCP). */
  describeSocket(fd: number): NativeSocketDescription;
  /** Sets the flags and options of {@link openSocket} on a socket that another process opened. */
  prepareInherited(fd: number): void;
  /** dup(2), close-on-exec. */
  duplicate(fd: number): number;
  closeSocket(fd: number): void;
  /**
   * Whether the process may open one more descriptor, and `reserve` beyond it (a quarter of its RLIMIT_NOFILE if that is
   * less). `open`: any open descriptor.
   */
  descriptorRoom(open: number, reserve: number): boolean;
  /** Steers a whole group through one of its sockets; `hash` removes a steering program. */
  steer(fd: number, steering: 'hash' | 'random' | 'cpu', sockets: number): void;
  /**
   * Takes a UDP socket out of its group: it gets nothing new, its queue can still be read, and replies leave through
   * others of its group. False if the kernel does not allow it.
   */
  leave(fd: number): boolean;
  /**
   * Pins the calling thread to one of the CPUs that it may use, by its index among them. Throws `ENOTSUP` and others.
   */
  pinThread(place: number): void;
  /**
   * Moves memory to huge pages, which makes random access to it faster. Does nothing below 2 MiB, before Linux 6.1, on other
   * systems, or if the kernel has no huge page left.
   */
  useHugePages(memory: Uint8Array): void;
  /** Stops a listening socket for every holder of a descriptor; its port can be bound again. */
  stopListening(fd: number): void;
  /** Ends the process with this exit status after `milliseconds`, unless it has ended by then. */
  exitWithin(status: number, milliseconds: number): void;
  /**
   * Takes the sockets away from the {@link UdpEndpoint} whose counters start at `row`, which a blocked thread cannot
   * give back. It then receives and sends nothing. Does nothing if there is no such endpoint.
   */
  abandonEndpoint(counters: Float64Array, row: number): void;
  /**
   * Sends a text as one datagram to the Unix socket at `path`; `@` at the start stands for a name in the abstract namespace
   * (unix(7)). Does not block. Throws a system error.
   */
  sendLocalDatagram(path: string, message: string): void;
  statistics(fd: number): NativeSocketStatistics;
  /**
   * Adds the EDNS options that a query has asked for, and its cookie, to the message of `length` bytes at the start of
   * `reply`, whose last record is the OPT at `opt`. `row`: the query's words. Returns the new length: at most that of
   * `reply`, or `length` where that is more.
   */
  addOptions(reply: Uint8Array, length: number, opt: number, row: Uint32Array, edns: Uint8Array): number;
  /**
   * Packs the ends of a query's path in the form that native code compares. Addresses are numeric, `transport` is the
   * index in `transports` of `lib/message/batch.ts`.
   */
  queryOrigin(transport: number, client: string, clientPort: number, local: string, localPort: number): Uint8Array;
  /** The kind of a well-formed response: one of `layout.kind`. */
  answerKind(message: Uint8Array): number;
  /**
   * Reads a message that came on a stream in answer to `query`, whose question ends at `questionEnd`, and writes it to
   * a row of answers. Returns the outcome: `answered`, `malformed` or `unmatched`.
   */
  readAnswer(query: Uint8Array, questionEnd: number, message: Uint8Array, row: Uint32Array): number;
  /**
   * Makes cookies and rate limits of this process, or attaches to those with this number, from any thread. Their memory
   * is freed with the last object of all threads. Throws `Error` if the number is not in use.
   */
  Guard: new (numberOrOptions: number | NativeGuardOptions) => Guard;
  /**
   * Attaches to the answer cache of this process with this number, from any thread; makes one with `options` if the
   * number is not in use. A cache's memory is freed with the last object of all threads. Throws `Error` without
   * `options`.
   */
  AnswerCache: new (number: number, options?: NativeCacheOptions) => AnswerCache;
  /** Asks the zones, then the caches in this order. `log`: records their answers, and when other queries were taken up. */
  AnswerFront: new (caches: readonly AnswerCache[], log?: QueryLog, zones?: ZoneTable) => AnswerFront;
  ZoneTable: new () => ZoneTable;
  /** `ring`: all of the memory, which the owner keeps. `sample`, `messages`: see `WorkerLog` of `lib/worker/messages.ts`. */
  QueryLog: new (ring: Uint32Array, sample: number, messages: boolean) => QueryLog;
  ProxyProtocol: new (options: NativeProxyOptions) => ProxyProtocol;
  DescriptorChannel: {
    /** Owns `fd` from now on. */
    new (fd: number, onReady: () => void): DescriptorChannel;
    /**
     * Listens at a path with these permissions and returns the descriptor. Replaces a stale socket file. Throws
     * `EADDRINUSE` if a process listens there, `ENOTSOCK` if the file is not a socket, or another system error.
     */
    listen(path: string, mode: number): number;
    /** Throws `EACCES` if a process of another user listens there, or another system error. */
    connect(path: string): number;
  };
  StreamAdmission: new (memory: StreamMemory, guard?: Guard) => StreamAdmission;
  /** Linux only. */
  TcpEndpoint?: new (memory: TcpEndpointMemory, callbacks: TcpEndpointCallbacks) => TcpEndpoint;
  UdpClient: new (
    slab: ArrayBuffer,
    outbox: Uint32Array,
    answers: Uint32Array,
    /** Called with the number of rows in `answers`. */
    onAnswers: (count: number) => void,
  ) => UdpClient;
  UdpEndpoint: new (
    memory: EndpointMemory,
    /** Called with the number of queries for the handler; their rows are the first ones in `queries`. */
    onQueries: TcpEndpointCallbacks['onQueries'],
    onHeld: () => void,
  ) => UdpEndpoint;
  /** Linux only. `questions`: queries of one question, each with its length in front; RangeError if they are not. */
  LoadGenerator?: new (
    plan: NativeLoadPlan,
    questions: Uint8Array,
    onFinish: (result: NativeLoadResult) => void,
  ) => NativeLoadGenerator;
}
