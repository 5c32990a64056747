// `node examples/dynamic-primary/server.js`: a primary server for example.org on 127.0.0.1:5300, or the port in $PORT, that
// takes updates and tells the servers in $SECONDARIES, such as '127.0.0.1:5301 127.0.0.1:5302'. Ctrl-C ends it.
import { createServer } from 'multisocket';
import { readZone } from 'multisocket/zone';
import { fileURLToPath } from 'node:url';
import { Notifier } from './notifier.js';
import { Primary } from './primary.js';

const port = process.env.PORT ?? 5300;
// `tsig-keygen` or `keymgr -t` makes a secret. Who has this one may change and copy the zone.
const key = { name: 'example-key', secret: process.env.SECRET ?? 'YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBvY3RldHMuLi4=' };

const file = fileURLToPath(new URL('./example.org.zone', import.meta.url));
const zone = readZone(file, { origin: 'example.org' });
const notifier = new Notifier(zone.origin, (process.env.SECONDARIES ?? '').split(' ').filter(Boolean));
const primary = new Primary(zone, key.name, (serial) => {
  console.log(`serial ${serial}`);
  notifier.notify();
});

const server = createServer({
  listen: `127.0.0.1:${port}`,
  workers: 0, // the zone is in this thread
  handler: (query, reply) => primary.handle(query, reply),
  opcodes: ['QUERY', 'UPDATE'],
  tsig: { keys: [key] },
});
server.on('warning', ({ message }) => console.warn(message));
await server.listen();
console.log(`dig @127.0.0.1 -p ${port} -y hmac-sha256:${key.name}:${key.secret} example.org AXFR`);
notifier.notify(); // secondaries may have missed changes
process.once('SIGINT', () => {
  notifier.close();
  void server.close();
});
