/** A server for one question, without the library's: what a reply is on the wire, for real clients to read. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { framed } from './clients.js';
import { encoded, receiveOne, Reply } from './queries.js';

/** Listens on TCP, has `handle` answer the first question, and stops. Returns the port. */
export async function answeringOnce(handle: (reply: Reply) => void): Promise<number> {
  const server = createServer((socket) => {
    server.close();
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const input = Buffer.concat(chunks);
      if (input.length < 2 || input.length < 2 + input.readUInt16BE(0)) return;
      const query = receiveOne(input.subarray(2, 2 + input.readUInt16BE(0)), { transport: 'tcp' });
      const reply = new Reply(query);
      handle(reply);
      socket.end(framed(encoded(query, reply)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
