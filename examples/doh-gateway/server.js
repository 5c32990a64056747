// `PORT=8443 UPSTREAM=192.0.2.53 CERT=... KEY=... node examples/doh-gateway/server.js`, the same as the program `multisocket` beside the Corefile.
import { createServer } from 'multisocket';

process.chdir(import.meta.dirname);
const server = createServer({ corefile: { path: 'Corefile' } });
server.on('warning', ({ message }) => console.warn(message));
await server.listen();
console.log(`listening on port ${server.addresses()[0].port}`);
process.once('SIGINT', () => server.close());
