/** Metrics in prom-client's JSON form. */
import { packageVersion } from '../../native/package-files.js';
import { nameOfAddress } from '../../socket/addresses.js';
import type { OwnerRuntime } from '../../corefile/directive.js';
import type { MetricSample } from '../../corefile/metric-sample.js';
import { addHistogram, emptyHistogram, TIME_BUCKETS, type Histogram } from '../../histogram.js';
import { withLastDot } from '../../dns/names.js';
import type { SocketStatistics } from '../../server/statistics.js';
import { count, SIZE_BUCKETS, type Sample } from './samples.js';

type Labels = Readonly<Record<string, string>>;

/** A value of a metric. */
export interface MetricValue {
  labels: Labels;
  value: number;
  /** The name, if it is not the metric's: for the parts of a histogram. */
  metricName?: string;
}

/** A metric with its values. */
export interface Metric {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  aggregator: 'sum';
  values: MetricValue[];
}

/** CoreDNS's metrics of requests; `prefix` is `coredns_dns` there. */
export function requestMetrics(prefix: string, samples: readonly Sample[]): Metric[] {
  const requests = new Map<string, number>();
  const responses = new Map<string, number>();
  const dnssec = new Map<string, number>();
  const duration = new Histograms(TIME_BUCKETS);
  const requestSize = new Histograms(SIZE_BUCKETS);
  const responseSize = new Histograms(SIZE_BUCKETS);
  for (const sample of samples) {
    const { server, zone, proto, family } = sample;
    const view = '';
    for (const [type, by] of sample.requests) {
      count(requests, JSON.stringify({ server, zone, view, proto, family, type }), by);
    }
    for (const [key, by] of sample.responses) {
      const [rcode, plugin] = key.split(' ');
      count(responses, JSON.stringify({ server, zone, view, rcode, plugin }), by);
    }
    if (sample.dnssec > 0) count(dnssec, JSON.stringify({ server, zone, view }), sample.dnssec);
    duration.add({ server, zone, view }, sample.duration);
    requestSize.add({ server, zone, view, proto }, sample.requestSize);
    responseSize.add({ server, zone, view, proto }, sample.responseSize);
  }
  return [
    metric(
      `${prefix}_requests_total`,
      'counter',
      'Requests by server, zone, protocol, family and type.',
      counted(requests),
    ),
    duration.metric(`${prefix}_request_duration_seconds`, 'Time that each request took, in seconds.'),
    requestSize.metric(`${prefix}_request_size_bytes`, 'Size of the requests in bytes.'),
    responseSize.metric(`${prefix}_response_size_bytes`, 'Size of the responses in bytes.'),
    metric(`${prefix}_responses_total`, 'counter', 'Responses by response code and plugin.', counted(responses)),
    metric(`${prefix}_do_requests_total`, 'counter', 'Requests with DO set.', counted(dnssec)),
  ];
}

/** Adds counts of directives to the earlier ones, by name and labels. */
export function addMetricSamples(totals: Map<string, MetricSample>, samples: readonly MetricSample[]): void {
  for (const sample of samples) {
    const key = `${sample.name} ${JSON.stringify(sample.labels)}`;
    const total = totals.get(key)?.value;
    const { value } = sample;
    if (total?.type === 'histogram' && value.type === 'histogram') addHistogram(total.histogram, value.histogram);
    else if (total?.type === 'counter' && value.type === 'counter') total.number += value.number;
    else totals.set(key, sample);
  }
}

/** The metrics of directives. */
export function directiveMetrics(namespace: string, totals: Iterable<MetricSample>): Metric[] {
  const metrics = new Map<string, Metric>();
  for (const { name, help, labels, value } of totals) {
    const type = value.type === 'total' ? 'counter' : value.type;
    const shown = metrics.get(name) ?? metric(`${namespace}_${name}`, type, help, []);
    metrics.set(name, shown);
    if (value.type === 'histogram') shown.values.push(...buckets(shown.name, TIME_BUCKETS, labels, value.histogram));
    else shown.values.push({ labels, value: value.number });
  }
  return [...metrics.values()];
}

/** The metrics of the server and of each of its sockets. */
export function serverMetrics(namespace: string, runtime: Pick<OwnerRuntime, 'corefile' | 'stats'>): Metric[] {
  const { sockets, totals } = runtime.stats();
  const { addresses, blocks } = runtime.corefile();
  const enabled = addresses.flatMap((address) =>
    address.zones.flatMap(({ zone, block }) =>
      blocks[block].directives.map(({ name }) => ({
        labels: { server: nameOfAddress(address), zone: withLastDot(zone), view: '', name },
        value: 1,
      })),
    ),
  );
  const unbound = new Set(addresses.flatMap(({ address, port }) => (address === '' ? [port] : [])));
  const serverOf = ({ transport, address, port }: SocketStatistics): string =>
    nameOfAddress({
      transport: transport === 'udp' || transport === 'tcp' ? 'dns' : transport,
      address: address === '::' && (unbound.has(port) || unbound.has(0)) ? '' : address,
      port,
    });
  const labelled = sockets.map((socket) => ({
    socket,
    labels: { server: serverOf(socket), proto: socket.protocol, socket: String(socket.index) },
  }));
  const of = (name: 'queries' | 'drops' | 'queued', protocol?: 'udp' | 'tcp'): MetricValue[] =>
    labelled.flatMap(({ socket, labels }) =>
      protocol === undefined || socket.protocol === protocol ? [{ labels, value: socket[name] }] : [],
    );
  const panics = totals.handlerThrew + totals.handlerRejected;
  const build = { version: packageVersion, revision: '', goversion: `node ${process.version}` };
  const prefix = `${namespace}_multisocket`;
  return [
    metric(`${namespace}_build_info`, 'gauge', 'A constant 1, labelled by version.', [{ labels: build, value: 1 }]),
    metric(`${namespace}_panics_total`, 'counter', 'Errors that no plugin took care of.', [
      { labels: {}, value: panics },
    ]),
    metric(`${namespace}_plugin_enabled`, 'gauge', 'Whether a plugin is enabled, by server and zone.', enabled),
    metric(`${prefix}_socket_queries_total`, 'counter', 'Queries that came through each socket.', of('queries')),
    metric(
      `${prefix}_socket_drops_total`,
      'counter',
      'Datagrams that the kernel dropped because a queue was full.',
      of('drops', 'udp'),
    ),
    metric(
      `${prefix}_socket_queue_bytes`,
      'gauge',
      'What waits in the kernel to be received, in bytes.',
      of('queued', 'udp'),
    ),
    metric(
      `${prefix}_socket_backlog_connections`,
      'gauge',
      'Connections that wait to be accepted.',
      of('queued', 'tcp'),
    ),
    metric(
      `${prefix}_skew_ratio`,
      'gauge',
      'Queries of the busiest socket over those of the mean, by server.',
      skews(labelled),
    ),
    metric(`${prefix}_shed_total`, 'counter', 'Queries that were shed by overload.', [
      { labels: {}, value: totals.shed },
    ]),
  ];
}

/** The metrics that Prometheus's dashboards expect of any process. */
export function processMetrics(): Metric[] {
  const { user, system } = process.cpuUsage();
  const gauge = (name: string, help: string, value: number): Metric =>
    metric(name, 'gauge', help, [{ labels: {}, value }]);
  return [
    metric('process_cpu_seconds_total', 'counter', 'CPU time spent, user and system, in seconds.', [
      { labels: {}, value: (user + system) / 1e6 },
    ]),
    gauge('process_resident_memory_bytes', 'Resident memory in bytes.', process.memoryUsage.rss()),
    gauge(
      'process_start_time_seconds',
      'When the process started, in seconds since 1970.',
      Date.now() / 1000 - process.uptime(),
    ),
  ];
}

/** 1 if all sockets of a server and protocol get the same number of queries; 0 if none has got any. */
function skews(labelled: readonly { socket: SocketStatistics; labels: Labels }[]): MetricValue[] {
  const groups = new Map<string, { labels: Labels; queries: number[] }>();
  for (const { socket, labels } of labelled) {
    const { server, proto } = labels;
    const group = groups.get(`${server} ${proto}`) ?? { labels: { server, proto }, queries: [] };
    group.queries.push(socket.queries);
    groups.set(`${server} ${proto}`, group);
  }
  return Array.from(groups.values(), ({ labels, queries }) => {
    const sum = queries.reduce((a, b) => a + b, 0);
    return { labels, value: sum === 0 ? 0 : (Math.max(...queries) * queries.length) / sum };
  });
}

function metric(name: string, type: Metric['type'], help: string, values: MetricValue[]): Metric {
  return { name, type, help, aggregator: 'sum', values };
}

function counted(counts: ReadonlyMap<string, number>): MetricValue[] {
  return Array.from(counts, ([labels, value]) => ({ labels: JSON.parse(labels) as Labels, value }));
}

/** The histograms of a metric, one for each set of labels. */
class Histograms {
  readonly #bounds: readonly number[];
  readonly #byLabels = new Map<string, Histogram>();

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  add(labels: Labels, histogram: Histogram): void {
    const key = JSON.stringify(labels);
    const total = this.#byLabels.get(key) ?? emptyHistogram(this.#bounds);
    addHistogram(total, histogram);
    this.#byLabels.set(key, total);
  }

  metric(name: string, help: string): Metric {
    return metric(
      name,
      'histogram',
      help,
      Array.from(this.#byLabels, ([labels, histogram]) =>
        buckets(name, this.#bounds, JSON.parse(labels) as Labels, histogram),
      ).flat(),
    );
  }
}

/** The value of a bucket is the number of all values up to its bound. */
function buckets(name: string, bounds: readonly number[], labels: Labels, { counts, sum }: Histogram): MetricValue[] {
  let below = 0;
  const values = counts.map((inBucket, i) => {
    below += inBucket;
    const le = i < bounds.length ? String(bounds[i]) : '+Inf';
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
  });
  return [
    ...values,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: below },
  ];
}
