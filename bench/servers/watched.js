// Ours, with a worker that says what interrupted it. Arguments: port, options of createServer as JSON, handler. Answers the
// messages `begin` and `end` of its parent: see handlers/watched.js.
import { once } from 'node:events';
import { BroadcastChannel } from 'node:worker_threads';
import { createServer } from '../../dist/index.js';

const [port, options, handler] = process.argv.slice(2);
const server = createServer({
  listen: `127.0.0.1:${port}`,
  filename: new URL('../handlers/watched.js', import.meta.url),
  workerData: handler,
  ...JSON.parse(options),
});
server.on('warning', console.error);
await server.listen();
const channel = new BroadcastChannel('bench');
let before;
process.on('message', async (order) => {
  channel.postMessage(order);
  if (order === 'begin') {
    before = server.stats().totals;
    process.send('begun');
    return;
  }
  const [{ data }] = await once(channel, 'message');
  const { received, batches } = server.stats().totals;
  process.send({ ...data, batch: (received - before.received) / (batches - before.batches) });
});
process.send('ready');
