// `PORT=5300 UPSTREAM=192.0.2.53 node examples/block-list/server.js`, the same as the program `multisocket` beside the Corefile.
import { createServer } from 'multisocket';

process.chdir(import.meta.dirname);
const server = createServer({ corefile: { path: 'Corefile' } });
server.on('warning', ({ message }) => console.warn(message));
await server.listen();
console.log(`listening on port ${server.addresses()[0].port}`);
process.once('SIGINT', () => server.close());
