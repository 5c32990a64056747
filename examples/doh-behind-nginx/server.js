// `PORT=8053 node examples/doh-behind-nginx/server.js`, behind nginx or HAProxy: see README.md.
import { createServer } from 'multisocket';

const server = createServer({
  listen: `http://127.0.0.1:${process.env.PORT ?? 8053}`,
  filename: new URL('./clients.js', import.meta.url),
  trustedProxies: ['127.0.0.1', '::1'],
  https: { paths: ['/dns-query/:client'] },
});
server.on('warning', ({ message }) => console.warn(message));
await server.listen();
console.log(`listening on port ${server.addresses()[0].port}`);
process.once('SIGINT', () => server.close());
