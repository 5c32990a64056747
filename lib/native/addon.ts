/**
 * The native addon, typed. This is the only file that loads it.
 *
 * Native code and JavaScript share memory rather than pass objects. The positions of everything in that memory are
 * decided in `native/message/layout.h`, and come up from there in {@link Layout}, so that there is one place to change them.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fallback } from './fallback/addon.js';

/** What {@link Addon.openSocket} needs to know; each field is required so that native code has no defaults of its own. */
export interface NativeSocketOptions {
  /** `udp` or `tcp`. A TCP socket is listening when it is returned. */
  protocol: 'udp' | 'tcp';
  /** A numeric IPv4 or IPv6 address, the latter with an optional `%zone`. */
  address: string;
  /** 0 to 65535; 0 lets the kernel choose. */
  port: number;
  /** Whether SO_REUSEPORT is set at all. A kernel that does not know it leaves the socket without. */
  reusePort: boolean;
  /**
   * Bind before SO_REUSEPORT is set, so that the bind fails with EADDRINUSE when anybody holds the port, even another
   * SO_REUSEPORT socket; the option is set afterwards, so that the rest of the group can join.
   */
  exclusive: boolean;
  /** IPV6_V6ONLY; only for IPv6 addresses. */
  ipv6Only: boolean;
  /** IP_FREEBIND: bind an address that is not (yet) on this host. */
  freebind: boolean;
  /** SO_RCVBUF in bytes, 0 for the system's default. */
  receiveBufferSize: number;
  /** SO_SNDBUF in bytes, 0 for the system's default. */
  sendBufferSize: number;
  /** TCP: length of the accept queue. */
  backlog: number;
  /** TCP: length of the queue of TCP Fast Open requests, 0 for none. */
  fastOpen: number;
}

/** An open socket. */
export interface NativeSocket {
  fd: number;
  /** The port that was bound, never 0. */
  port: number;
  /** Whether SO_REUSEPORT is in force. */
  reusePort: boolean;
  /** SO_RCVBUF in bytes as the kernel granted it, without the doubling that Linux does for its bookkeeping. */
  receiveBufferSize: number;
  /** SO_SNDBUF in bytes as granted, likewise. */
  sendBufferSize: number;
}

/** What the kernel knows of a socket, whoever opened it. */
export interface NativeSocketDescription {
  protocol: 'udp' | 'tcp';
  /** Numeric, with its zone where it has one. */
  address: string;
  /** 0 when it is not bound. */
  port: number;
  /** Whether SO_REUSEPORT is in force. */
  reusePort: boolean;
  /** IPV6_V6ONLY; false for IPv4. */
  ipv6Only: boolean;
  /** TCP: whether it takes connections. */
  listening: boolean;
  /** SO_RCVBUF in bytes, without the doubling that Linux does for its bookkeeping. */
  receiveBufferSize: number;
  /** SO_SNDBUF in bytes, likewise. */
  sendBufferSize: number;
}

/**
 * A Unix stream socket over which processes of one user pass descriptors, or one that listens for such. Nothing blocks:
 * `undefined` means that there is nothing to do before {@link wait} has called back. System errors are thrown.
 */
export interface DescriptorChannel {
  /** A listener's: a new channel's descriptor, which the caller owns. */
  accept(): number | undefined;
  /** Sends some of the bytes, at least one, and with the first all the descriptors, at most 252. Returns how many bytes. */
  send(bytes: Uint8Array, descriptors: readonly number[]): number | undefined;
  /**
   * Receives into `bytes`; `length` is 0 when the other side has closed. The caller owns the descriptors. `EMFILE` when
   * there is no room for all of them: those that there was room for are closed then.
   */
  receive(bytes: Uint8Array): { length: number; descriptors: number[] } | undefined;
  /** Calls `onReady` once, when the socket can be read (a listener: accepts), or written when `write` is true. */
  wait(write: boolean): void;
  close(): void;
}

/** What the kernel says of one socket. */
export interface NativeSocketStatistics {
  /** Bytes that wait to be read, with the kernel's bookkeeping; TCP listeners: connections that wait to be accepted. */
  queued: number;
  /** The size of what `queued` fills: SO_RCVBUF in the kernel's own (doubled) count, or the accept queue's length. */
  capacity: number;
  /** Datagrams dropped because the receive buffer was full; 0 where the kernel does not tell. */
  drops: number;
}

/**
 * The positions in shared memory, as `native/message/layout.h` has them.
 *
 * A *slab* is one ArrayBuffer a worker. It holds `batchSize` receive slots of `slotStride` bytes, each an envelope of
 * `envelopeSize` bytes (who sent it, to where) directly followed by the message; then the text region; then the output
 * region, to the slab's end.
 */
export interface Layout {
  /** Datagrams in a batch: 64. */
  batchSize: number;
  envelopeSize: number;
  /**
   * Offsets inside an envelope. Families are 4 or 6 (`localFamily` 0: see where the socket is bound); addresses and port
   * are in network byte order, `socket` is the socket's number, little-endian.
   */
  envelope: {
    family: number;
    clientPort: number;
    clientAddress4: number;
    clientAddress6: number;
    localFamily: number;
    localAddress: number;
    socket: number;
  };
  slotStride: number;
  /** Where the text region starts in the slab; it holds `batchSize` times `maxText` bytes. */
  textOffset: number;
  /** The longest presentation form of a name: each of 255 bytes may take four characters. */
  maxText: number;
  outputOffset: number;
  outputSize: number;
  slabSize: number;
  /** 32-bit words a query in `queries`, and their positions. */
  queryWords: number;
  query: {
    /** Offset of the message in the input (UDP: the slab; TCP: the chunk). */
    offset: number;
    /** Length of the message in bytes. */
    length: number;
    /** ID in the upper 16 bits, the header's flags in the lower. */
    idAndFlags: number;
    /** QTYPE in the upper 16 bits, QCLASS in the lower. */
    typeAndClass: number;
    /** Offset from the message's start to the first byte after the question. */
    questionEnd: number;
    /** Offset in the text region's buffer of the name in presentation form (RFC 1035 s.5.1 escapes), lower case. */
    keyOffset: number;
    keyLength: number;
    /** The same with the client's spelling; equal to keyOffset when the client wrote lower case. Same length. */
    nameOffset: number;
    /** 1 when there is an OPT record. */
    edns: number;
    /** OPT: UDP payload size in the upper 16 bits, the flags (DO is 0x8000) in the lower. */
    ednsSizeAndFlags: number;
    /** OPT: offset from the message's start to its RDATA, and RDLENGTH. */
    optionsOffset: number;
    optionsLength: number;
    /** OPT: which of the options that native code answers it has, as bits. */
    asked: number;
    /** {@link Layout.verdict}. Only TCP sees others than `query`. */
    verdict: number;
    /** 1 when the reply is to carry the cookie whose 24 octets follow from `cookie` on, four a word, the first highest. */
    hasCookie: number;
    cookie: number;
  };
  /** What a message is: hand it to a handler; drop it; or send the reply that now stands where the message stood. */
  verdict: { query: number; drop: number; reply: number };
  /**
   * `outbox[0]` counts the entries that follow, four words each: envelope offset, message offset, message length, and where
   * in the message its OPT record begins, 0 without one.
   */
  outboxEntryWords: number;
  outboxEntries: number;
  /**
   * The memory of a {@link UdpClient}: its slab, of `slabSize` bytes, has the answers of a batch one after the other from
   * 0 on, and from `queriesOffset` on what is to be sent. `maxOutstanding`: handles are below it. `unsent`: what native
   * code puts in place of the handle of an outbox entry that it could not send.
   */
  client: {
    queriesOffset: number;
    slabSize: number;
    maxOutstanding: number;
    outboxEntries: number;
    outboxWords: number;
    unsent: number;
    answerWords: number;
  };
  /** The words of an entry in a client's outbox; `questionEnd`: from the message's start. */
  ask: { upstream: number; handle: number; offset: number; length: number; questionEnd: number };
  /**
   * The words of a row of answers. All but `handle` and `outcome` are there for `answered` alone: where in the slab the
   * message stands, offsets from its start, flags in the upper 16 bits over the RCODE with its extension, and the counts
   * of the sections, OPT left out.
   */
  answer: {
    handle: number;
    outcome: number;
    offset: number;
    length: number;
    questionEnd: number;
    recordsEnd: number;
    flagsAndRcode: number;
    answers: number;
    authorities: number;
    additionals: number;
    optionsOffset: number;
    optionsLength: number;
  };
  /** What became of a query: an answer; one with TC or longer than a slot; one that cannot be read; nobody is there. */
  outcome: { answered: number; truncated: number; malformed: number; unreachable: number };
  /** Names of the counters that native code writes, in the order of a socket's row and of a worker's row. */
  socketCounters: string[];
  workerCounters: string[];
  /** Float64 slots that a row has, for native code's counters and those that JavaScript adds. */
  socketRow: number;
  workerRow: number;
}

/** What {@link Addon.openCache} takes. */
export interface NativeCacheOptions {
  /** In all, bookkeeping included. */
  maxBytes: number;
  /** The longest UDP reply, and what OPT records say, in bytes. */
  payloadSize: number;
  /** Seconds that an answer may be given after its end; 0: none. */
  serveStale: number;
  /** Answers asked for that often are refreshed before their end; 0: none. */
  prefetchHits: number;
  /** Seconds without a query after which that count starts again; 0: never. */
  prefetchGap: number;
  /** How near to its end, in percent of its life. */
  prefetchPercent: number;
  /** Whether queries that ask for NSID have a part in the cache: whoever gives an answer to one then adds it. */
  ignoreNsid: boolean;
  /** Whether answers are given with the TTLs that they came with, and not what is left of these. */
  keepTtl: boolean;
  /** Whether cookies are no part of questions, because a {@link Guard} answers them. */
  ignoreCookies: boolean;
  /**
   * Whether the handler looks up again what an {@link AnswerFront} did not find: then it is the handler's look-up that is
   * told to renew an answer, and the front's leaves no trace where it finds nothing.
   */
  lookedUpAgain: boolean;
  /** Whether a front may give what is past its end. */
  staleFirst: boolean;
}

/** What {@link Addon.openGuard} takes. */
export interface NativeGuardOptions {
  /** What our OPT records say, in bytes. */
  payloadSize: number;
  /** `secrets`: 1 to 4, of 16 bytes each; the first one makes cookies. */
  cookies: { secrets: readonly Uint8Array[]; require: boolean } | undefined;
  rateLimit: NativeRateLimit | undefined;
}

/** Rates are responses a second, 0 to 100,000; 0: no limit. */
export interface NativeRateLimit {
  responsesPerSecond: number;
  errorsPerSecond: number;
  nxdomainsPerSecond: number;
  allPerSecond: number;
  /** Seconds, 1 to 3,600. */
  window: number;
  /** Of so many responses that are too many one is sent short; 0: none is. */
  slip: number;
  ipv4PrefixLength: number;
  ipv6PrefixLength: number;
  /** Accounts. */
  maxTableSize: number;
  reportOnly: boolean;
  /** Numeric addresses. */
  exempt: readonly { address: string; prefixLength: number }[];
}

/** A process's cookies and rate limits, as one thread holds them. */
export type Guard = object;

/** What a cache has done, and what it holds. */
export interface CacheCounters {
  /** Queries answered, {@link staleHits} among them. */
  hits: number;
  /** Answered with what was past its end. */
  staleHits: number;
  /** Queries that were not, {@link contended} among them. */
  misses: number;
  /** Not answered because another thread was busy in that part of the cache. */
  contended: number;
  /** Answers that were kept. */
  stores: number;
  /** Answers that had to make room. */
  evictions: number;
  /** Memory in use. */
  bytes: number;
  /** Answers that are there. */
  entries: number;
}

/** A process's answer cache, as one thread holds it. */
export interface AnswerCache {
  /**
   * Writes the reply to the query of `length` bytes at `offset` of `input` to `out` and returns its length; 0: there is
   * none that does not vary by who asks. -1: there is one, and whoever asks here is to have it renewed; the next look-up
   * gets it. `allowStale`: one past its end will do.
   */
  lookUp(
    input: Uint8Array,
    offset: number,
    length: number,
    transport: number,
    allowStale: boolean,
    out: Uint8Array,
  ): number;
  /**
   * Keeps the reply of `replyLength` bytes at `replyOffset` of `target` for queries like the one in `input`. `opt`:
   * where its OPT record begins, from the reply's start; 0 without one. `maxTtl` in seconds, `varyBy` the sum of 1 (local
   * address), 2 (client's network) and 4 (client). False when such a reply is not kept.
   */
  store(
    input: Uint8Array,
    offset: number,
    length: number,
    transport: number,
    origin: Uint8Array | undefined,
    target: Uint8Array,
    replyOffset: number,
    replyLength: number,
    opt: number,
    maxTtl: number,
    varyBy: number,
  ): boolean;
  /** Removes all, or what is known of a name in wire format, or of it and all below; returns how many. */
  clear(name?: Uint8Array, subtree?: boolean): number;
  counters(): CacheCounters;
}

declare const nothingToCall: unique symbol;

/** The caches that are asked before a handler, in turn: of use to native code alone. */
export interface AnswerFront {
  readonly [nothingToCall]: never;
}

/** One worker's datagram I/O on its event loop. */
export interface UdpEndpoint {
  /**
   * Starts to read a socket. The endpoint works on its own duplicate of `fd`. `group`: sockets of one address and port.
   * What `front` knows is answered without calling `onQueries`.
   */
  add(socket: number, fd: number, group: number, wildcard: boolean, front?: AnswerFront): void;
  /** Stops reading. What was received can still be answered. */
  stop(socket: number): void;
  /** Starts to read a stopped socket again. */
  start(socket: number): void;
  /** Closes the endpoint's duplicate of a stopped socket. */
  remove(socket: number): void;
  /** Drops datagrams that have waited in the kernel for longer, in ms; for sockets that are added afterwards; 0: none. */
  dropOlderThan(milliseconds: number): void;
  /** Has the guard look at what comes and goes. */
  guard(guard: Guard): void;
  /** Sends all in the outbox and empties it. */
  flush(): void;
  ref(): void;
  unref(): void;
  /** Stops and removes all; the object is of no more use. */
  close(): void;
}

/** What a load generator is asked to do; each field is required, and was checked by `lib/tune/load-generator.ts`. */
export interface NativeLoadPlan {
  /** Numeric. */
  address: string;
  port: number;
  tcp: boolean;
  /** TCP: a connection carries one query. */
  oneQueryAConnection: boolean;
  /** UDP: sockets, each with a port of its own; TCP: connections at a time. */
  clients: number;
  /** Queries in a row from one client. */
  burst: number;
  /** How many queries may wait for their answers at a time, in all. */
  window: number;
  /** Open loop: queries a second; 0: closed loop. */
  rate: number;
  /** Queries in all. */
  count: number;
  /** Milliseconds of asking. */
  duration: number;
  /** Milliseconds after which a query is lost. */
  timeout: number;
  /** Milliseconds a row of the series. */
  interval: number;
  /** The CPU that the thread is pinned to; -1: none. */
  cpu: number;
}

/** Counts of a load. Times are in milliseconds. */
export interface LoadCounts {
  /** Queries that left. */
  sent: number;
  /** Answers in time that fit their question: a response with its ID, opcode and question section. */
  answered: number;
  /** Queries without such an answer in time, or whose TCP connection went before it came. */
  lost: number;
  /** Fitting answers to queries that were lost by then. */
  late: number;
  /** Messages with the ID of a query that do not fit it. */
  mismatched: number;
  /** Further fitting answers to an answered query. */
  duplicates: number;
  /** Messages with an ID that belongs to no query that is remembered, and those without a whole header. */
  unexpected: number;
  /** Answers with TC among `answered`. */
  truncated: number;
  /** Queries that an open loop could not send when they were due, and gave up. */
  skipped: number;
  /** Sockets that were told that nobody listens; TCP connections that did not come about. */
  refused: number;
  /** TCP connections that were opened. */
  connections: number;
  /** TCP connections that the server closed. */
  disconnects: number;
  /** `answered` by RCODE (RFC 1035 s.4.1.1: the header's four bits), 16 of them. */
  rcodes: number[];
  /** Since the start; in a result: from the start to the last answer, or to the end of asking if that was later. */
  elapsed: number;
  /** How long the oldest query that waits has waited. */
  oldestWait: number;
}

/** One row of a load's series, an interval long. */
export interface LoadInterval {
  sent: number;
  answered: number;
  lost: number;
  /** The longest wait among its answers, in milliseconds. */
  longest: number;
}

/** The end of a load. Times are in milliseconds. */
export interface NativeLoadResult extends LoadCounts {
  /** CPU time of the generator's thread. */
  cpuTime: number;
  /** How far behind its schedule an open loop was at most, by the generator's own fault. */
  behind: number;
  /** The longest wait of an answer. */
  longest: number;
  /** Datagrams that the generator's own sockets had no room for. */
  drops: number;
  /** Pairs: the longest wait that a bucket holds, and how many are in it; by size, without the empty ones. */
  latency: number[];
  /** Rows up to the last one in which something happened. */
  series: LoadInterval[];
}

/** A client that asks a server as much as it bears, or at a rate, on a thread of its own. */
export interface NativeLoadGenerator {
  /** Once. Throws a system error when its sockets cannot be opened, or it cannot be pinned. */
  start(): void;
  /** Asks no more; `onFinish` is called when what is due has come or is lost. */
  stop(): void;
  progress(): LoadCounts;
}

/** One worker's queries to upstream servers over UDP, on its event loop. */
export interface UdpClient {
  /** Adds an upstream; they are numbered from 0 on. `address`: numeric. Throws `EINVAL` for one that is none. */
  add(address: string, port: number): void;
  /** Sends all in the outbox and empties it. */
  flush(): void;
  /** Waits no longer for the answer to the query with this handle. */
  forget(handle: number): void;
  /** `unmatched`: datagrams that answered no query that was waited for. */
  counters(): { sent: number; received: number; unmatched: number };
  /** Forgets all and closes all sockets; the object is of no more use. */
  close(): void;
}

/** What native code gives. */
export interface Addon {
  layout: Layout;
  openSocket(options: NativeSocketOptions): NativeSocket;
  /** Throws `EBADF`, `ENOTSOCK`, `EAFNOSUPPORT` (neither IPv4 nor IPv6) or `EPROTONOSUPPORT` (neither UDP nor TCP). */
  describeSocket(fd: number): NativeSocketDescription;
  /** Gives a socket that another process opened the flags and options that {@link openSocket} gives one after its bind. */
  prepareInherited(fd: number): void;
  /** dup(2), close-on-exec. */
  duplicate(fd: number): number;
  closeSocket(fd: number): void;
  /**
   * Whether the process may open one more descriptor, and `reserve` beyond it (a quarter of its RLIMIT_NOFILE if that is
   * less). `open`: any open descriptor.
   */
  descriptorRoom(open: number, reserve: number): boolean;
  /** Steers a whole group by attaching to one of its sockets; `hash` takes a program off again. */
  steer(fd: number, steering: 'hash' | 'random' | 'cpu', sockets: number): void;
  /**
   * Takes a UDP socket out of its group: nothing more reaches it, what waits in it can be read, and replies leave through
   * others of its group. False where the kernel does not let it.
   */
  leave(fd: number): boolean;
  /** Ties the calling thread to one of the CPUs that it may use, by its place among them. Throws `ENOTSUP` and others. */
  pinThread(place: number): void;
  /** Stops a listening socket for everyone who has a descriptor of it; its port can be bound anew. */
  stopListening(fd: number): void;
  /** Ends the process with this exit status after `milliseconds`, unless it has ended by then. */
  exitWithin(status: number, milliseconds: number): void;
  /**
   * Takes the sockets away from the {@link UdpEndpoint} whose counters start at `row`, which a blocked thread cannot give
   * back. It receives and sends nothing any more. Does nothing when there is no such endpoint.
   */
  abandonEndpoint(counters: Float64Array, row: number): void;
  statistics(fd: number): NativeSocketStatistics;
  /**
   * Checks the length-prefixed messages (RFC 1035 s.4.2.2) in `input` between `start` and `end`, up to `most`, which is
   * at most a batch. Fills `queries` and `text`, counts in `counters` at `row`. Returns how many messages there are rows
   * for; their `offset` and `length` words say where. A reply that native code made stands where the message stood.
   *
   * With a `front` or a `guard`, messages whose answer these know get no row: the answers are put into `output` from
   * `outputStart` on, each behind its length. `origin`: see {@link Addon.queryOrigin}.
   *
   * `progress[0]`: where in `input` it stopped; `progress[1]`: where the answers end. `edns`: see
   * `lib/worker/edns-settings.ts`; without it, what holds for UDP, with a payload size of 1,232.
   */
  checkStream(
    input: Uint8Array,
    start: number,
    end: number,
    most: number,
    queries: Uint32Array,
    text: Uint8Array,
    counters: Float64Array,
    row: number,
    progress: Uint32Array,
    edns?: Uint8Array,
    front?: AnswerFront,
    guard?: Guard,
    origin?: Uint8Array,
    output?: Uint8Array,
    outputStart?: number,
  ): number;
  /**
   * Adds the EDNS options that a query has asked for, and its cookie, to the reply of `length` bytes at `offset` of
   * `target`, whose last record is the OPT at `opt` from there. `row`: the query's words. Returns its new length: `limit`
   * at most, or `length`.
   */
  addOptions(
    target: Uint8Array,
    offset: number,
    length: number,
    opt: number,
    limit: number,
    row: Uint32Array,
    edns: Uint8Array,
  ): number;
  /**
   * Where a query came from and went, in the form in which native code compares it. Addresses are numeric, `transport` is
   * its place in `transports` of `lib/message/batch.ts`.
   */
  queryOrigin(transport: number, client: string, local: string, localPort: number): Uint8Array;
  /** Opens an answer cache of this process and returns its number. */
  openCache(options: NativeCacheOptions): number;
  /** Lets go of it: its memory goes with the last {@link AnswerCache} that has it. */
  closeCache(number: number): void;
  /** Opens cookies and rate limits of this process and returns their number. */
  openGuard(options: NativeGuardOptions): number;
  /** Lets go of them: their memory goes with the last {@link Guard} that has them. */
  closeGuard(number: number): void;
  /** Changes the secrets of an open guard: 1 to 4, of 16 bytes each. */
  setCookieSecrets(number: number, secrets: readonly Uint8Array[]): void;
  /** Attaches to an open guard, from any thread; of use on that thread alone. */
  Guard: new (number: number) => Guard;
  /** Attaches to an open cache, from any thread. */
  AnswerCache: new (number: number) => AnswerCache;
  /** In the order in which they are asked. */
  AnswerFront: new (caches: readonly AnswerCache[]) => AnswerFront;
  DescriptorChannel: {
    /** Owns `fd` from now on. */
    new (fd: number, onReady: () => void): DescriptorChannel;
    /**
     * Listens at a path with these permissions and returns the descriptor. A stale socket file is replaced. Throws
     * `EADDRINUSE` when somebody listens there, `ENOTSOCK` when it is something else, or another system error.
     */
    listen(path: string, mode: number): number;
    /** Throws `EACCES` when a process of another user listens there, or another system error. */
    connect(path: string): number;
  };
  UdpClient: new (
    slab: ArrayBuffer,
    outbox: Uint32Array,
    answers: Uint32Array,
    /** Called with how many rows of `answers` there are. */
    onAnswers: (count: number) => void,
  ) => UdpClient;
  UdpEndpoint: new (
    slab: ArrayBuffer,
    queries: Uint32Array,
    outbox: Uint32Array,
    /** Rows of the sockets (by socket number, from element 0) then of the workers; `row` is this worker's element. */
    counters: Float64Array,
    row: number,
    /** See `lib/worker/edns-settings.ts`. */
    edns: Uint8Array,
    /** Called with how many queries of the batch are for a handler; their words are the first ones in `queries`. */
    onQueries: (count: number) => void,
  ) => UdpEndpoint;
  /** Linux only. `questions`: queries of one question, each with its length in front; RangeError if they are not. */
  LoadGenerator?: new (
    plan: NativeLoadPlan,
    questions: Uint8Array,
    onFinish: (result: NativeLoadResult) => void,
  ) => NativeLoadGenerator;
}

/** Tests: `MULTISOCKET_NATIVE=0` in the environment makes as if there were no addon. */
function loadNative(): Addon | Error {
  if (process.env.MULTISOCKET_NATIVE === '0') return new Error('MULTISOCKET_NATIVE=0 forbids it');
  // Bun loads addons, but has not the event loop, libuv's, that this one works on.
  if (process.versions.bun !== undefined) return new Error('Bun has no libuv');
  const load = createRequire(import.meta.url);
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const found = attempt(() => (load('node-gyp-build') as (directory: string) => Addon)(root));
  // Of systems with musl it knows Alpine only: elsewhere it takes the binary for glibc.
  const musl = join(root, `prebuilds/linux-${process.arch}/multisocket.musl.node`);
  return found instanceof Error && existsSync(musl) && hasMusl() ? attempt(() => load(musl) as Addon) : found;
}

function attempt(load: () => Addon): Addon | Error {
  try {
    return load();
  } catch (error) {
    return error as Error;
  }
}

function hasMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined;
}

const loaded = loadNative();

/** Why there is no native code, and {@link addon} is `lib/native/fallback/`; undefined where there is. */
export const nativeMissing = loaded instanceof Error ? loaded : undefined;

/** The addon: a prebuilt binary, or the one that `npm run build:native` made; without one, what JavaScript can do. */
export const addon: Addon = loaded instanceof Error ? fallback : loaded;
