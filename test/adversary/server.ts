/**
 * A server of the library in a process of its own, which obeys its parent. Arguments: the folder of the package, and the
 * options of `createServer` as JSON.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import type * as library from 'multisocket';
import type { TlsSettings } from 'multisocket';

/** The commands that it takes. */
export type Order =
  | { kind: 'secure'; tls: TlsSettings }
  | { kind: 'resize'; sockets: number }
  | { kind: 'reload' | 'terminate' | 'addresses' };

const [, , root, json] = process.argv;
const { createServer } = (await import(pathToFileURL(join(root, 'dist/index.js')).href)) as typeof library;
const threads: Worker[] = [];
process.on('worker', (thread: Worker) => {
  threads.push(thread);
  thread.on('exit', () => threads.splice(threads.indexOf(thread), 1));
});
const server = createServer(JSON.parse(json) as library.ServerOptions);
server.on('warning', ({ message }) => {
  console.log(`warning: ${message}`);
});
await server.listen();

process.on('message', (order: Order) => {
  obey(order).then(
    (result) => process.send?.({ result: result ?? null }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('SIGTERM', () => {
  // As the program does: it closes, and ends whatever a worker does.
  void server.close({ timeout: 5000 }).finally(() => process.exit(0));
});

async function obey(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'secure':
      await server.secure(order.tls);
      return undefined;
    case 'resize':
      return server.resize(order.sockets);
    case 'reload':
      return server.reload();
    case 'terminate':
      return threads[0].terminate();
    case 'addresses':
      return server.addresses();
  }
}
