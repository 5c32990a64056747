import type { AnswerZone, AnswerZones } from '../../corefile/answer-zones.js';
import { noNext } from '../../corefile/chain.js';
import { isIn, isInZones, parentOf } from '../../dns/names.js';
import type { Handler, Logger } from '../../message/handler.js';
import { followAlias } from '../../message/lookup.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { ZoneSource } from './zone-source.js';
import { give } from '../../zone/give.js';
import type { Alias, ZoneAnswer } from '../../zone/zone-answer.js';

/** The options of one use of `file`. */
export interface FileOptions {
  /** The zone file's path. */
  file: string;
  /** The zones that are read from it, at least one: lower case, without the last dot, the root as `.`. */
  zones: readonly string[];
  /** Milliseconds between checks of the file, at most 2^31 - 1; 0: only the first read. */
  reload: number;
  /** Whether a changed file is taken even if its serial number is the same; default false. */
  byTime?: boolean;
  /** Zones whose nonexistent names are left to the next handler; empty: none. */
  fallthrough: readonly string[];
}

interface Served {
  source: ZoneSource;
  fallthrough: readonly string[];
}

/** The zone's answer to the question; `'unloaded'` if its file was never found. */
type Found = ZoneAnswer | 'unloaded' | undefined;

/** Answers queries from zone files. */
export class FileHandler {
  /** The longest name first: the first one that contains a name is its zone. */
  readonly #zones: readonly Served[];
  readonly #timers: readonly NodeJS.Timeout[];
  readonly answerZones: AnswerZones;

  /**
   * Reads the zones. A missing file is awaited if `reload` is set; until then its zones answer SERVFAIL. Throws
   * `ERR_MULTISOCKET_ZONE`, or a system error if a file cannot be read.
   */
  static start(options: readonly FileOptions[], logger: Logger): FileHandler {
    const zones: Served[] = [];
    const reloads: [source: ZoneSource, interval: number][] = [];
    for (const { file, zones: origins, reload, byTime = false, fallthrough } of options) {
      for (const origin of origins) {
        const source = new ZoneSource(file, origin, byTime, logger);
        loadOrWait(source, reload, logger);
        zones.push({ source, fallthrough });
        if (reload > 0) reloads.push([source, reload]);
      }
    }
    return new FileHandler(zones, reloads);
  }

  private constructor(zones: readonly Served[], reloads: readonly (readonly [ZoneSource, number])[]) {
    this.#zones = zones.toSorted((a, b) => depth(b.source.origin) - depth(a.source.origin));
    const served = this.#zones;
    this.answerZones = {
      all: () => served.map(answerZone),
      find: (name) => {
        const zone = served.find(({ source }) => isIn(name, source.origin));
        return zone === undefined ? undefined : answerZone(zone);
      },
      onChange: (listener) => {
        for (const { source } of served)
          source.onChange = () => {
            listener(source.origin);
          };
      },
    };
    this.#timers = reloads.map(([source, interval]) => setInterval(() => void source.refresh(), interval).unref());
  }

  /** Answers a query of its zones; others go to `next`. */
  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    if (query.class !== 'IN') return next(query, reply);
    const { key, type } = query;
    let found: Found;
    let served: Served | undefined;
    for (const zone of this.#zones) {
      const answer = lookup(zone.source, key, type);
      if (answer === undefined) continue;
      found = answer;
      served = zone;
      // DS of a zone's own name stands in the zone above (RFC 4035 s.3.1.4.1), if that is served here too.
      if (type !== 'DS' || key !== zone.source.origin) break;
    }
    if (found === undefined || served === undefined) {
      if (next !== noNext) return next(query, reply);
      // No zone here has the name. CoreDNS answers the same if `file` is the last directive.
      reply.rcode = 'REFUSED';
      return;
    }
    if (found === 'unloaded') {
      reply.rcode = 'SERVFAIL';
      return;
    }
    // Zones are not transferred (RFC 5936 s.2.2.1).
    if (type === 'AXFR' || type === 'IXFR') {
      reply.rcode = 'REFUSED';
      return;
    }
    if (found.vacant === true && isInZones(key, served.fallthrough)) return next(query, reply);
    if (found.unresolved !== undefined && query.lookups !== undefined)
      return resolve(query, reply, found, found.unresolved);
    give(query, reply, found);
  }

  /** Whether all zones are loaded. */
  ready(): boolean {
    return this.#zones.every(({ source }) => source.zone !== undefined);
  }

  /** Ends the checks of the files. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}

/** Answers with aliases, and with the server's own answer for the name that they lead to (RFC 1034 s.4.3.2 step 3a). */
async function resolve(query: Query, reply: Reply, found: ZoneAnswer, { records, target }: Alias): Promise<void> {
  reply.authoritative = true;
  reply.answer(...records);
  if (await followAlias(query, reply, target)) return;
  reply.answers = [];
  give(query, reply, found);
}

function loadOrWait(source: ZoneSource, reload: number, logger: Logger): void {
  try {
    source.load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || reload === 0) throw error;
    logger.warn(`plugin/file: zone ${source.origin} waits: ${(error as Error).message}`);
  }
}

function lookup({ zone, origin }: ZoneSource, key: string, type: string): Found {
  if (zone !== undefined) return zone.lookup(key, type);
  return isIn(key, origin) ? 'unloaded' : undefined;
}

function answerZone({ source, fallthrough }: Served): AnswerZone {
  return { origin: source.origin, image: source.zone?.image(), leavesVacant: fallthrough.length > 0 };
}

/** The number of labels of a name. */
function depth(name: string): number {
  const parent = parentOf(name);
  return parent === undefined ? 0 : 1 + depth(parent);
}
