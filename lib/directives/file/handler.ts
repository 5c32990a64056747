/** Answers queries from zone files. */
import { isIn } from '../../dns/zone-name.js';
import type { Handler, Logger } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { parentOf } from '../../dns/names.js';
import { ZoneSource } from './zone-source.js';
import type { ZoneAnswer } from './zone.js';

/** What one use of the directive says. */
export interface FileOptions {
  /** The zone file's path. */
  file: string;
  /** The zones that are read from it, at least one: lower case, without the last dot, the root as `.`. */
  zones: readonly string[];
  /** Milliseconds between looks at the file, at most 2^31 - 1; 0: none after the first. */
  reload: number;
  /** Zones of which names that do not exist are left to the next handler; empty: of none. */
  fallthrough: readonly string[];
}

interface Served {
  source: ZoneSource;
  fallthrough: readonly string[];
}

/** What is in the zone for the question; `'unloaded'` when its file has never been there. */
type Found = ZoneAnswer | 'unloaded' | undefined;

/** See the file's head. */
export class FileHandler {
  /** The longest name first: the first one that a name is in is the one that has it. */
  readonly #zones: readonly Served[];
  readonly #timers: readonly NodeJS.Timeout[];

  /**
   * Reads the zones. A file that is not there yet is waited for if `reload` says to look again; until then its zones are
   * SERVFAIL. Throws `ERR_MULTISOCKET_ZONE`, or the system's error when a file cannot be read.
   */
  static start(options: readonly FileOptions[], logger: Logger): FileHandler {
    const zones: Served[] = [];
    const reloads: [source: ZoneSource, interval: number][] = [];
    for (const { file, zones: origins, reload, fallthrough } of options) {
      for (const origin of origins) {
        const source = new ZoneSource(file, origin, logger);
        loadOrWait(source, reload, logger);
        zones.push({ source, fallthrough });
        if (reload > 0) reloads.push([source, reload]);
      }
    }
    return new FileHandler(zones, reloads);
  }

  private constructor(zones: readonly Served[], reloads: readonly (readonly [ZoneSource, number])[]) {
    this.#zones = zones.toSorted((a, b) => depth(b.source.origin) - depth(a.source.origin));
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
      // DS of a zone's own name stands in the zone above (RFC 4035 s.3.1.4.1), if that is here too.
      if (type !== 'DS' || key !== zone.source.origin) break;
    }
    if (found === undefined || served === undefined) return next(query, reply);
    if (found === 'unloaded') {
      reply.rcode = 'SERVFAIL';
      return;
    }
    // Zones are not transferred (RFC 5936 s.2.2.1).
    if (type === 'AXFR' || type === 'IXFR') {
      reply.rcode = 'REFUSED';
      return;
    }
    if (found.rcode === 'NXDOMAIN' && found.answer.length === 0 && served.fallthrough.some((zone) => isIn(key, zone))) {
      return next(query, reply);
    }
    reply.rcode = found.rcode;
    reply.authoritative = found.authoritative;
    if (found.answer.length > 0) reply.answer(...found.answer);
    if (found.authority.length > 0) reply.authority(...found.authority);
    if (found.additional.length > 0) reply.additional(...found.additional);
  }

  /** Whether all zones are there. */
  ready(): boolean {
    return this.#zones.every(({ source }) => source.zone !== undefined);
  }

  /** Ends the looks at the files. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
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

/** How many labels a name has. */
function depth(name: string): number {
  const parent = parentOf(name);
  return parent === undefined ? 0 : 1 + depth(parent);
}
