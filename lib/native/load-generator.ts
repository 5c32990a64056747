/** The options of a load generator; all are required, and checked by `lib/tune/load-generator.ts`. */
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
  /** Messages with the ID of a query that do not match it. */
  mismatched: number;
  /** Further fitting answers to an answered query. */
  duplicates: number;
  /** Messages with an ID that belongs to no query that is remembered, and those without a whole header. */
  unexpected: number;
  /** Answers with TC among `answered`. */
  truncated: number;
  /** Queries that an open loop could not send when they were due, and gave up. */
  skipped: number;
  /** Sockets that were refused because no process listens; TCP connections that failed to open. */
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
  /** The largest delay of an open loop behind its schedule that the generator itself caused. */
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

/** A client that loads a server at its limit, or at a rate, on a thread of its own. */
export interface NativeLoadGenerator {
  /** May be called once. Throws a system error if its sockets cannot be opened, or the thread cannot be pinned. */
  start(): void;
  /** Stops asking; `onFinish` is called when the pending answers have come or are lost. */
  stop(): void;
  progress(): LoadCounts;
}
