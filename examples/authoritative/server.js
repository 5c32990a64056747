// `node examples/authoritative/server.js`: serves a zone on 127.0.0.1:5300, or the port in $PORT. Ctrl-C ends it.
import { createServer } from 'multisocket';

const port = process.env.PORT ?? 5300;
const server = createServer({
  listen: `127.0.0.1:${port}`,
  filename: new URL('./zone.js', import.meta.url),
});
await server.listen();
console.log(`dig @127.0.0.1 -p ${port} www.example.org`);
process.once('SIGINT', () => server.close());
