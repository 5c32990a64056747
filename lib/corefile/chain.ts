import { BlockZones, ZoneReplica, type ServedZones } from '../authority/served-zones.js';
import { DEFAULT_UDP_PAYLOAD } from '../dns/numbers.js';
import type { AnswerCache } from '../native/addon.js';
import type { Dependency } from '../message/cache-choice.js';
import type { Handler } from '../message/handler.js';
import { noNext } from '../message/no-next.js';
import type { Opcode } from '../dns/registry.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import type { WorkerDirective, WorkerRuntime } from './directive.js';
import type { MetricSample } from './metric-sample.js';
import { knownDirectives, type DirectiveRegistry } from './registry.js';
import type { ServerBlock } from './server-block.js';

interface NamedDirective {
  name: string;
  directive: WorkerDirective;
  /** {@link DirectiveSetup.seesZoneAnswers}. */
  seesZoneAnswers: boolean;
  /** The opcodes besides QUERY that it answers. */
  opcodes: readonly Opcode[];
  /** Whether it sees the queries with other opcodes that another one answers. */
  everyOpcode: boolean;
  /** Undefined: its replies depend only on the question. */
  dependsOn: WorkerDirective['dependsOn'];
}

/** The runtime of a chain, from its worker. */
export interface ChainRuntime extends Pick<WorkerRuntime, 'index' | 'logger' | 'signal'> {
  /** Default: 1,232. */
  maxPayloadSize?: WorkerRuntime['maxPayloadSize'];
  /** Default: the name of every query's server is empty. */
  serverOf?: WorkerRuntime['serverOf'];
  /** The zones that the server serves; default: none. */
  served?: ZoneReplica;
  /** Passes a message from a directive to its counterpart in the owner's thread; default: the message is ignored. */
  tell?: (directive: string, message: unknown) => void;
  /** Default: throws the error, which ends the worker. */
  fatal?: WorkerRuntime['fatal'];
}

/** A running server block in a worker: its directives in a chain. */
export class Chain {
  /** Answers a query of one of the block's zones, with the opcode QUERY. */
  readonly handle: Handler;
  /** Answers a query with another opcode: NOTIMP, unless a directive answers the opcode. */
  readonly handleOther: Handler;
  /** Whether one of the directives answers queries of other classes than IN. */
  readonly anyClass: boolean;
  readonly #directives: readonly NamedDirective[];

  /**
   * Starts the directives of a block, the first of the chain first. Rejects with the error of a directive's `start`;
   * the directives before it are then closed.
   */
  static async start(
    block: ServerBlock,
    runtime: ChainRuntime,
    registry: DirectiveRegistry = knownDirectives,
  ): Promise<Chain> {
    const zones = block.zones.map(({ zone }) => zone);
    const { maxPayloadSize = DEFAULT_UDP_PAYLOAD, serverOf = () => '', fatal = raise } = runtime;
    const served = new BlockZones(runtime.served ?? new ZoneReplica(new Map()));
    const { index, logger, signal } = runtime;
    const directives: NamedDirective[] = [];
    const metrics = (): MetricSample[] => directives.flatMap(({ directive }) => directive.metrics?.() ?? []);
    let anyClass = false;
    try {
      for (const { name, config } of block.directives) {
        const setup = registry.get(name)?.setup;
        const tell = (message: unknown): void => runtime.tell?.(name, message);
        const own = { index, logger, signal, maxPayloadSize, serverOf, zones, served, tell, fatal, metrics };
        const directive = await setup?.start?.(config, own);
        if (directive !== undefined) {
          const { seesZoneAnswers = true, everyOpcode = false, opcodes = [] } = setup ?? {};
          const dependsOn = dependenciesOf(directive, setup?.dependsOn);
          directives.push({ name, directive, seesZoneAnswers, everyOpcode, opcodes, dependsOn });
        }
        anyClass ||= directive?.anyClass ?? setup?.anyClass ?? false;
      }
    } catch (error) {
      await new Chain(directives, anyClass).close();
      throw error;
    }
    return new Chain(directives, anyClass);
  }

  private constructor(directives: readonly NamedDirective[], anyClass: boolean) {
    this.#directives = directives;
    this.anyClass = anyClass;
    this.handle = linked(directives, refuse);
    const opcodes = new Set(directives.flatMap((each) => each.opcodes));
    const others = new Map(
      Array.from(opcodes, (opcode) => {
        const taking = directives.filter((each) => each.everyOpcode || each.opcodes.includes(opcode));
        return [opcode, linked(taking, notImplemented)];
      }),
    );
    this.handleOther = (query, reply) => (others.get(query.opcode) ?? notImplemented)(query, reply);
  }

  /** The cache among its directives; undefined if there is none. */
  get answers(): AnswerCache | undefined {
    return this.#directives.find(({ directive }) => directive.answers !== undefined)?.directive.answers;
  }

  /** Whether a directive looks at the TSIG records of queries. */
  get checksSignatures(): boolean {
    return this.#directives.some(({ directive }) => directive.checksSignatures === true);
  }

  /** The zones from which native code may answer in place of the chain: those of the first directive that has the name. */
  get answerZones(): ServedZones[] {
    const zones: ServedZones[] = [];
    for (const { directive, seesZoneAnswers } of this.#directives) {
      if (directive.answerZones !== undefined) zones.push(directive.answerZones);
      else if (seesZoneAnswers) break;
    }
    return zones;
  }

  /** The names of the directives that cannot answer yet. */
  unready(): string[] {
    return this.#directives.filter(({ directive }) => directive.ready?.() === false).map(({ name }) => name);
  }

  /** Closes all directives. Rejects with the first error, after all are closed. */
  async close(): Promise<void> {
    const closing = this.#directives.map(async ({ directive }) => directive.close?.());
    for (const result of await Promise.allSettled(closing)) {
      if (result.status === 'rejected') throw result.reason;
    }
  }
}

function dependenciesOf(
  directive: WorkerDirective,
  declared: readonly Dependency[] = [],
): WorkerDirective['dependsOn'] {
  if (directive.dependsOn !== undefined) return directive.dependsOn.bind(directive);
  return declared.length === 0 ? undefined : () => declared;
}

/** The handler of directives in their order, the first one first; `last`: without any. */
function linked(directives: readonly NamedDirective[], last: Handler): Handler {
  let next = last;
  for (const { name, directive, dependsOn } of directives.toReversed()) {
    if (directive.handle === undefined) continue;
    const handle = directive.handle.bind(directive);
    const after = next === last ? noNext : next;
    next = (query, reply) => {
      reply.handledBy = name;
      if (dependsOn !== undefined) reply.dependOn(dependsOn(query));
      return handle(query, reply, after);
    };
  }
  return next;
}

function notImplemented(_: Query, reply: Reply): void {
  reply.rcode = 'NOTIMP';
}

/** The answer, as in CoreDNS, if no directive of the block answers queries. */
function refuse(_: Query, reply: Reply): void {
  reply.rcode = 'REFUSED';
}

function raise(error: Error): never {
  throw error;
}
