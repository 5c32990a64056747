/**
 * What a directive is made of. It lives in two threads: the main thread reads the Corefile, opens sockets and supervises;
 * workers answer queries. So its set-up has two halves, with plain data between them.
 */
import type { Handler, Logger } from '../message/handler.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import type { CorefileTransport } from './keys.js';
import type { ListenSettings } from './listen-settings.js';
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
  /** What the directive says of the addresses of its server block; read in the main thread after {@link configure}. */
  listen?(config: Config): ListenSettings;
  /**
   * Runs in each worker before its first query, with its own clone of the configuration. Throws or rejects: the server
   * does not start, or a reload keeps what is there. Not there: the directive has no part in answering.
   */
  start?(config: Config, runtime: WorkerRuntime): WorkerPart | Promise<WorkerPart>;
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
  /** Aborted when the worker is about to end. */
  signal: AbortSignal;
  /** The server must not go on: it reports this and closes, however many workers there are. */
  fatal(error: Error): void;
}

/** What `start` returns: a directive at work in a worker. */
export interface WorkerPart {
  /** Its link of the chain; without it queries pass by. */
  handle?: ChainHandler;
  /** Whether it can answer already; default: it can. */
  ready?(): boolean;
  /** Runs after the last query. */
  close?(): void | Promise<void>;
}

/**
 * A handler in a chain. It answers by itself, or lets the rest of the chain do so by `next(query, reply)`, before, after
 * or instead of which it does its own part. What `next` returns is to be awaited or returned.
 */
export type ChainHandler = (query: Query, reply: Reply, next: Handler) => void | Promise<void>;
