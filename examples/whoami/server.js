// `npm start`: answers every question on 127.0.0.1:5300 and [::1]:5300 with the client's address. Ctrl-C ends it.
import { createServer } from 'multisocket';

const server = createServer({
  listen: ['127.0.0.1:5300', '[::1]:5300'],
  filename: new URL('./handler.js', import.meta.url),
});
server.on('error', (error) => {
  console.error(error);
  process.exitCode = 1;
});

try {
  await server.listen();
} catch (error) {
  console.error(`multisocket: ${error.message}`);
  process.exit(1);
}

const { sockets, workers } = server.stats();
const bound = server
  .addresses()
  .map(({ address, port, family }) => (family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`));
const each = sockets.length / bound.length / 2;
for (const address of bound)
  console.log(`listening on ${address}, UDP and TCP, ${each} ${each === 1 ? 'socket' : 'sockets'} each`);
console.log(`served by ${workers.length} worker ${workers.length === 1 ? 'thread' : 'threads'}; Ctrl-C to stop. Try:`);
console.log('\n  dig @127.0.0.1 -p 5300 example.org A\n');

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    if (stopping) process.exit(1);
    stopping = true;
    await server.close();
    const { sent, tcpReplies } = server.stats().totals;
    console.log(`\nanswered ${sent + tcpReplies} queries: ${sent} by UDP, ${tcpReplies} by TCP`);
  });
}
