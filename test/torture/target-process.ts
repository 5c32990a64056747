/**
 * A server in a process of its own, which does what its parent says. Arguments: the server's options as JSON, and the path
 * at which it gets its sockets from another process, if it does.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';
import { createServer, type ServerOptions } from 'multisocket';
import type { Events, Order, Report, Result } from './target.js';

// Handler and reasons to come to harm, as the tests of supervision have them.
const faulty = new URL('../server/fixtures/faulty.js', import.meta.url);
const events: Events = { exits: 0, stalls: 0, starts: 0, otherWarnings: [] };
const threads: Worker[] = [];
const wanted = new Set<string | undefined>(
  ['WORKER_EXIT', 'OVERLOAD', 'DESCRIPTORS'].map((code) => `ERR_MULTISOCKET_${code}`),
);

process.on('worker', (thread: Worker) => {
  threads.push(thread);
  thread.on('exit', () => threads.splice(threads.indexOf(thread), 1));
});
subscribe('multisocket:worker:exit', () => events.exits++);
subscribe('multisocket:worker:start', () => events.starts++);
subscribe('multisocket:worker:stall', (message) => {
  if ((message as { stalled: boolean }).stalled) events.stalls++;
});

const options = JSON.parse(process.argv[2]) as Partial<ServerOptions>;
const server = createServer({ listen: '127.0.0.1:0', filename: faulty, ...options });
server.on('warning', (warning: Error & { code?: string }) => {
  // These are wanted, and counted otherwise.
  if (wanted.has(warning.code)) return;
  events.otherWarnings.push(`${warning.code ?? warning.name}: ${warning.message}`);
});

async function obey(order: Order): Promise<Result> {
  switch (order.kind) {
    case 'reload':
      await server.reload();
      return undefined;
    case 'resize':
      await server.resize(order.sockets);
      return undefined;
    case 'handOver':
      await server.handOver(order.path);
      return undefined;
    case 'terminate':
      // The one that has lived longest.
      await threads[0].terminate();
      return undefined;
    case 'state':
      return { ...server.stats(), events };
    case 'close':
      return server.close();
  }
}

function tell(report: Report): void {
  process.send?.(report);
}

process.on('message', (order: Order) => {
  obey(order).then(
    (result) => {
      tell({ id: order.id, result });
    },
    (error: unknown) => {
      tell({ id: order.id, error: String(error) });
    },
  );
});
// An orphan goes too.
process.on('disconnect', () => process.exit());
if (process.argv.length > 3) await server.adopt(process.argv[3]);
else await server.listen();
tell({ port: server.addresses()[0].port });
