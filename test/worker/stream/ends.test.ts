/** What clients still get from connections that end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { makeCertificate, type Certificate } from '../../support/certificate.js';
import { framed, queryBytes, TcpClient } from '../../support/clients.js';
import { openRaw, rawStreams } from '../../support/raw-streams.js';
import { serve, until } from '../../support/server.js';

const queries = (count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => framed(queryBytes('example.org', 'TXT'))));

/** The number of whole messages in what a client has heard. */
function messagesIn(stream: Buffer): number {
  let count = 0;
  for (let at = 0; stream.length - at >= 2; count++) {
    at += 2 + stream.readUInt16BE(at);
    if (at > stream.length) break;
  }
  return count;
}

describe('connections that end', () => {
  let own: Certificate;

  before(async () => (own = await makeCertificate()));

  it('a client that asks more than it may, and closes its side before it reads, hears all its replies', async () => {
    const data = Array.from({ length: 200 }, () => 'x'.repeat(255)); // 51 KB: more than the client's kernel keeps
    const { server, port } = await serve({
      workers: 0,
      sockets: 1,
      tcp: { maxQueries: 10 },
      handler: ({ name }, reply) => {
        reply.answer({ type: 'TXT', name, data });
      },
    });
    for (let round = 0; round < 5; round++) {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.pause();
      await wait(20);
      const before = server.stats().totals.tcpReplies;
      socket.write(queries(10));
      await until(() => server.stats().totals.tcpReplies === before + 10, 'the replies');
      await wait(50);
      // In a turn of its own, so that the octets and the end are there together.
      await turn();
      socket.end(queries(10));
      await until(() => server.stats().totals.tcpOpen === 0, 'the server to close');
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.resume();
      if (!socket.closed) await once(socket, 'close');
      assert.equal(messagesIn(Buffer.concat(chunks)), 10);
    }
    await server.close();
  });

  for (const stream of rawStreams.filter(({ alpn }) => alpn.length === 0 || alpn.includes('dot'))) {
    it(`${stream.name}: maxQueries counts what the cache answers too`, async () => {
      const { server, port } = await serve({
        listen: `${stream.transport}://127.0.0.1:0`,
        workers: 0,
        sockets: 1,
        cache: { maxBytes: 1 << 20 },
        tcp: { maxQueries: 7 },
        ...(stream.encrypted ? { tls: own } : {}),
        handler: ({ name }, reply) => {
          reply.answer({ type: 'TXT', name, ttl: 300, data: 'x' });
        },
      });
      for (let round = 0; round < 2; round++) {
        const socket = await openRaw(stream, port, own);
        const chunks: Buffer[] = [];
        socket.on('data', (chunk: Buffer) => chunks.push(chunk));
        socket.write(queries(30));
        await once(socket, 'end');
        assert.equal(messagesIn(Buffer.concat(chunks)), 7, `connection ${round}`);
        socket.destroy();
      }
      assert.equal(server.stats().totals.tcpQueries, 14);
      await server.close();
    });
  }

  it('a handler module on the own thread is closed, although a client had to be cut off', async () => {
    const told: string[] = [];
    const tell = (message: string): void => {
      told.push(message);
    };
    const { server, port } = await serve({
      workers: 0,
      sockets: 1,
      filename: new URL('../../server/fixtures/context.js', import.meta.url),
      logger: { debug: tell, info: tell, warn: tell, error: tell },
      tcp: { lingerTimeout: 60_000 },
    });
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).resume();
    await until(() => server.stats().totals.tcpOpen === 1, 'the connection');
    assert.equal((await server.close({ timeout: 100 })).connections, 1);
    await until(() => told.includes('closed 0'), 'the module to be closed');
    socket.destroy();
  });

  it('a client on a connection that is reset in the middle of its queries leaves nothing behind', async () => {
    const { server, port } = await serve({
      workers: 0,
      sockets: 1,
      handler: (_query, reply) => wait(20).then(() => void (reply.rcode = 'NOERROR')),
      tcp: { maxPipelined: 3 },
    });
    for (let round = 0; round < 20; round++) {
      const client = await TcpClient.connect(port);
      client.socket.write(Buffer.concat([queries(10), framed(queryBytes('example.org')).subarray(0, 9)]));
      if (round % 2 === 0) await turn();
      client.socket.resetAndDestroy();
    }
    await until(() => server.stats().totals.tcpOpen === 0 && server.stats().totals.inFlight === 0, 'the ends');
    const client = await TcpClient.connect(port);
    client.socket.end(queries(10));
    for (let i = 0; i < 10; i++) assert.ok(await client.next());
    assert.equal(await client.next(), undefined);
    await server.close();
  });
});
