/** Many messages by UDP at once, and all that comes back. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Server } from 'multisocket';
import { until } from './server.js';

/**
 * Sends all from one socket, and returns what has come back when the server has looked at all of it. `from`: an address of
 * ours.
 */
export async function sendAll(
  server: Server,
  port: number,
  messages: readonly Buffer[],
  address = '127.0.0.1',
  from?: string,
): Promise<Buffer[]> {
  const before = server.stats().totals;
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
  if (from !== undefined) {
    socket.bind(0, from);
    await once(socket, 'listening');
  }
  const replies: Buffer[] = [];
  socket.on('message', (reply) => replies.push(reply));
  for (const message of messages) {
    socket.send(message, port, address);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => {
    const { received, sent, rateLimitDropped } = server.stats().totals;
    const done = sent - before.sent + rateLimitDropped - before.rateLimitDropped;
    return (
      received - before.received === messages.length &&
      done === messages.length &&
      sent - before.sent === replies.length
    );
  }, 'each message is answered or dropped');
  socket.close();
  await once(socket, 'close');
  return replies;
}
