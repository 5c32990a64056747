// Ours with a feature or without. Arguments: port, module of features/, `off` or `on`.
import { createServer } from '../../dist/index.js';

const [port, feature, state] = process.argv.slice(2);
const { options } = await import(`../features/${feature}`);
const handler = new URL('../handlers/synchronous.js', import.meta.url);
const server = createServer({
  listen: `127.0.0.1:${port}`,
  sockets: 1,
  workers: 1,
  filename: handler,
  ...options(port)[state],
});
server.on('warning', console.error);
await server.listen();
console.log('ready');
