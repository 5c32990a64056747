// `npm run bench:encrypted`: CPU time a query of DNS over TLS and over HTTPS beside dnsdist's, with many queries on a
// connection and, over TLS, with one. The server on one CPU, the load on the other. Writes ENCRYPTED.md.
import { execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encryptedBounds } from './bounds.js';
import { contenders } from './contenders.js';
import { LOAD_CPU, SERVER_CPU } from './loads.js';
import { buildOpenssl, makeCertificate } from './openssl/build.js';
import { freePort, usage } from './processes.js';
import { asMarkdown, asText, machine, median, promiseTable } from './report.js';
import { addresses, questions } from './zone.js';

const ROUNDS = 5;
const SECONDS = 3;
const START_TIME = 10_000;
/** Octets of the reply to the query that is posted: its question, and an A record with a compressed name. */
const REPLY_SIZE = questions[0].length + 16;
/** Requests at a time by each connection of HTTP/2. */
const STREAMS = 10;
/** Clients that connect for each query, one after the other, and how many queries each asks in a second of load. */
const CLIENTS = 4;
const CONNECTIONS = 400;
/** A query with its length in front. */
const framed = Buffer.concat([Buffer.from([0, questions[0].length]), questions[0]]);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'multisocket-encrypted-'));
const [names, query] = ['names', 'query'].map((name) => join(directory, name));
const { cert, key } = makeCertificate(directory);
const openssl = buildOpenssl(directory);

/** How each transport is named in `listen`, set up in dnsdist, and loaded. */
const dot = { scheme: 'tls', dnsdist: (port) => `addTLSLocal('127.0.0.1:${port}', '${cert}', '${key}')` };
const modes = {
  dot: { ...dot, load: dnsperf },
  'dot-single': { ...dot, load: connectEach },
  doh: {
    scheme: 'https',
    dnsdist: (port) => `addDOHLocal('127.0.0.1:${port}', '${cert}', '${key}', '/dns-query')`,
    load: h2load,
  },
};

const ours = (name, label, options) => ({
  name,
  label: `multisocket, ${label}`,
  command: (mode, port) => [
    process.execPath,
    here('servers/encrypted.js'),
    `${modes[mode].scheme}://127.0.0.1:${port}`,
    JSON.stringify(options),
    cert,
    key,
  ],
});
// What comes over TLS it asks for by TCP, which the floor does not speak: behind it is an NSD, asked once for each name.
const dnsdist = contenders.find(({ name }) => name === 'dnsdist-forward');
const measured = [
  ours('cache', 'cache hit', { cache: { maxBytes: 16 << 20 } }),
  ours('sync', 'synchronous handler', {}),
  {
    name: 'dnsdist',
    label: 'dnsdist, packet cache',
    missing: dnsdist.missing,
    command: (mode, port, backend) => {
      const lines = [
        'setLocal("127.0.0.1:0")',
        modes[mode].dnsdist(port),
        `newServer{address='127.0.0.1:${backend}', healthCheckMode='up'}`,
        "getPool(''):setCache(newPacketCache(10000))",
      ];
      const file = join(directory, `dnsdist-${mode}.conf`);
      writeFileSync(file, `${lines.join('\n')}\n`);
      return [dnsdist.command(port, directory)[0], '--supervised', '--disable-syslog', '-C', file];
    },
  },
].filter(({ label, missing }) => {
  const reason = missing?.();
  if (reason !== undefined) console.log(`missing: ${label} (${reason})`);
  return reason === undefined;
});

try {
  writeFileSync(names, Array.from(addresses.keys(), (name) => `${name} A\n`).join(''));
  writeFileSync(query, questions[0]);
  const rows = [];
  for (const mode of Object.keys(modes)) {
    const rounds = measured.map(() => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, contender] of measured.entries()) rounds[i].push(await measure(contender, mode));
    }
    for (const [i, { name, label }] of measured.entries()) {
      const middle = (figure) => median(rounds[i].map((each) => each[figure]));
      const lost = rounds[i].reduce((sum, each) => sum + each.lost, 0);
      rows.push({ name, load: mode, label, cpu: middle('cpu'), rate: middle('rate'), lost });
    }
  }
  const table = [
    ['transport', 'server', 'CPU us/query', 'queries/s', 'lost'],
    ...rows.map(({ load: mode, label, cpu, rate, lost }) => [
      mode,
      label,
      cpu.toFixed(2),
      rate.toFixed(0),
      String(lost),
    ]),
  ];
  const kept = promiseTable(rows, encryptedBounds);
  console.log(`${asText(kept)}\n\n${asText(table)}`);
  writeFileSync(
    here('ENCRYPTED.md'),
    `# DNS over TLS and HTTPS

Written by \`npm run bench:encrypted\` on ${new Date().toISOString().slice(0, 10)}; change nothing here by hand. The load on CPU ${LOAD_CPU}, the server on
CPU ${SERVER_CPU}. Medians of ${ROUNDS} rounds of ${SECONDS} s, in turn. CPU time is the server's own. Over TLS (\`dot\`): dnsperf with 20 connections, 100
queries at a time. With a connection for each query (\`dot-single\`): ${CLIENTS} clients, each of which resumes its session. Over HTTPS (\`doh\`): h2load with 20 connections of HTTP/2, each with ${STREAMS} requests at a time, all of them a POST
of one query.

${asMarkdown([['machine', ''], ...Object.entries(machine()).map(([name, value]) => [name, String(value)])])}

${asMarkdown(kept)}

${asMarkdown(table)}
`,
  );
} finally {
  rmSync(directory, { recursive: true });
}

async function measure(contender, mode) {
  const port = await freePort();
  const backendPort = await freePort();
  const backend = start(SERVER_CPU, dnsdist.backend(backendPort, join(directory, 'backend')));
  const server = start(SERVER_CPU, contender.command(mode, port, backendPort));
  try {
    await listens(port, server);
    await modes[mode].load(port, 1);
    const before = usage(server.pid).cpu;
    const { completed, rate, lost } = await modes[mode].load(port, SECONDS);
    const cpu = usage(server.pid).cpu - before;
    return { cpu: (cpu * 1000) / completed, rate, lost };
  } finally {
    for (const child of [server, backend]) {
      const exit = once(child, 'exit');
      if (child.exitCode === null) child.kill();
      await exit;
    }
  }
}

function start(cpu, command) {
  return spawn('taskset', ['-c', String(cpu), ...command.map(String)], { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function listens(port, server) {
  for (const end = Date.now() + START_TIME; Date.now() < end && server.exitCode === null; await sleep(100)) {
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return;
  }
  throw new Error(`nothing listens at port ${port}`);
}

/** Asks for all names in turn by TLS. dnsperf 2.10 has HTTPS as well, but ends itself when HTTP/2 mixes two answers. */
async function dnsperf(port, seconds) {
  const args = ['-m', 'dot', '-s', '127.0.0.1', '-p', port, '-d', names, '-c', 20, '-q', 100, '-l', seconds];
  const said = await load(['dnsperf', ...args], seconds);
  const number = (label) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(said)?.[1]);
  const [sent, completed, rate] = ['Queries sent', 'Queries completed', 'Queries per second'].map(number);
  if (!(completed > 0)) throw new Error(`dnsperf says:\n${said}`);
  return { completed, rate, lost: sent - completed };
}

/** Opens a connection for each query, and resumes the session of the last one. */
async function connectEach(port, seconds) {
  const connections = CONNECTIONS * seconds;
  const message = framed.toString('hex');
  const start = performance.now();
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const execArgv = ['-c', String(LOAD_CPU), process.execPath];
      const child = fork(here('openssl/client.js'), [openssl], { execPath: 'taskset', execArgv });
      await once(child, 'message');
      child.send({ port, tls: true, connections, messages: 1, message, resumed: true });
      const [done] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
      child.kill();
      if (done !== 'done') throw new Error('a client has ended');
    }),
  );
  const completed = CLIENTS * connections;
  return { completed, rate: (completed * 1000) / (performance.now() - start), lost: 0 };
}

/** Posts the one query by HTTP/2. Throws unless each answer has a status of success and all of the reply. */
async function h2load(port, seconds) {
  const request = ['-d', query, '-H', 'content-type: application/dns-message', `https://127.0.0.1:${port}/dns-query`];
  const said = await load(['h2load', '-c', 20, '-m', STREAMS, '-D', seconds, ...request], seconds);
  const number = (pattern) => Number(pattern.exec(said)?.[1]);
  const completed = number(/(\d+) succeeded/);
  const octets = number(/\((\d+)\) data/);
  const refused = number(/(\d+) 3xx/) + number(/(\d+) 4xx/) + number(/(\d+) 5xx/);
  if (!(completed > 0 && refused === 0 && octets >= completed * REPLY_SIZE)) throw new Error(`h2load says:\n${said}`);
  return { completed, rate: completed / seconds, lost: number(/(\d+) failed/) };
}

/** Runs what loads, to its end; returns what it says. */
async function load(command, seconds) {
  const args = ['-c', LOAD_CPU, ...command].map(String);
  const { stdout } = await promisify(execFile)('taskset', args, { timeout: seconds * 20_000 });
  return stdout;
}
