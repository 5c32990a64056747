// Ours, encrypted. Arguments: an address as `listen` has it, options of createServer as JSON, certificate, key.
import { readFileSync } from 'node:fs';
import { createServer } from '../../dist/index.js';

const [listen, options, cert, key] = process.argv.slice(2);
const server = createServer({
  listen,
  filename: new URL('../handlers/synchronous.js', import.meta.url),
  sockets: 1,
  workers: 1,
  tls: { cert: readFileSync(cert), key: readFileSync(key) },
  ...JSON.parse(options),
});
server.on('warning', console.error);
await server.listen();
