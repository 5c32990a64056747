// A client that runs the plans which its parent sends: the arguments of `clients` in openssl.cc, with the message in hex.
// Argument: the addon.
import { createRequire } from 'node:module';

const openssl = createRequire(import.meta.url)(process.argv[2]);
process.on('message', ({ port, tls, connections, messages, message, resumed }) => {
  openssl.clients(port, tls, connections, messages, Buffer.from(message, 'hex'), resumed);
  process.send('done');
});
process.send('ready');
