/** Answers from a hosts file and from lines in the Corefile. */
import { readFileSync, statSync } from 'node:fs';
import type { MetricSample } from '../../corefile/metric-sample.js';
import type { WorkerDirective } from '../../corefile/directive.js';
import type { ResourceRecord } from '../../dns/record.js';
import { isInZones } from '../../dns/names.js';
import type { Handler, Logger } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { HostsTable, type AddressType } from '../../dns/hosts-table.js';

/** The options of `hosts`. */
export interface HostsOptions {
  file: string;
  zones: string[];
  /** Lines of the Corefile, whose answers come after those of the file. */
  inline: string;
  /** Seconds. */
  ttl: number;
  reverse: boolean;
  /** Milliseconds between checks of the file; 0: never. */
  reload: number;
  fallthrough: string[];
  /** Whether {@link fallthrough} also applies to types that a hosts file does not have. */
  fallthroughUnsupported: boolean;
}

/** The most warnings of one file that are logged. */
const MAX_WARNINGS = 10;

/** The running directive: reads the file, and reads it again when it has changed. */
class Hosts implements WorkerDirective {
  readonly #options: HostsOptions;
  readonly #logger: Logger;
  readonly #inline: HostsTable;
  readonly #timer: NodeJS.Timeout | undefined;
  #file: HostsTable;
  #state: string;

  constructor(options: HostsOptions, logger: Logger) {
    const { file, reload } = options;
    this.#options = options;
    this.#logger = logger;
    this.#inline = inlineTable(options);
    this.#state = stateOf(file);
    this.#file = this.#read();
    if (reload > 0) {
      this.#timer = setInterval(() => {
        this.#refresh();
      }, reload).unref();
    }
  }

  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    // Its addresses are those of class IN.
    if (query.class !== 'IN') return next(query, reply);
    const { key, name, type } = query;
    const { zones, ttl, fallthrough, fallthroughUnsupported, reverse } = this.#options;
    if (type === 'PTR') {
      const names = reverse ? this.#both((table) => table.names(key)) : [];
      // An unknown address is passed on, with or without fallthrough.
      if (names.length === 0) return next(query, reply);
      reply.authoritative = true;
      reply.answer(...names.map((data) => ({ type: 'PTR' as const, name, ttl, data })));
      return;
    }
    if (!isInZones(key, zones)) return next(query, reply);
    const exists = this.#addresses('A', key).length > 0 || this.#addresses('AAAA', key).length > 0;
    const isAddress = type === 'A' || type === 'AAAA';
    if ((!exists || (!isAddress && fallthroughUnsupported)) && isInZones(key, fallthrough)) return next(query, reply);
    // NXDOMAIN would need an SOA, which a hosts file does not have.
    reply.rcode = exists ? 'NOERROR' : 'SERVFAIL';
    if (!exists) return;
    reply.authoritative = true;
    if (isAddress)
      reply.answer(...this.#addresses(type, key).map((data): ResourceRecord => ({ type, name, ttl, data })));
  }

  metrics(): MetricSample[] {
    const entries = this.#file.size + this.#inline.size;
    const gauge = (name: string, help: string, labels: MetricSample['labels'], number: number): MetricSample => ({
      name: `hosts_${name}`,
      help,
      labels,
      value: { type: 'gauge', number },
    });
    return [
      gauge(
        'entries',
        'The combined number of entries in hosts and Corefile.',
        { hostsfile: this.#options.file },
        entries,
      ),
      gauge(
        'reload_timestamp_seconds',
        'The timestamp of the last reload of hosts file.',
        {},
        Number.parseFloat(this.#state || '0') / 1000,
      ),
    ];
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #addresses(type: AddressType, key: string): readonly string[] {
    return this.#both((table) => table.addresses(type, key));
  }

  /** The entries of the file, then those of the Corefile, each once. */
  #both(of: (table: HostsTable) => readonly string[]): readonly string[] {
    const [first, second] = [of(this.#file), of(this.#inline)];
    return second.length === 0 ? first : [...new Set([...first, ...second])];
  }

  #refresh(): void {
    const now = stateOf(this.#options.file);
    if (now === this.#state) return;
    this.#state = now;
    this.#file = this.#read();
  }

  #read(): HostsTable {
    const { file, zones } = this.#options;
    let text = '';
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      this.#logger.warn(`plugin/hosts: ${(error as Error).message}`);
    }
    const table = new HostsTable(text, zones, file);
    for (const warning of table.warnings.slice(0, MAX_WARNINGS)) this.#logger.warn(`plugin/hosts: ${warning}`);
    const more = table.warnings.length - MAX_WARNINGS;
    if (more > 0) this.#logger.warn(`plugin/hosts: ${file}: ${more} more warnings`);
    return table;
  }
}

/** Reads the file, and keeps checking it for changes. A missing file counts as empty. */
export function startHosts(options: HostsOptions, { logger }: { logger: Logger }): WorkerDirective {
  return new Hosts(options, logger);
}

/** Reads the file as the server would, and returns all errors of the file and of the lines in the Corefile. */
export function checkHosts(options: HostsOptions): string[] {
  const { file, zones } = options;
  const { warnings } = inlineTable(options);
  try {
    return [...warnings, ...new HostsTable(readFileSync(file, 'utf8'), zones, file).warnings];
  } catch (error) {
    return [...warnings, (error as Error).message];
  }
}

function inlineTable({ inline, zones }: HostsOptions): HostsTable {
  return new HostsTable(inline, zones, 'inline hosts');
}

function stateOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
}
