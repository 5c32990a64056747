// `node examples/own-directive/server.js`: runs a Corefile with your own directive. Ctrl-C ends it.
import { fileURLToPath } from 'node:url';
import { createServer } from 'multisocket';

const server = createServer({
  corefile: { path: fileURLToPath(new URL('./Corefile', import.meta.url)) },
  modules: [new URL('./directive.js', import.meta.url)],
});
server.on('warning', (warning) => console.warn(warning.message));
await server.listen();
console.log('dig @127.0.0.1 -p 5300 example.org TXT');
process.once('SIGINT', () => server.close());
