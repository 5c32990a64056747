/**
 * The definition of a directive. A directive works in two kinds of threads. The owner's thread, which has created the
 * server, reads the Corefile, opens sockets and supervises the workers. The workers answer queries. A set-up has
 * functions for both, with plain data between them.
 */
import type { Authority } from '../authority/authority.js';
import type { BlockZones, ServedZones } from '../authority/served-zones.js';
import type { AnswerCache } from '../native/addon.js';
import type { Dependency } from '../message/cache-choice.js';
import type { Handler, Logger } from '../message/handler.js';
import type { Opcode } from '../dns/registry.js';
import type { Query } from '../message/query.js';
import type { QueryLogEntry } from '../message/query-log-entry.js';
import type { Reply } from '../message/reply.js';
import type { ServerStatistics } from '../server/statistics.js';
import type { Corefile } from './read-corefile.js';
import type { CorefileTransport } from './keys.js';
import type { ListenSettings } from './listen-settings.js';
import type { MetricSample } from './metric-sample.js';
import type { DirectiveReader } from './reader.js';

/** A directive by its name, its place in the chain, and its set-up. */
export interface DirectiveDefinition<Config = unknown> {
  /** A word without quotes, braces and `#`, other than `import`. */
  name: string;
  /** The directive that it precedes in the chain; default: its place in `CHAIN_ORDER`, or else the end. */
  before?: string | undefined;
  setup: DirectiveSetup<Config>;
}

/** The set-up of a directive: functions for the owner's thread and for workers, with plain data between them. */
export interface DirectiveSetup<Config> {
  /**
   * Reads all uses of the directive in one server block, at least one, in the file's order. Runs in the owner's thread,
   * at start, at each reload, and for `-check`. It must not open or change anything.
   *
   * Returns the configuration for {@link start}. It must be cloneable (structuredClone): no functions, no sockets.
   * Throws the errors that `DirectiveReader` makes.
   */
  configure(uses: readonly DirectiveReader[], block: ConfiguredBlock): Config;
  /**
   * Reads the files that {@link start} or the server reads, for `-check`. It must not open or change anything else.
   * Returns warnings. Throws or rejects with an error; an `AggregateError` holds several.
   */
  check?(config: Config): string[] | Promise<string[]>;
  /**
   * The settings of the directive for the addresses of its server block; called in the owner's thread after {@link
   * configure}.
   */
  listen?(config: Config): ListenSettings;
  /**
   * Runs in each worker before its first query, with its own clone of the configuration. If it throws or rejects, the
   * server does not start, or a reload keeps the old state. Without it the directive does not take part in answering.
   */
  start?(config: Config, runtime: WorkerRuntime): WorkerDirective | Promise<WorkerDirective>;
  /**
   * Whether it also sees the queries of its server block that `cache`, behind it, can answer. If no directive before
   * `cache` does, native code answers these queries, and they reach no directive at all. Default: true for those with
   * {@link start}.
   */
  seesCached?: boolean;
  /**
   * Whether it also sees the queries of its server block that a directive with zones, behind it, can answer: `file` is
   * one. If no directive in front of the zones does, native code answers these queries, and they reach no directive at
   * all. It leaves to the chain: zone transfers, signed queries, classes other than IN. Default: true for those with
   * {@link start}.
   */
  seesZoneAnswers?: boolean;
  /**
   * What its replies depend on besides the question. `cache` does not store a reply that depends on more than `cache`
   * compares. {@link WorkerDirective.dependsOn} can say it for one query. Default: nothing else.
   */
  dependsOn?: readonly Dependency[];
  /**
   * The opcodes besides QUERY that its handler answers (RFC 1996, RFC 2136). Queries with them are taken at the addresses of
   * its server block, and pass only the directives that answer the opcode or see every opcode. Default: none.
   */
  opcodes?: readonly Opcode[];
  /** Whether its handler also sees the queries with other opcodes than QUERY that another one answers. Default: false. */
  everyOpcode?: boolean;
  /** Whether it answers queries of other classes than IN; in a block without such a directive they are REFUSED. */
  anyClass?: boolean;
  /**
   * Whether the directive gets the entries of the query log for its server block ({@link OwnerDirective.logged}), and with
   * whole messages. Default: it gets none.
   */
  queryLog?(config: Config): { messages: boolean };
  /** The keys of the sources of zones that {@link serve} holds for this configuration; default: none. */
  sources?(config: Config): readonly string[];
  /**
   * Runs in the owner's thread, once for all server blocks that have the directive, before the server listens; again at
   * a reload if one of their configurations has changed. Throws or rejects as {@link start}.
   */
  serve?(configs: readonly Config[], runtime: OwnerRuntime): OwnerDirective | Promise<OwnerDirective>;
}

/** The server block of a directive. */
export interface BlockContext {
  /** The block's zones, as a query's `key`: lower case, no last dot, the root as `.`. */
  zones: readonly string[];
}

/** The server block of a directive, for its `configure`. */
export interface ConfiguredBlock extends BlockContext {
  /** The names of all directives in the block, in the file's order. */
  directives: readonly string[];
  /** The first address that the block listens on, as far as the directives before this one decide it. */
  address: {
    transport: CorefileTransport;
    /** Numeric; empty: every address of the host. */
    address: string;
    /** 0 to 65,535; 0: the system chooses. */
    port: number;
  };
}

/** The worker of a directive, for its `start`. */
export interface WorkerRuntime extends BlockContext {
  /** The worker's number, from 0. */
  index: number;
  logger: Logger;
  /** The longest UDP reply of the server in octets: the server's option `maxPayloadSize`. */
  maxPayloadSize: number;
  /** Aborted when the worker is about to end. */
  signal: AbortSignal;
  /** The address that a query came to, as in the Corefile: `dns://:53`, `tls://192.0.2.1:853`. */
  serverOf: (query: Query) => string;
  /**
   * Sends a clone of `message` to the directive in the owner's thread, if there is one: {@link OwnerDirective.hear}.
   */
  tell: (message: unknown) => void;
  /** The zones for which directives of the server block have data. */
  served: BlockZones;
  /** The counts of the server block's directives since the last call, for `prometheus`. */
  metrics: () => MetricSample[];
  /** Reports an error after which the server cannot continue: the server closes, whatever the number of workers. */
  fatal: (error: Error) => void;
}

/** The server of a directive, for its `serve`. */
export interface OwnerRuntime {
  logger: Logger;
  /** The Corefile that is served now. */
  corefile: () => Corefile;
  stats: () => ServerStatistics;
  /**
   * The reasons why the server cannot answer everything yet, each once: names of directives that are not ready in a
   * worker; `server` before it listens and after it has the order to close.
   */
  unready: () => string[];
  /**
   * Reads the Corefile again and reloads the server if it or an imported file has changed. Resolves with true if it
   * has. Rejects with the errors; the server then continues as before.
   */
  reloadIfChanged: () => Promise<boolean>;
  /** The zones of the server: where they come from, the thread that makes them, what is served. */
  authority: Authority;
  /**
   * The keys of the sources of zones of all directives in a server block of the directive. `use`: the index of the server
   * block's configuration in `configs`.
   */
  sourcesBeside: (use: number) => ReadonlySet<string>;
  /** The metrics of the directives in the owner's thread, for `prometheus`: {@link OwnerDirective.metrics}. */
  metrics: () => MetricSample[];
}

/** A directive that runs in the owner's thread. {@link DirectiveSetup.serve} returns it. */
export interface OwnerDirective {
  /**
   * Receives entries of the query log, also those of answers from a cache. `use`: the index of their server block's
   * configuration in `configs`.
   */
  logged?(entries: readonly QueryLogEntry[], use: number): void;
  /** Receives a message that the directive sent in a worker; `worker`: the worker's number. */
  hear?(message: unknown, worker: number): void;
  /** Its counts since the start, as `gauge`, `total` or `histogram`; `prometheus` shows them. */
  metrics?(): MetricSample[];
  /** Milliseconds to keep serving after the server has the order to close; the longest of all directives counts. */
  lameduck?: number;
  /** Runs after a reload of the Corefile in which it stays: other directives may have changed. */
  reloaded?(): void;
  /** Runs after the workers have ended, or when a reload no longer needs it. */
  close?(): void | Promise<void>;
}

/** A directive that runs in a worker. {@link DirectiveSetup.start} returns it. */
export interface WorkerDirective {
  /** Its handler in the chain; without it queries skip the directive. */
  handle?: ChainHandler;
  /** What its reply to a query depends on; default: the value of its set-up. */
  dependsOn?(query: Query): readonly Dependency[];
  /** Whether it answers queries of other classes than IN, as it is configured; default: the value of its set-up. */
  anyClass?: boolean;
  /** @internal Whether it looks at the TSIG records of queries, which servers otherwise leave alone. */
  checksSignatures?: boolean;
  /** @internal The cache whose answers may be returned without the chain. */
  answers?: AnswerCache;
  /** @internal The zones from which native code may answer without the chain. */
  answerZones?: ServedZones;
  /** Whether it can answer yet; default: it can. */
  ready?(): boolean;
  /** Its counts since the last call; `prometheus` shows them if the server block has it. */
  metrics?(): MetricSample[];
  /** Runs after the last query. */
  close?(): void | Promise<void>;
}

/**
 * A handler in a chain. It answers by itself, or passes the query on by `next(query, reply)`, before, after or instead
 * of its own work. The result of `next` must be awaited or returned.
 */
export type ChainHandler = (query: Query, reply: Reply, next: Handler) => void | Promise<void>;
