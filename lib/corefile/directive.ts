/**
 * What a directive is made of. It lives in two threads: the main thread reads the Corefile, opens sockets and supervises;
 * workers answer queries. So its set-up has two halves, with plain data between them.
 */
import type { AnswerCache } from '../native/addon.js';
import type { Dependency } from '../message/cache-choice.js';
import type { Handler, Logger } from '../message/handler.js';
import type { Query } from '../message/query.js';
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
  /** The directive that it comes before in the chain; default: its place in `CHAIN_ORDER`, or else the end. */
  before?: string | undefined;
  setup: DirectiveSetup<Config>;
}

/** See the file's head. */
export interface DirectiveSetup<Config> {
  /**
   * Reads all uses of the directive in one server block, at least one, in the file's order. Runs in the main thread, at
   * start and at each reload, and when a Corefile is only checked: it opens nothing and leaves nothing behind.
   *
   * Returns what {@link start} needs, which can be cloned (structuredClone): no functions, no sockets. Throws the errors
   * that `DirectiveReader` makes.
   */
  configure(uses: readonly DirectiveReader[], block: ConfiguredBlock): Config;
  /**
   * Reads the files that {@link start} or the server reads, for `-check`; it opens nothing and leaves nothing behind.
   * Returns warnings. Throws or rejects with what is wrong, an `AggregateError` with all that is.
   */
  check?(config: Config): string[] | Promise<string[]>;
  /** What the directive says of the addresses of its server block; read in the main thread after {@link configure}. */
  listen?(config: Config): ListenSettings;
  /**
   * Runs in each worker before its first query, with its own clone of the configuration. Throws or rejects: the server
   * does not start, or a reload keeps what is there. Not there: the directive has no part in answering.
   */
  start?(config: Config, runtime: WorkerRuntime): WorkerPart | Promise<WorkerPart>;
  /**
   * Whether it is to see also those queries of its server block that `cache`, behind it, has the answer to. Where no
   * directive before `cache` is, these are answered in native code, and their queries meet no directive at all. Default:
   * true for those with {@link start}.
   */
  seesCached?: boolean;
  /**
   * What its replies depend on besides the question: `cache` does not keep a reply that depends on more than it compares.
   * {@link WorkerPart.dependsOn} can say it of one query. Default: nothing else.
   */
  dependsOn?: readonly Dependency[];
  /** Whether it answers queries of other classes than IN; without such a directive in their block they are REFUSED. */
  anyClass?: boolean;
  /**
   * Runs in the main thread, once for all server blocks that have the directive, before the server listens; again at a
   * reload when one of their configurations has changed. Throws or rejects: as {@link start}.
   */
  serve?(configs: readonly Config[], runtime: MainRuntime): MainPart | Promise<MainPart>;
}

/** The server block of a directive. */
export interface BlockContext {
  /** The block's zones, as a query's `key`: lower case, no last dot, the root as `.`. */
  zones: readonly string[];
}

/** The server block of a directive, for its `configure`. */
export interface ConfiguredBlock extends BlockContext {
  /** The first address that the block listens on, as far as the directives before this one say. */
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
  /** The longest UDP reply of the server in octets: its option of that name. */
  maxPayloadSize: number;
  /** Aborted when the worker is about to end. */
  signal: AbortSignal;
  /** The address that a query came to, as the Corefile has it: `dns://:53`, `tls://192.0.2.1:853`. */
  serverOf: (query: Query) => string;
  /** Sends a clone of `message` to the directive's half in the main thread, if there is one: {@link MainPart.hear}. */
  tell: (message: unknown) => void;
  /** What the directives of the server block have counted since this was last called: for `prometheus`. */
  metrics: () => MetricSample[];
  /** The server must not go on: it reports this and closes, however many workers there are. */
  fatal: (error: Error) => void;
}

/** The server of a directive, for its `serve`. */
export interface MainRuntime {
  logger: Logger;
  /** What is served now. */
  corefile: () => Corefile;
  stats: () => ServerStatistics;
  /**
   * What keeps the server from answering all that it should, each once: names of directives that are not ready in a
   * worker, `server` before it listens and from the moment on that it is told to close.
   */
  unready: () => string[];
  /**
   * Reads the Corefile again, and if it or what it imports has changed, has the server reload. Resolves to whether it has.
   * Rejects with what is wrong; the server then goes on as before.
   */
  reloadIfChanged: () => Promise<boolean>;
  /** What the directives in the main thread have to say for `prometheus`: {@link MainPart.metrics}. */
  metrics: () => MetricSample[];
}

/** What `serve` returns: a directive at work in the main thread. */
export interface MainPart {
  /** Takes what the directive's halves in workers have told; `worker`: the worker's number. */
  hear?(message: unknown, worker: number): void;
  /** What it has counted since the start, as `gauge`, `total` or `histogram`; `prometheus` shows it. */
  metrics?(): MetricSample[];
  /** Milliseconds to go on serving after the server has been told to close; the longest of all directives counts. */
  lameduck?: number;
  /** Runs after the workers have ended, or when a reload has no more use for it. */
  close?(): void | Promise<void>;
}

/** What `start` returns: a directive at work in a worker. */
export interface WorkerPart {
  /** Its link of the chain; without it queries pass by. */
  handle?: ChainHandler;
  /** What its reply to a query depends on; default: what its set-up says. */
  dependsOn?(query: Query): readonly Dependency[];
  /** Whether it answers queries of other classes than IN, as it is configured; default: what its set-up says. */
  anyClass?: boolean;
  /** @internal What has the answers that may be given without the chain. */
  answers?: AnswerCache;
  /** Whether it can answer already; default: it can. */
  ready?(): boolean;
  /** What it has counted since this was last called; `prometheus` shows it, where the server block has that. */
  metrics?(): MetricSample[];
  /** Runs after the last query. */
  close?(): void | Promise<void>;
}

/**
 * A handler in a chain. It answers by itself, or lets the rest of the chain do so by `next(query, reply)`, before, after
 * or instead of which it does its own part. What `next` returns is to be awaited or returned.
 */
export type ChainHandler = (query: Query, reply: Reply, next: Handler) => void | Promise<void>;
