// What the project promises of itself: ratios of CPU time a query, or of times, each with its bound.

/** @typedef {(name: string, load: string, figure?: string) => number | undefined} Look */

const BURSTS = 'udp-bursts';
const TURNS = 'udp-turns';

/** Ours by theirs. */
const over =
  (ours, theirs, load, figure = 'cpu') =>
  (look) =>
    divide(look(ours, load, figure), look(theirs, load, figure));
/** What ours costs above the floor by what theirs does. */
const above = (ours, theirs, load) => (look) => {
  const floor = look('floor', load);
  return divide(minus(look(ours, load), floor), minus(look(theirs, load), floor));
};
const minus = (a, b) => (a === undefined || b === undefined ? undefined : a - b);
const divide = (a, b) => (a === undefined || b === undefined ? undefined : a / b);

/** @typedef {{ what: string, bound: number, ratio: (look: Look) => number | undefined }} Bound */

/** @type {Bound[]} */
export const bounds = [
  { what: 'cache hit, bursts: of the floor', bound: 1, ratio: over('cache', 'floor', BURSTS) },
  { what: 'cache hit, bursts: of NSD', bound: 1, ratio: over('cache', 'nsd', BURSTS) },
  { what: 'cache hit, bursts: of Knot', bound: 1, ratio: over('cache', 'knot', BURSTS) },
  { what: 'cache hit, in turn: of the floor', bound: 1.08, ratio: over('cache', 'floor', TURNS) },
  { what: 'cache hit, in turn: of NSD', bound: 1, ratio: over('cache', 'nsd', TURNS) },
  { what: 'cache hit, in turn: of Knot', bound: 1, ratio: over('cache', 'knot', TURNS) },
  { what: 'synchronous handler: of NSD', bound: 1.2, ratio: over('sync', 'nsd', BURSTS) },
  {
    what: 'synchronous handler: of dgram + dns-packet, above the floor',
    bound: 0.2,
    ratio: above('sync', 'dgram-dns-packet', BURSTS),
  },
  { what: 'synchronous handler: of dns2, above the floor', bound: 0.03, ratio: above('sync', 'dns2', BURSTS) },
  { what: "dns2's handler on the adapter: of dns2", bound: 1, ratio: over('dns2-adapter', 'dns2', BURSTS) },
  {
    what: "dns2's handler on the adapter, pipelined TCP: of dns2",
    bound: 1,
    ratio: over('dns2-adapter', 'dns2', 'tcp-pipelined'),
  },
  {
    what: "dns2's handler on the adapter, one query a connection: of dns2",
    bound: 0.9,
    ratio: over('dns2-adapter', 'dns2', 'tcp-single'),
  },
  { what: "synchronous handler: of CoreDNS's file", bound: 0.33, ratio: over('sync', 'coredns-file', BURSTS) },
  { what: "synchronous handler: of CoreDNS's cache", bound: 0.5, ratio: over('sync', 'coredns-cache', BURSTS) },
  {
    what: 'asynchronous handler, settled promise: of the synchronous one',
    bound: 1.25,
    ratio: over('async', 'sync', BURSTS),
  },
  {
    what: 'asynchronous handler, setImmediate: of the synchronous one',
    bound: 1.6,
    ratio: over('async-immediate', 'sync', BURSTS),
  },
  {
    what: 'dns-packet both ways: of dgram + dns-packet, above the floor',
    bound: 0.4,
    ratio: above('dns-packet', 'dgram-dns-packet', BURSTS),
  },
  { what: 'TCP, one query a connection, cache hit: of NSD', bound: 1.1, ratio: over('cache', 'nsd', 'tcp-single') },
  {
    what: "TCP, one query a connection, cache hit: of CoreDNS's cache",
    bound: 0.6,
    ratio: over('cache', 'coredns-cache', 'tcp-single'),
  },
  {
    what: 'TCP, one query a connection, synchronous handler: of NSD',
    bound: 1.4,
    ratio: over('sync', 'nsd', 'tcp-single'),
  },
  { what: 'pipelined TCP, cache hit: of NSD', bound: 0.06, ratio: over('cache', 'nsd', 'tcp-pipelined') },
  { what: 'pipelined TCP: of NSD', bound: 0.33, ratio: over('sync', 'nsd', 'tcp-pipelined') },
  { what: 'pipelined TCP: of CoreDNS', bound: 0.5, ratio: over('sync', 'coredns-file', 'tcp-pipelined') },
  { what: '64 sockets on one worker: of 1 socket', bound: 1.3, ratio: over('sockets-64', 'sync', BURSTS) },
  { what: 'two workers: of one', bound: 1.15, ratio: over('workers-2', 'sync', BURSTS) },
  { what: 'createForwarder to NSD: of forward', bound: 1.05, ratio: over('create-forwarder', 'forward', BURSTS) },
  { what: 'forward to NSD: of dnsdist', bound: 0.9, ratio: over('forward', 'dnsdist-forward', BURSTS) },
  { what: 'forward to NSD, in turn: of dnsdist', bound: 1, ratio: over('forward', 'dnsdist-forward', TURNS) },
  { what: 'forward to NSD: of Unbound', bound: 1, ratio: over('forward', 'unbound-forward', BURSTS) },
  { what: 'forward to NSD: of CoreDNS', bound: 0.3, ratio: over('forward', 'coredns-forward', BURSTS) },
  { what: 'p99 latency at half load, cache hit: of NSD', bound: 1, ratio: over('cache', 'nsd', BURSTS, 'p99') },
];

/** Those of `npm run bench:encrypted`; the loads are its transports. @type {Bound[]} */
export const encryptedBounds = [
  { what: 'DoT, pipelined, cache hit: of dnsdist', bound: 0.7, ratio: over('cache', 'dnsdist', 'dot') },
  { what: 'DoT, pipelined, synchronous handler: of dnsdist', bound: 0.7, ratio: over('sync', 'dnsdist', 'dot') },
  {
    what: 'DoT, one query a connection, resumed, cache hit: of dnsdist',
    bound: 1,
    ratio: over('cache', 'dnsdist', 'dot-single'),
  },
  {
    what: 'DoT, one query a connection, resumed, synchronous handler: of dnsdist',
    bound: 1,
    ratio: over('sync', 'dnsdist', 'dot-single'),
  },
];

/** Those of `npm run bench:loading`, of each zone. @type {{ what: string, bound: number, ratio: (look: Look) => number }[]} */
export const loadingBounds = [
  { what: 'time to the first answer: of NSD', bound: 2, ratio: (look) => look('ours', 'time') / look('nsd', 'time') },
  {
    what: 'time to the first answer: of CoreDNS',
    bound: 1,
    ratio: (look) => look('ours', 'time') / look('coredns', 'time'),
  },
  { what: 'memory: of NSD', bound: 2, ratio: (look) => look('ours', 'memory') / look('nsd', 'memory') },
  { what: 'memory: of CoreDNS', bound: 1, ratio: (look) => look('ours', 'memory') / look('coredns', 'memory') },
];

/** Of zones.js: for each kind of zone, ours of NSD, and a large zone of a small one. @type {Bound[]} */
export const zonesBounds = [
  ...['small', 'large', 'small-signed', 'large-signed', 'small-signed-do', 'large-signed-do'].flatMap((kind) => [
    { what: `${kind}, bursts: of NSD`, bound: 0.8, ratio: over('ours', 'nsd', `${kind} ${BURSTS}`) },
    { what: `${kind}, in turn: of NSD`, bound: 1, ratio: over('ours', 'nsd', `${kind} ${TURNS}`) },
  ]),
  ...[BURSTS, TURNS].map((load) => ({
    what: `a large zone, ${load}: of a small one`,
    bound: 1.3,
    ratio: (look) => divide(look('ours', `large ${load}`), look('ours', `small ${load}`)),
  })),
];
