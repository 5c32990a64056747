import { withCode, type CodedError } from '../errors.js';
import type { QueryLogEntry } from '../message/query-log-entry.js';
import type { QueryLogConfig } from '../options/query-log.js';
import type { WorkerLog } from '../worker/messages.js';
import { QueryLogRing } from './query-log-ring.js';

/** Milliseconds between two looks at the rings. */
const INTERVAL = 100;
/** Entries of one call of the sink: other work of the thread waits for these at most. */
const MAX_BATCH = 2000;
/** Milliseconds between two warnings of lost entries. */
const WARN_INTERVAL = 10_000;

/** The query log of a server: reads the rings of all workers, and gives their entries to the sink. */
export class QueryLog {
  readonly #warn: (warning: CodedError) => void;
  #sink: QueryLogConfig['sink'] | undefined;
  /** The rings, and whether their workers have ended. */
  readonly #rings = new Map<QueryLogRing, boolean>();
  #timer: NodeJS.Timeout | undefined;
  /** The reading that goes on. */
  #busy: Promise<void> | undefined;
  #lost = 0;
  #warned = -Infinity;

  /** `warn`: receives errors of the sink, and reports of lost entries. */
  constructor(warn: (warning: CodedError) => void) {
    this.#warn = warn;
  }

  /** Opens a ring for a worker. `end`: called when the worker has ended. The entries of all workers go to the sink of the last call. */
  open({ sample, messages, bufferBytes, sink }: QueryLogConfig): { worker: WorkerLog; end: () => void } {
    const ring = new QueryLogRing(bufferBytes, messages);
    this.#sink = sink;
    this.#rings.set(ring, false);
    this.#timer ??= setInterval(() => {
      this.#busy ??= this.#drain().finally(() => (this.#busy = undefined));
    }, INTERVAL).unref();
    return { worker: { memory: ring.memory, sample, messages }, end: () => void this.#rings.set(ring, true) };
  }

  /** Gives the rest to the sink, after all workers have ended. Resolves when it has taken it. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#busy;
    await this.#drain();
  }

  async #drain(): Promise<void> {
    for (const [ring, ended] of this.#rings) {
      for (let more = true; more;) {
        const entries: QueryLogEntry[] = [];
        more = ring.read(entries, MAX_BATCH);
        await this.#give(entries, ring.takeLost());
        if (more) await new Promise(setImmediate);
      }
      // A worker that had ended before has written nothing since.
      if (ended) this.#rings.delete(ring);
    }
  }

  async #give(entries: QueryLogEntry[], lost: number): Promise<void> {
    if (entries.length === 0 && lost === 0) return;
    this.#lost += lost;
    this.#warnOfLoss();
    try {
      await this.#sink?.(entries, { lost });
    } catch (error) {
      const message = `the sink of the query log has failed: ${(error as Error).message}`;
      this.#warn(withCode(new Error(message, { cause: error }), 'ERR_MULTISOCKET_QUERY_LOG_SINK'));
    }
  }

  #warnOfLoss(): void {
    const now = performance.now();
    if (this.#lost === 0 || now - this.#warned < WARN_INTERVAL) return;
    const message = `the query log has lost ${this.#lost} entries: its sink is too slow, or "bufferBytes" is too small`;
    this.#lost = 0;
    this.#warned = now;
    this.#warn(withCode(new Error(message), 'ERR_MULTISOCKET_QUERY_LOG_LOST'));
  }
}
