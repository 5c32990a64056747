/** The server that test/conformance/flood.ts sends to, a process of its own: tells its ports and serves until it is ended. */
import { createServer, type Server } from 'multisocket';

const [cert, key] = process.argv.slice(2);
const server: Server = createServer({
  listen: ['127.0.0.1:0', 'tls://127.0.0.1:0', 'https://127.0.0.1:0'],
  sockets: 1,
  workers: 1,
  filename: new URL('../fixtures/addresses.js', import.meta.url),
  cache: { maxBytes: 8 << 20 },
  tls: { cert: Buffer.from(cert, 'base64').toString(), key: Buffer.from(key, 'base64').toString() },
});
server.on('warning', () => undefined); // handlers that throw on purpose
await server.listen();
process.send!(server.addresses().map(({ port }) => port));
process.on('message', () => process.send!(server.stats().totals));
