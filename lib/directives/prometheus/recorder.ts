import type { WorkerRuntime } from '../../corefile/directive.js';
import { observe, TIME_BUCKETS } from '../../histogram.js';
import { withLastDot } from '../../dns/names.js';
import { ZoneTable } from '../../corefile/zone-table.js';
import type { Handler } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { count, emptySample, nameOf, SIZE_BUCKETS, type Sample, type WorkerCounts } from './samples.js';

/** Milliseconds between reports. */
const INTERVAL = 500;

/** Types that are counted by name, as in CoreDNS: otherwise clients could create 65,536 series. */
const TYPES = new Set(
  'A AAAA ANY AXFR CNAME DNSKEY DS HTTPS IXFR MX NS NSEC NSEC3 PTR RRSIG SOA SRV SVCB TXT'.split(' '),
);

type RecorderRuntime = Pick<WorkerRuntime, 'serverOf' | 'tell' | 'zones' | 'metrics'>;

/**
 * Counts the requests of a server block in a worker, and reports them and the counts of its directives to the owner.
 */
export class RequestRecorder {
  readonly #runtime: RecorderRuntime;
  readonly #zones: ZoneTable<string>;
  /** Since the last report. */
  readonly #samples = new Map<string, Sample>();
  readonly #timer: NodeJS.Timeout;
  readonly #otherwise: string;

  /** `otherwise`: the zone of queries outside of the runtime's zones. */
  constructor(runtime: RecorderRuntime, otherwise = '.') {
    this.#runtime = runtime;
    this.#otherwise = otherwise;
    this.#zones = new ZoneTable(runtime.zones.map((zone) => [zone, withLastDot(zone)]));
    this.#timer = setInterval(() => {
      this.#tell();
    }, INTERVAL).unref();
  }

  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    const start = performance.now();
    const sample = this.#sampleOf(query);
    const type = TYPES.has(query.type) ? query.type : 'other';
    reply.observe(({ rcode, length }) => {
      count(sample.requests, type);
      if (query.dnssecOk) sample.dnssec++;
      observe(sample.duration, TIME_BUCKETS, (performance.now() - start) / 1000);
      observe(sample.requestSize, SIZE_BUCKETS, query.length);
      if (length === 0) return;
      observe(sample.responseSize, SIZE_BUCKETS, length);
      count(sample.responses, `${rcode} ${reply.handledBy ?? ''}`);
    });
    return next(query, reply);
  }

  /** Reports the remaining counts. */
  close(): void {
    clearInterval(this.#timer);
    this.#tell();
  }

  #sampleOf(query: Query): Sample {
    const of = {
      server: this.#runtime.serverOf(query),
      zone: this.#zones.find(query.key, query.type) ?? this.#otherwise,
      proto: query.transport === 'udp' ? ('udp' as const) : ('tcp' as const),
      family: query.client.family === 'IPv4' ? ('1' as const) : ('2' as const),
    };
    const name = nameOf(of);
    let sample = this.#samples.get(name);
    if (sample === undefined) this.#samples.set(name, (sample = emptySample(of)));
    return sample;
  }

  #tell(): void {
    const requests = [...this.#samples.values()].filter((sample) => sample.requests.size > 0);
    const metrics = this.#runtime.metrics();
    if (requests.length === 0 && metrics.length === 0) return;
    this.#runtime.tell({ requests, metrics } satisfies WorkerCounts);
    // Emptied and kept: requests that still wait for their reply are counted there later.
    for (const sample of requests) Object.assign(sample, emptySample(sample));
  }
}
