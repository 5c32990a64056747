// Node's own sockets. Arguments: port, how answers are made (byHand, byDnsPacket), how many processes or threads share
// the port (alone, cluster, reusePort).
import cluster from 'node:cluster';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import * as answers from './answers.js';

const WORKERS = 2;
const [port, how, sharing] = workerData ?? process.argv.slice(2);
const answer = answers[how];

function serveUdp() {
  const socket = createSocket({ type: 'udp4', reusePort: sharing === 'reusePort', recvBufferSize: 1 << 20 });
  socket.on('message', (query, client) => socket.send(answer(query), client.port, client.address));
  socket.bind(Number(port), '127.0.0.1', ready);
}

// The answers of one read leave with one write.
function serveTcp() {
  const server = createServer({ noDelay: true }, (socket) => {
    let input = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      input = input.length === 0 ? chunk : Buffer.concat([input, chunk]);
      const output = [];
      while (input.length >= 2 && input.length >= 2 + input.readUInt16BE(0)) {
        const end = 2 + input.readUInt16BE(0);
        const reply = answer(input.subarray(2, end));
        output.push(Buffer.from([reply.length >> 8, reply.length & 255]), reply);
        input = input.subarray(end);
      }
      if (output.length > 0) socket.write(Buffer.concat(output));
    });
  });
  server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 }, ready);
}

let listening = 0;
function ready() {
  if (++listening < sockets.length) return;
  if (cluster.isWorker) process.send('ready');
  else if (isMainThread) console.log('ready');
  else parentPort.postMessage('ready');
}

// TCP only where one process serves: the others are compared by UDP.
const sockets = sharing === 'alone' ? [serveUdp, serveTcp] : [serveUdp];

/** Counts what has started, and says when all have. */
function counter() {
  let started = 0;
  return () => {
    if (++started === WORKERS) console.log('ready');
  };
}

if (sharing === 'alone' || cluster.isWorker || !isMainThread) {
  for (const serve of sockets) serve();
} else if (sharing === 'cluster') {
  const started = counter();
  for (let i = 0; i < WORKERS; i++) cluster.fork().on('message', started);
} else {
  const started = counter();
  for (let i = 0; i < WORKERS; i++) {
    new Worker(new URL(import.meta.url), { workerData: process.argv.slice(2) }).on('message', started);
  }
}
