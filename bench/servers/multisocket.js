// Ours. Arguments: port, options of createServer as JSON, handler.
import { createServer } from '../../dist/index.js';

const [port, options, handler] = process.argv.slice(2);
const server = createServer({
  listen: `127.0.0.1:${port}`,
  filename: new URL(`../handlers/${handler}.js`, import.meta.url),
  ...JSON.parse(options),
});
server.on('warning', console.error);
await server.listen();
console.log('ready');

// For startCounted of processes.js, whose child this is then.
process.on('message', () => {
  const udp = server.stats().sockets.filter(({ protocol }) => protocol === 'udp');
  process.send(udp.map(({ queries }) => queries));
});
