// An echo server of Node's: `tls` with a certificate and its key, or `net` without. Tells its parent its port, and on each
// message how much CPU time it has used, in microseconds.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

const [cert, key] = process.argv.slice(2);
const serve = (socket) => {
  socket.on('data', (chunk) => socket.write(chunk));
  socket.on('error', () => socket.destroy());
};
const server =
  cert === undefined
    ? net.createServer({ noDelay: true }, serve)
    : tls.createServer({ noDelay: true, cert: readFileSync(cert), key: readFileSync(key) }, serve);
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send(user + system);
});
