/**
 * The process with the server that `tune` measures: carries out its parent's orders, and ends when the parent is gone.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { createServer } from '../run/create-server.js';
import type { CorefileServer } from '../run/corefile-server.js';
import type { Server } from '../server/server.js';
import { forMeasuring } from './served-corefile.js';
import type { FromServed, ServedState, ServeOrder, ToServed } from './served-messages.js';

/** In ms: less than its parent waits. */
const CLOSE_TIME = 1000;

let server: Server | CorefileServer | undefined;

process.on('message', (message: ToServed) => {
  if (message.kind === 'state') {
    say({ kind: 'state', state: state() });
    return;
  }
  serve(message.order).then(
    (port) => {
      say({ kind: 'serving', port });
    },
    (error: unknown) => {
      say({ kind: 'failed', message: (error as Error).message });
    },
  );
});

process.on('disconnect', () => {
  const end = (): never => process.exit();
  if (server === undefined) end();
  // Queries in flight belong to the load, which has ended; but handlers may have something to close.
  else server.close({ timeout: CLOSE_TIME, lameduck: 0 }).then(end, end);
});

function say(message: FromServed): void {
  process.send?.(message);
}

async function serve(order: ServeOrder): Promise<number> {
  const made = make(order);
  server = made;
  made.on('warning', ({ message }) => {
    say({ kind: 'warning', message });
  });
  made.on('error', ({ message }) => {
    say({ kind: 'failed', message });
  });
  await made.listen();
  return made.addresses()[0].port;
}

function make({ source, sockets, address, port }: ServeOrder): Server | CorefileServer {
  if ('handler' in source) {
    return createServer({ listen: { address, port }, sockets, filename: pathToFileURL(source.handler) });
  }
  return createServer({
    corefile: { path: source.corefile },
    ...(source.dnsPort === undefined ? {} : { dnsPort: source.dnsPort }),
    adapt: (corefile) => {
      forMeasuring(corefile, { sockets, address, port });
    },
  });
}

function state(): ServedState {
  if (server === undefined) throw new Error('there is no server yet');
  const { user, system } = process.cpuUsage();
  return { stats: server.stats(), cpu: (user + system) / 1000, memory: memory() };
}

/** Proportional set size, proc(5); resident memory where the system does not report it. */
function memory(): number {
  try {
    const kilobytes = /^Pss:\s+(\d+)/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch (error) {
    if (!['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  return process.memoryUsage.rss();
}
