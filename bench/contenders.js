// Who is compared: what each needs, how it is started on a port, and which loads it takes.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addresses, masterFile, ORIGIN } from './zone.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const UDP = ['udp-bursts', 'udp-turns'];
const ALL = [...UDP, 'tcp-pipelined', 'tcp-single'];

/** Where a program is on PATH, in the directories of system programs or where `go install` puts it, or undefined. */
export function find(program) {
  const installedByGo = join(process.env.GOPATH ?? join(homedir(), 'go'), 'bin');
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', installedByGo];
  return directories
    .map((directory) => join(directory, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch (error) {
        if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(error.code)) return false;
        throw error;
      }
    });
}

/** Writes a file of the contender's own directory; returns its path. */
function write(directory, name, text) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}

/**
 * @typedef {object} Contender
 * @property {string} name what `npm run bench -- NAME` takes
 * @property {string} label
 * @property {string[]} loads of loads.js
 * @property {() => string | undefined} [missing] why it cannot take part here
 * @property {boolean} [ready] it prints `ready` when it serves
 * @property {(port: number, directory: string, sockets?: number) => string[]} command the program and its arguments;
 *   writes its files. `sockets`: another number of sockets, each with a thread, where it can have one
 * @property {(port: number, directory: string) => string[]} [backend] another program, on the next port and the load's CPU,
 *   which it asks and which is not measured
 */

/** A server of this library: options of createServer, and a handler of handlers/. */
function ours(name, label, options, handler = 'synchronous', loads = ALL) {
  return {
    name,
    label: `multisocket, ${label}`,
    loads,
    ready: true,
    command: (port, directory, sockets) => {
      const all = sockets === undefined ? options : { ...options, sockets, workers: sockets };
      return [process.execPath, here('servers/multisocket.js'), port, JSON.stringify(all), handler];
    },
  };
}

/** A server on Node's own sockets (servers/node.js). */
function node(name, label, how, sharing, loads) {
  return {
    name,
    label,
    loads,
    ready: true,
    command: (port) => [process.execPath, here('servers/node.js'), port, how, sharing],
  };
}

/** A library from the registry, in the server of that name. */
function library(name, loads, label = name) {
  const command = (port) => [process.execPath, here(`servers/${name}.js`), port];
  return { name, label, loads, ready: true, command };
}

/** A program that the system may have, started with a configuration file. */
function program(name, label, binary, loads, command, more = {}) {
  return {
    name,
    label,
    loads,
    missing: () => (find(binary) === undefined ? `${binary} is not installed` : undefined),
    command: (port, directory, sockets) => [find(binary), ...command(port, directory, sockets)],
    ...more,
  };
}

/** A server that leaves each query to an NSD of its own; `binary`: what it needs besides. */
function forwarder(name, label, binary, command) {
  const needed = ['nsd', ...(binary === undefined ? [] : [binary])];
  return {
    name,
    label: `${label}, to NSD`,
    loads: UDP,
    missing: () => {
      const none = needed.filter((each) => find(each) === undefined);
      return none.length === 0 ? undefined : `${none.join(' and ')} not installed`;
    },
    command,
    backend: (port, directory) => [find('nsd'), '-d', '-c', nsdFile(port, directory)],
  };
}

const ONE = { sockets: 1, workers: 1 };

/** @type {Contender[]} */
export const contenders = [
  {
    name: 'floor',
    label: 'the floor (C, recvmmsg and sendmmsg)',
    loads: UDP,
    command: (port, directory) => [buildFloor(directory), port],
  },
  ours('cache', 'cache hit', { ...ONE, cache: { maxBytes: 16 << 20 } }),
  ours('sync', 'synchronous handler', ONE),
  ours('async', 'asynchronous handler, settled promise', ONE, 'asynchronous'),
  ours('async-immediate', 'asynchronous handler, setImmediate', ONE, 'immediate'),
  ours('dns-packet', 'dns-packet both ways', ONE, 'dns-packet'),
  ours('local', 'workers: 0', { sockets: 1, workers: 0 }),
  ours('sockets-64', '64 sockets on one worker', { sockets: 64, workers: 1 }, 'synchronous', UDP),
  ours('workers-2', 'two workers', { sockets: 2, workers: 2 }),
  node('dgram', 'node:dgram, by hand', 'byHand', 'alone', ALL),
  node('dgram-dns-packet', 'node:dgram + dns-packet', 'byDnsPacket', 'alone', ALL),
  node('cluster', 'node:cluster + dgram + dns-packet, two processes', 'byDnsPacket', 'cluster', UDP),
  {
    ...node('reuse-port', 'node:dgram reusePort + dns-packet, two threads', 'byDnsPacket', 'reusePort', UDP),
    missing: () => (hasReusePort() ? undefined : `node:dgram has no reusePort in Node ${process.version}`),
  },
  library('dns2', ALL),
  library('dns2-adapter', ALL, "dns2's handler on multisocket's adapter"),
  // It takes what one read brings for one query, and so does not answer pipelined ones.
  library('dinodns', [...UDP, 'tcp-single']),
  program('nsd', 'NSD', 'nsd', ALL, (port, directory, sockets) => ['-d', '-c', nsdFile(port, directory, sockets)]),
  program('knot', 'Knot', 'knotd', ALL, (port, directory) => ['-c', knotFile(port, directory)]),
  program('unbound', 'Unbound, local data', 'unbound', ALL, (port, directory) => [
    '-d',
    '-p',
    '-c',
    unboundFile(port, directory),
  ]),
  program(
    'dnsdist',
    'dnsdist, packet cache',
    'dnsdist',
    UDP,
    (port, directory) => ['--supervised', '--disable-syslog', '-C', dnsdistFile(port, directory)],
    {
      backend: (port, directory) => [buildFloor(directory), port],
    },
  ),
  program('coredns-file', 'CoreDNS, file', 'coredns', ALL, (port, directory, sockets) => [
    '-conf',
    coreFile(port, directory, false, sockets),
  ]),
  program('coredns-cache', 'CoreDNS, cache', 'coredns', ALL, (port, directory, sockets) => [
    '-conf',
    coreFile(port, directory, true, sockets),
  ]),
  forwarder('forward', 'multisocket, forward', undefined, (port, directory) => [
    process.execPath,
    here('../dist/cli.js'),
    '-conf',
    forwardFile(port, directory),
  ]),
  forwarder('create-forwarder', 'multisocket, createForwarder', undefined, (port) => [
    process.execPath,
    here('servers/multisocket.js'),
    port,
    JSON.stringify({ ...ONE, workerData: { upstreams: `127.0.0.1:${port + 1}` } }),
    'forwarder',
  ]),
  forwarder('dnsdist-forward', 'dnsdist, no cache', 'dnsdist', (port, directory) => [
    find('dnsdist'),
    '--supervised',
    '--disable-syslog',
    '-C',
    dnsdistFile(port, directory, false),
  ]),
  forwarder('unbound-forward', 'Unbound, forward-no-cache', 'unbound', (port, directory) => [
    find('unbound'),
    '-d',
    '-p',
    '-c',
    unboundForwardFile(port, directory),
  ]),
  forwarder('coredns-forward', 'CoreDNS, forward', 'coredns', (port, directory) => [
    find('coredns'),
    '-conf',
    forwardFile(port, directory),
  ]),
];

function hasReusePort() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}

/** Compiles floor.c; returns the program. */
function buildFloor(directory) {
  mkdirSync(directory, { recursive: true });
  const built = join(directory, 'floor');
  execFileSync(process.env.CC ?? 'cc', ['-O2', '-o', built, here('floor.c')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return built;
}

/** `own`: whether the zone of zone.js is written; otherwise there is a file `zone`. */
export function nsdFile(port, directory, sockets = 1, own = true) {
  if (own) write(directory, 'zone', masterFile);
  return write(
    directory,
    'nsd.conf',
    `server:
  ip-address: 127.0.0.1@${port}
  server-count: ${sockets}
  reuseport: ${sockets > 1 ? 'yes' : 'no'}
  username: ""
  zonesdir: "${directory}"
  pidfile: "${directory}/nsd.pid"
  xfrdfile: ""
  zonelistfile: "${directory}/zone.list"
  xfrdir: "${directory}"
  minimal-responses: yes
  rrl-ratelimit: 0
  tcp-count: 1000
  verbosity: 0
remote-control:
  control-enable: no
zone:
  name: ${ORIGIN}
  zonefile: zone
`,
  );
}

/** `own`: as for {@link nsdFile}. */
export function knotFile(port, directory, own = true) {
  if (own) write(directory, 'zone', masterFile);
  return write(
    directory,
    'knot.conf',
    `server:
  rundir: "${directory}"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stderr
    any: error
database:
  storage: "${directory}"
zone:
  - domain: ${ORIGIN}
    storage: "${directory}"
    file: zone
    zonefile-sync: -1
    journal-content: none
`,
  );
}

/** What both configurations of Unbound begin with. */
function unboundServer(port, directory) {
  return `server:
  interface: 127.0.0.1@${port}
  access-control: 127.0.0.0/8 allow
  do-daemonize: no
  use-syslog: no
  logfile: ""
  verbosity: 0
  username: ""
  chroot: ""
  directory: "${directory}"
  num-threads: 1
`;
}

function unboundFile(port, directory) {
  const data = Array.from(addresses, ([name, address]) => `  local-data: "${name}. 300 IN A ${address}"`);
  return write(
    directory,
    'unbound.conf',
    `${unboundServer(port, directory)}  incoming-num-tcp: 100
  module-config: "iterator"
  local-zone: "${ORIGIN}." static
${data.join('\n')}
remote-control:
  control-enable: no
`,
  );
}

/** It answers to no name by itself, and keeps nothing. */
function unboundForwardFile(port, directory) {
  return write(
    directory,
    'unbound.conf',
    `${unboundServer(port, directory)}  outgoing-range: 4096
  num-queries-per-thread: 2048
  do-not-query-localhost: no
  module-config: "iterator"
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@${port + 1}
  forward-no-cache: yes
remote-control:
  control-enable: no
`,
  );
}

/** For CoreDNS and for us. */
function forwardFile(port, directory) {
  return write(
    directory,
    'Corefile',
    `.:${port} {\n  bind 127.0.0.1\n  multisocket 1\n  forward . 127.0.0.1:${port + 1}\n}\n`,
  );
}

/** With `cache` all answers come from its packet cache, once the backend has given each name's. */
function dnsdistFile(port, directory, cache = true) {
  return write(
    directory,
    'dnsdist.conf',
    `setLocal("127.0.0.1:${port}")
setACL("127.0.0.0/8")
newServer({address="127.0.0.1:${port + 1}", healthCheckMode="up"})
${cache ? 'getPool(""):setCache(newPacketCache(10000))\n' : ''}`,
  );
}

function coreFile(port, directory, cache, sockets = 1) {
  write(directory, 'zone', masterFile);
  return write(
    directory,
    'Corefile',
    `${ORIGIN}:${port} {
  bind 127.0.0.1
  multisocket ${sockets}
  ${cache ? 'cache' : ''}
  file ${directory}/zone
}
`,
  );
}
