// `npm run bench:smoke`: CPU time a query of our synchronous handler beside node:dgram + dns-packet, in one run, loaded by
// dnsperf on the same core. Figures only: it fails when a server dies or answers are lost, never for being slow.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { contenders } from './contenders.js';
import { SERVER_CPU } from './loads.js';
import { freePort, startServer, usage } from './processes.js';
import { addresses } from './zone.js';

const SECONDS = 5;
const directory = mkdtempSync(join(tmpdir(), 'multisocket-smoke-'));
try {
  const names = join(directory, 'names');
  writeFileSync(names, Array.from(addresses.keys(), (name) => `${name} A\n`).join(''));
  for (const name of ['sync', 'dgram-dns-packet']) {
    const contender = contenders.find((each) => each.name === name);
    const { cpu, rate, sent, completed } = await load(contender, names);
    console.log(
      `${contender.label}: ${cpu.toFixed(2)} us of CPU a query, ${Math.round(rate)} queries/s, ${completed} of ${sent} answered`,
    );
    if (completed !== sent) {
      console.error(`${contender.label}: ${sent - completed} lost`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(directory, { recursive: true });
}

async function load(contender, names) {
  const port = await freePort();
  const server = await startServer(contender, port, join(directory, contender.name));
  try {
    const before = usage(server.pid).cpu;
    const args = [
      '-c',
      SERVER_CPU,
      'dnsperf',
      '-s',
      '127.0.0.1',
      '-p',
      port,
      '-d',
      names,
      '-c',
      '20',
      '-q',
      '100',
      '-l',
      SECONDS,
    ];
    const { stdout } = await promisify(execFile)('taskset', args.map(String), { timeout: SECONDS * 10_000 });
    const cpu = usage(server.pid).cpu - before;
    const number = (label) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1]);
    const [sent, completed, rate] = ['Queries sent', 'Queries completed', 'Queries per second'].map(number);
    if (!(sent > 0)) throw new Error(`dnsperf says:\n${stdout}`);
    return { cpu: (cpu * 1000) / completed, rate, sent, completed };
  } finally {
    await server.stop();
  }
}
