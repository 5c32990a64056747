import { isDeepStrictEqual } from 'node:util';
import type { Corefile } from '../corefile/corefile.js';
import type { OwnerDirective, OwnerRuntime } from '../corefile/directive.js';
import type { MetricSample } from '../corefile/metric-sample.js';
import { knownDirectives } from '../corefile/registry.js';

interface Running {
  configs: readonly unknown[];
  directive: OwnerDirective;
}

/** The owner's runtime without what differs by directive. */
type CommonRuntime = Omit<OwnerRuntime, 'sourcesBeside'>;

/** The directives of a server that run in the owner's thread. */
export class OwnerDirectives {
  readonly #runtime: CommonRuntime;
  #running = new Map<string, Running>();
  #blocks: Corefile['blocks'] = [];

  constructor(runtime: CommonRuntime) {
    this.#runtime = runtime;
  }

  /** The longest time in milliseconds that a directive wants the server to keep serving. */
  get lameduck(): number {
    return Math.max(0, ...[...this.#running.values()].map(({ directive }) => directive.lameduck ?? 0));
  }

  /**
   * Starts the directives of a Corefile; those that run with the same configuration stay. Rejects with the error of a
   * start; then the earlier ones run.
   */
  async change({ blocks }: Pick<Corefile, 'blocks'>): Promise<void> {
    const blocksBefore = this.#blocks;
    this.#blocks = blocks;
    const wanted = new Map<string, unknown[]>();
    for (const { name, config } of blocks.flatMap(({ directives }) => directives)) {
      const configs = wanted.get(name);
      if (configs === undefined) wanted.set(name, [config]);
      else configs.push(config);
    }
    const before = new Map([...this.#running].map(([name, { configs }]) => [name, configs]));
    try {
      await this.#run(wanted);
      for (const [name, { directive }] of this.#running) if (before.has(name)) directive.reloaded?.();
    } catch (error) {
      this.#blocks = blocksBefore;
      await this.#run(before);
      throw error;
    }
  }

  /** The metrics of all of them. */
  metrics(): MetricSample[] {
    return [...this.#running.values()].flatMap(({ directive }) => directive.metrics?.() ?? []);
  }

  /** The running directive with this name. */
  get(name: string): OwnerDirective | undefined {
    return this.#running.get(name)?.directive;
  }

  /** Passes a message on that a directive sent in a worker. */
  hear(directive: string, message: unknown, worker: number): void {
    this.#running.get(directive)?.directive.hear?.(message, worker);
  }

  /** Closes all. Rejects with the first error, after all are closed. */
  async close(): Promise<void> {
    await this.#run(new Map());
  }

  async #run(wanted: ReadonlyMap<string, readonly unknown[]>): Promise<void> {
    const closing: Promise<void>[] = [];
    for (const [name, { configs, directive }] of this.#running) {
      if (isDeepStrictEqual(configs, wanted.get(name))) continue;
      this.#running.delete(name);
      closing.push(Promise.resolve(directive.close?.()));
    }
    for (const result of await Promise.allSettled(closing)) if (result.status === 'rejected') throw result.reason;
    for (const [name, configs] of wanted) {
      if (this.#running.has(name)) continue;
      const runtime = { ...this.#runtime, sourcesBeside: (use: number) => this.#sourcesBeside(name, use) };
      const directive = await knownDirectives.get(name)?.setup.serve?.(configs, runtime);
      if (directive !== undefined) this.#running.set(name, { configs, directive });
    }
  }

  #sourcesBeside(directive: string, use: number): ReadonlySet<string> {
    const using = this.#blocks.filter(({ directives }) => directives.some(({ name }) => name === directive));
    const directives = using.at(use)?.directives ?? [];
    return new Set(directives.flatMap(({ name, config }) => knownDirectives.get(name)?.setup.sources?.(config) ?? []));
  }
}
