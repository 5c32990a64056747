/** The view of `multisocket top`, from two reports of a server. */
import { formatAddress } from '../socket/addresses.js';
import type { ControlReport } from '../server/control.js';
import type { SocketStatistics, WorkerStatistics } from '../server/statistics.js';
import { megabytes, short, table, whole } from './figures.js';

/** Rates between two reports, per second; CPU in CPUs. New items count from 0. */
export interface Activity {
  pid: number;
  /** Seconds between the reports. */
  interval: number;
  cpuUsed: number;
  cpuAvailable: number;
  memory: number;
  total: WorkerActivity;
  workers: (WorkerActivity & Pick<WorkerStatistics, 'index' | 'stalled'>)[];
  addresses: AddressActivity[];
}

/** The activity of a worker. */
export interface WorkerActivity {
  /** Messages received a second. */
  queries: number;
  /** Of these, answered from the cache. */
  hits: number;
  /** Share of its time that its event loop is busy, 0 to 1; in the total: the number of busy workers. */
  busy: number;
  /** Microseconds of work for a query. */
  cost: number;
  /** Queries that asynchronous handlers hold now. */
  inFlight: number;
  /** Milliseconds that they hold one on average, by Little's law: the number in flight over the arrival rate. */
  wait: number;
  /** Queries a second that were not given to the handler. */
  shed: number;
  /** Queries a second that handlers failed to answer. */
  failures: number;
  tcpOpen: number;
  /** Replies of handlers a second, by response code, without the answers of native code. */
  replies: Record<(typeof RCODES)[number][0], number>;
}

const RCODES = [
  ['NOERROR', 'repliesNoError'],
  ['NXDOMAIN', 'repliesNxDomain'],
  ['SERVFAIL', 'repliesServFail'],
  ['REFUSED', 'repliesRefused'],
  ['other', 'repliesOther'],
] as const;

/** The activity of the sockets of an address and protocol. */
export interface AddressActivity {
  name: string;
  queries: number;
  /** Queries of the busiest socket over the mean; 1: all get the same. */
  skew: number;
  queued: number;
  capacity: number;
  /** Datagrams that the kernel dropped a second. */
  drops: number;
  sockets: (Pick<SocketStatistics, 'index' | 'worker' | 'queued' | 'drops'> & { queries: number })[];
}

/** The difference of two reports of one process; the later one is `now`. */
export function activityBetween(before: ControlReport, now: ControlReport): Activity {
  const interval = (now.time - before.time) / 1000;
  const busyOf = ({ workers }: ControlReport): number => workers.reduce((sum, { busy }) => sum + busy, 0);
  const total = { ...now.totals, busy: busyOf(now) };
  return {
    pid: now.pid,
    interval,
    cpuUsed: (now.cpu - before.cpu) / 1000 / interval,
    cpuAvailable: now.cpus,
    memory: now.memory,
    total: workerActivity({ ...before.totals, busy: busyOf(before) }, total, interval),
    workers: now.workers.map((worker) => {
      const old = before.workers.find(({ index, busy }) => index === worker.index && busy <= worker.busy);
      return { index: worker.index, stalled: worker.stalled, ...workerActivity(old, worker, interval) };
    }),
    addresses: addressActivities(before, now, interval),
  };
}

type Counted = Omit<WorkerStatistics, 'index' | 'stalled'>;

function workerActivity(before: Counted | undefined, now: Counted, interval: number): WorkerActivity {
  const since = (...names: (keyof Counted)[]): number =>
    names.reduce((sum, name) => sum + Math.max(0, now[name] - (before?.[name] ?? 0)), 0) / interval;
  const queries = since('received', 'tcpQueries', 'httpsQueries');
  const busy = since('busy') / 1000;
  const handled = since('handled');
  return {
    queries,
    hits: since('cacheHits'),
    busy,
    cost: queries === 0 ? 0 : (busy * 1e6) / queries,
    inFlight: now.inFlight,
    wait: handled === 0 ? 0 : (now.inFlight * 1000) / handled,
    shed: since('shed'),
    failures: since('handlerThrew', 'handlerRejected', 'handlerSilent', 'handlerTimedOut', 'replyInvalid'),
    tcpOpen: now.tcpOpen,
    replies: Object.fromEntries(RCODES.map(([rcode, counter]) => [rcode, since(counter)])) as WorkerActivity['replies'],
  };
}

function addressActivities(before: ControlReport, now: ControlReport, interval: number): AddressActivity[] {
  const nameOf = ({ transport, address, port, interface: name }: SocketStatistics): string =>
    `${transport} ${formatAddress(address, port, name)}`;
  const keyOf = (socket: SocketStatistics): string => `${nameOf(socket)} ${socket.index}`;
  const old = new Map(before.sockets.map((socket) => [keyOf(socket), socket]));
  return [...new Set(now.sockets.map(nameOf))].map((name) => {
    const sockets = now.sockets.filter((socket) => nameOf(socket) === name);
    const rate = (socket: SocketStatistics, counter: 'queries' | 'drops'): number =>
      Math.max(0, socket[counter] - (old.get(keyOf(socket))?.[counter] ?? 0)) / interval;
    const rows = sockets.map((socket) => ({
      index: socket.index,
      worker: socket.worker,
      queries: rate(socket, 'queries'),
      queued: socket.queued,
      drops: rate(socket, 'drops'),
    }));
    const queries = sum(rows.map((row) => row.queries));
    return {
      name,
      queries,
      skew: queries === 0 ? 1 : (Math.max(...rows.map((row) => row.queries)) * rows.length) / queries,
      queued: sum(rows.map(({ queued }) => queued)),
      capacity: sum(sockets.map(({ capacity }) => capacity)),
      drops: sum(rows.map(({ drops }) => drops)),
      sockets: rows,
    };
  });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** The widest bar that shows how busy a worker is, and the narrowest useful one. */
const BAR = 20;
const LEAST_BAR = 5;

/**
 * The lines of the view, at most `height` of them and no longer than `width`: bars become shorter, and sockets are cut.
 */
export function topView(activity: Activity, { width, height }: { width: number; height: number }): string[] {
  const { total, addresses } = activity;
  const bare = workerTable(activity, 0);
  const bar = Math.min(BAR, width - Math.max(...bare.map(({ length }) => length)) - '[]'.length - 2);
  const replies = RCODES.map(([rcode]) => `${rcode} ${whole(total.replies[rcode])}`).join(', ');
  const lines = [
    `multisocket, process ${activity.pid}: ${whole(total.queries)} queries/s, ${activity.cpuUsed.toFixed(2)} of ` +
      `${activity.cpuAvailable} CPUs, ${megabytes(activity.memory)}, over ${activity.interval.toFixed(1)} s`,
    `replies/s: ${replies}`,
    `from the cache ${whole(total.hits)}/s; handlers that wait take ${short(total.wait)} ms on average`,
    '',
    ...(bar >= LEAST_BAR ? workerTable(activity, bar) : bare),
    '',
    ...table([
      ['ADDRESS', 'SOCKETS', 'QUERIES/S', 'SKEW', 'QUEUED', 'DROPS/S'],
      ...addresses.map(({ name, sockets, queries, skew, queued, capacity, drops }) => [
        name,
        String(sockets.length),
        whole(queries),
        skew.toFixed(2),
        capacity === 0 ? String(queued) : `${((queued * 100) / capacity).toFixed(0)} %`,
        whole(drops),
      ]),
    ]),
    '',
    ...table([
      ['SOCKET', 'WORKER', 'QUERIES/S', 'QUEUED', 'DROPS/S'],
      ...addresses.flatMap(({ name, sockets }) =>
        sockets.map(({ index, worker, queries, queued, drops }) => [
          `${name} #${index}`,
          worker === undefined ? '-' : String(worker),
          whole(queries),
          whole(queued),
          whole(drops),
        ]),
      ),
    ]),
  ];
  const left = lines.length - height;
  const shown = left > 0 ? [...lines.slice(0, height - 1), `... ${left + 1} more lines: enlarge the window`] : lines;
  return shown.map((line) => line.slice(0, width));
}

const HEAD = ['QUERIES/S', 'HITS', 'US/Q', 'HELD', 'WAIT', 'SHED/S', 'FAIL/S', 'TCP'];

/** `bar`: the width of the bars; 0: no bars. */
function workerTable({ total, workers }: Activity, bar: number): string[] {
  const none = bar > 0 ? [''] : [];
  const rows = [
    ...workers.map((worker) => workerRow(String(worker.index) + (worker.stalled ? ' stalled' : ''), worker, bar)),
    workerRow('all', total, 0).toSpliced(2, 0, ...none),
  ];
  return table([['WORKER', 'BUSY', ...none, ...HEAD], ...rows]);
}

function workerRow(name: string, worker: WorkerActivity, bar: number): string[] {
  const { queries, hits, busy, cost, inFlight, wait, shed, failures, tcpOpen } = worker;
  const filled = Math.round(Math.min(1, busy) * bar);
  return [
    name,
    `${(busy * 100).toFixed(0)} %`,
    ...(bar > 0 ? [`[${'|'.repeat(filled)}${' '.repeat(bar - filled)}]`] : []),
    whole(queries),
    queries === 0 ? '-' : `${((hits * 100) / queries).toFixed(0)} %`,
    short(cost),
    whole(inFlight),
    short(wait),
    whole(shed),
    whole(failures),
    whole(tcpOpen),
  ];
}
