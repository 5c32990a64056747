// `npm run bench:encrypted`: CPU time a query of DNS over TLS beside dnsdist's, loaded by dnsperf with 20
// connections, pipelined. The server on one CPU, the load on the other. Writes ENCRYPTED.md.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { contenders } from './contenders.js';
import { LOAD_CPU, SERVER_CPU } from './loads.js';
import { freePort, usage } from './processes.js';
import { asMarkdown, asText, machine, median } from './report.js';
import { addresses } from './zone.js';

const ROUNDS = 3;
const SECONDS = 3;
const START_TIME = 10_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'multisocket-encrypted-'));
const [cert, key, names] = ['cert.pem', 'key.pem', 'names'].map((name) => join(directory, name));

/** Transports by the name that dnsperf has for them. Not `doh`: dnsperf 2.10 ends itself when HTTP/2 mixes two answers. */
const modes = { dot: 'tls' };

const ours = (label, options) => ({
  label: `multisocket, ${label}`,
  command: (mode, port) => [
    process.execPath,
    here('servers/encrypted.js'),
    `${modes[mode]}://127.0.0.1:${port}`,
    JSON.stringify(options),
    cert,
    key,
  ],
});
// What comes over TLS it asks for by TCP, which the floor does not speak: behind it is an NSD, asked once for each name.
const dnsdist = contenders.find(({ name }) => name === 'dnsdist-forward');
const measured = [
  ours('cache hit', { cache: { maxBytes: 16 << 20 } }),
  ours('synchronous handler', {}),
  {
    label: 'dnsdist, packet cache',
    missing: dnsdist.missing,
    command: (mode, port, backend) => {
      const lines = [
        'setLocal("127.0.0.1:0")',
        `addTLSLocal('127.0.0.1:${port}', '${cert}', '${key}')`,
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
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-keyout', key, '-out', cert];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject], { stdio: 'pipe' });
  writeFileSync(names, Array.from(addresses.keys(), (name) => `${name} A\n`).join(''));
  const rows = [];
  for (const mode of Object.keys(modes)) {
    const rounds = measured.map(() => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, contender] of measured.entries()) rounds[i].push(await measure(contender, mode));
    }
    for (const [i, { label }] of measured.entries()) {
      const middle = (figure) => median(rounds[i].map((each) => each[figure]));
      const lost = rounds[i].reduce((sum, each) => sum + each.lost, 0);
      rows.push([mode, label, middle('cpu').toFixed(2), middle('rate').toFixed(0), String(lost)]);
    }
  }
  const table = [['transport', 'server', 'CPU us/query', 'queries/s', 'lost'], ...rows];
  console.log(asText(table));
  writeFileSync(
    here('ENCRYPTED.md'),
    `# DNS over TLS

Written by \`npm run bench:encrypted\` on ${new Date().toISOString().slice(0, 10)}; change nothing here by hand. dnsperf with 20 connections, 100 queries
at a time, on CPU ${LOAD_CPU}, the server on CPU ${SERVER_CPU}. Medians of ${ROUNDS} rounds of ${SECONDS} s, in turn. CPU time is the server's own.

${asMarkdown([['machine', ''], ...Object.entries(machine()).map(([name, value]) => [name, String(value)])])}

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
    await load(mode, port, 1);
    const before = usage(server.pid).cpu;
    const { completed, rate, lost } = await load(mode, port, SECONDS);
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

async function load(mode, port, seconds) {
  const args = ['-m', mode, '-s', '127.0.0.1', '-p', port, '-d', names, '-c', 20, '-q', 100, '-l', seconds];
  const command = ['-c', LOAD_CPU, 'dnsperf', ...args].map(String);
  const { stdout } = await promisify(execFile)('taskset', command, { timeout: seconds * 20_000 });
  const number = (label) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1]);
  const [sent, completed, rate] = ['Queries sent', 'Queries completed', 'Queries per second'].map(number);
  if (!(completed > 0)) throw new Error(`dnsperf says:\n${stdout}`);
  return { completed, rate, lost: sent - completed };
}
