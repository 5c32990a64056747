/** A server block at work in a worker: its directives, one after the other. */
import type { Handler } from '../message/handler.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import type { WorkerPart, WorkerRuntime } from './directive.js';
import { directives, type DirectiveRegistry } from './registry.js';
import type { ServerBlock } from './server-block.js';

interface NamedPart {
  name: string;
  part: WorkerPart;
}

/** See the file's head. */
export class Chain {
  /** Answers a query of one of the block's zones. */
  readonly handle: Handler;
  readonly #parts: readonly NamedPart[];

  /**
   * Starts the directives of a block, the first of the chain first. Rejects with what the `start` of one of them threw;
   * those before it have been closed then.
   */
  static async start(
    block: ServerBlock,
    runtime: Omit<WorkerRuntime, 'zones'>,
    registry: DirectiveRegistry = directives,
  ): Promise<Chain> {
    const zones = block.zones.map(({ zone }) => zone);
    const parts: NamedPart[] = [];
    try {
      for (const { name, config } of block.plugins) {
        const part = await registry.get(name)?.setup.start?.(config, { ...runtime, zones });
        if (part !== undefined) parts.push({ name, part });
      }
    } catch (error) {
      await new Chain(parts).close();
      throw error;
    }
    return new Chain(parts);
  }

  private constructor(parts: readonly NamedPart[]) {
    this.#parts = parts;
    let next: Handler = refuse;
    for (const { part } of parts.toReversed()) {
      if (part.handle === undefined) continue;
      const handle = part.handle.bind(part);
      const after = next === refuse ? failToAnswer : next;
      next = (query, reply) => handle(query, reply, after);
    }
    this.handle = next;
  }

  /** The names of the directives that cannot answer yet. */
  unready(): string[] {
    return this.#parts.filter(({ part }) => part.ready?.() === false).map(({ name }) => name);
  }

  /** Closes all of them. Rejects with the first error, after all have been closed. */
  async close(): Promise<void> {
    const closing = this.#parts.map(async ({ part }) => part.close?.());
    for (const result of await Promise.allSettled(closing)) {
      if (result.status === 'rejected') throw result.reason;
    }
  }
}

/** Nothing in the block answers queries: CoreDNS's answer to that, and ours. */
function refuse(_: Query, reply: Reply): void {
  reply.rcode = 'REFUSED';
}

/** The last of a chain leaves the query to a next one: also as in CoreDNS. */
function failToAnswer(_: Query, reply: Reply): void {
  reply.rcode = 'SERVFAIL';
}
