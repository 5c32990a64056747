/** Answers from a hosts file and from lines in the Corefile. */
import { readFileSync, statSync } from 'node:fs';
import type { WorkerPart } from '../../corefile/directive.js';
import { isIn } from '../../dns/zone-name.js';
import type { Logger } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import { HostsTable } from './hosts-table.js';

/** What `hosts` says. */
export interface HostsOptions {
  file: string;
  zones: string[];
  /** Lines of the Corefile, which come before the file's. */
  inline: string;
  /** Seconds. */
  ttl: number;
  reverse: boolean;
  /** Milliseconds between looks at the file; 0: never. */
  reload: number;
  fallthrough: string[];
}

/** Reads the file, and keeps looking whether it changes. One that is not there is empty. */
export function startHosts(options: HostsOptions, { logger }: { logger: Logger }): WorkerPart {
  const { file, inline, reload, zones, fallthrough } = options;
  let state = stateOf(file);
  let table = new HostsTable(`${inline}\n${read(file, logger)}`);
  const timer = reload === 0 ? undefined : setInterval(look, reload).unref();

  function look(): void {
    const now = stateOf(file);
    if (now === state) return;
    state = now;
    table = new HostsTable(`${inline}\n${read(file, logger)}`);
  }

  return {
    handle(query, reply, next) {
      // Its addresses are those of the Internet.
      if (query.class !== 'IN') return next(query, reply);
      const { key, type, name } = query;
      const { ttl } = options;
      const inZones = zones.some((zone) => isIn(key, zone));
      if (type === 'PTR') {
        const names = options.reverse && inZones ? table.names(key) : undefined;
        // An address that is not here is somebody else's, fallthrough or not.
        if (names === undefined) return next(query, reply);
        reply.authoritative = true;
        reply.answer(...names.map((data) => ({ type: 'PTR' as const, name, ttl, data })));
        return;
      }
      if (!inZones) return next(query, reply);
      if (!table.has(key)) {
        if (fallthrough.some((zone) => isIn(key, zone))) return next(query, reply);
        // NXDOMAIN would need an SOA, which a hosts file does not have.
        reply.rcode = 'SERVFAIL';
        return;
      }
      reply.authoritative = true;
      reply.rcode = 'NOERROR';
      reply.answer(...addresses(table, query).map((data) => ({ type: type as 'A' | 'AAAA', name, ttl, data })));
    },
    close() {
      clearInterval(timer);
    },
  };
}

function addresses(table: HostsTable, { key, type }: Query): readonly string[] {
  if (type === 'A') return table.ipv4(key) ?? [];
  return type === 'AAAA' ? (table.ipv6(key) ?? []) : [];
}

function stateOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
}

function read(file: string, logger: Logger): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    logger.warn(`plugin/hosts: ${(error as Error).message}`);
    return '';
  }
}
