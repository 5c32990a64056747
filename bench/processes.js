// Servers as processes on their CPU: started, waited for, accounted, ended.
import { execFileSync, fork, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LOAD_CPU, SERVER_CPU } from './loads.js';
import { questions } from './zone.js';

const START_TIME = 20_000;
const END_TIME = 5000;
const TICK = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** A free port below those that the system gives to clients, of which a TCP load leaves many in TIME_WAIT. */
export async function freePort() {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const socket = createSocket('udp4');
  try {
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening'); // rejects with the error that comes instead
    return port;
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    return await freePort();
  } finally {
    socket.close();
  }
}

/** Starts a contender, and resolves when it answers. `cpus`: those of the server, as taskset takes them; `patience`: milliseconds. */
export async function startServer(
  contender,
  port,
  directory,
  { cpus = SERVER_CPU, sockets, patience = START_TIME } = {},
) {
  const backend = contender.backend && spawnPinned(contender.backend(port + 1, directory), LOAD_CPU);
  const child = spawnPinned(contender.command(port, directory, sockets), cpus);
  const stop = async () => {
    await end(child);
    if (backend) await end(backend);
  };
  try {
    const signal = AbortSignal.timeout(patience);
    if (backend) await answers(backend, port + 1, signal);
    if (contender.ready) await ready(child, signal);
    await answers(child, port, signal);
  } catch (error) {
    await stop();
    throw new Error(`${contender.name} does not serve: ${child.said()}${backend?.said() ?? ''}`, { cause: error });
  }
  return { pid: child.pid, stop, alive: () => child.exitCode === null && child.signalCode === null };
}

/**
 * Starts our server with the synchronous handler, and resolves when it serves. Its `queries()` resolves to the number of
 * queries that each UDP socket has received so far. `cpus`: a list as taskset takes it.
 */
export async function startCounted(port, options, cpus) {
  const program = fileURLToPath(new URL('servers/multisocket.js', import.meta.url));
  const child = fork(program, [String(port), JSON.stringify(options), 'synchronous'], {
    silent: true,
    execPath: 'taskset',
    execArgv: ['-c', cpus, process.execPath],
  });
  child.stderr.pipe(process.stderr);
  const queries = async () => {
    child.send('queries');
    return (await once(child, 'message'))[0];
  };
  try {
    await once(child.stdout, 'data', { signal: AbortSignal.timeout(START_TIME) });
  } catch (error) {
    await end(child);
    throw error;
  }
  return { pid: child.pid, queries, stop: () => end(child) };
}

/** CPU time in milliseconds and memory in bytes of a process and all that come from it. Shared pages count by share. */
export function usage(pid) {
  const children = new Map();
  const stats = new Map();
  for (const entry of readdirSync('/proc')) {
    const stat = /^\d+$/.test(entry) ? readIfThere(`/proc/${entry}/stat`) : undefined;
    if (stat === undefined) continue;
    // The name in parentheses may hold anything (proc(5)).
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    stats.set(Number(entry), fields);
    const parent = fields[1];
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  let cpu = 0;
  let memory = 0;
  const visit = (process) => {
    const fields = stats.get(process);
    // utime, stime, and those of children that have ended: fields 14 to 17 of proc(5).
    cpu += (fields[11] + fields[12] + fields[13] + fields[14]) * TICK;
    memory += 1024 * Number(/^Pss:\s+(\d+)/m.exec(readIfThere(`/proc/${process}/smaps_rollup`) ?? '')?.[1] ?? 0);
    for (const child of children.get(process) ?? []) visit(child);
  };
  if (!stats.has(pid)) throw new Error(`process ${pid} has gone`);
  visit(pid);
  return { cpu, memory };
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
    throw error;
  }
}

function spawnPinned(command, cpu) {
  const child = spawn('taskset', ['-c', String(cpu), ...command.map(String)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (output = (output + chunk).slice(-2000)));
  child.said = () => output;
  return child;
}

async function ready(child, signal) {
  while (!child.said().includes('ready')) {
    await Promise.race([
      once(child.stdout, 'data', { signal }),
      once(child, 'exit', { signal }).then(() => Promise.reject(new Error('it has ended'))),
    ]);
  }
}

/** Asks until an answer comes. */
async function answers(child, port, signal) {
  const socket = createSocket('udp4');
  try {
    const answered = once(socket, 'message', { signal });
    answered.catch(() => undefined); // it is awaited below, unless the server ends first
    for (let got = false; !got;) {
      if (child.exitCode !== null) throw new Error('it has ended');
      socket.send(questions[0], port, '127.0.0.1');
      got = await Promise.race([answered.then(() => true), sleep(50, false)]);
    }
  } finally {
    socket.close();
  }
}

export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_TIME);
  await ended;
  clearTimeout(timer);
}
