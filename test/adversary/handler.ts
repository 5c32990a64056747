/** A handler that blocks its worker in the way that a name's first label says. Its workerData: the path of a FIFO. */
import { execSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { HandlerContext, Query, Reply } from 'multisocket';

let fifo = '';

export function setup({ workerData }: HandlerContext): void {
  fifo = String(workerData);
}

export default function handle(query: Query, reply: Reply): void {
  const [first] = query.key.split('.');
  if (first === 'fifo') readFileSync(fifo);
  if (first === 'sleep') execSync('sleep 60');
  if (first === 'wait') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (first === 'loop') for (;;);
  reply.answer({ type: 'A', name: query.name, ttl: 60, data: '192.0.2.1' });
}
