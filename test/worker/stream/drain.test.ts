/** What a worker that drains does for connections whose query may be on its way. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as startTls } from 'node:tls';
import { makeCertificate, type Certificate } from '../../support/certificate.js';
import { openRaw, rawStreams, type RawStream } from '../../support/raw-streams.js';
import { serve, until } from '../../support/server.js';

/** Milliseconds after the start of a drain at which a late query is sent: well within the grace. */
const LATE = 30;

/** Collects what a client hears until its connection has ended. */
function hear(socket: Socket): { heard: () => string; ended: Promise<unknown> } {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { heard: () => Buffer.concat(chunks).toString('latin1'), ended: once(socket, 'end') };
}

describe('a worker that drains', () => {
  let own: Certificate;

  before(async () => (own = await makeCertificate()));

  const start = (stream: RawStream): ReturnType<typeof serve> =>
    serve({
      listen: `${stream.transport}://127.0.0.1:0`,
      workers: 0,
      sockets: 1,
      ...(stream.encrypted ? { tls: own } : {}),
      handler: ({ name }, reply) => {
        reply.answer({ type: 'TXT', name, data: `answer to ${name}` });
      },
    });

  for (const stream of rawStreams) {
    describe(stream.name, () => {
      it('answers a first query that comes shortly afterwards', async () => {
        const { server, port } = await start(stream);
        const socket = await openRaw(stream, port, own);
        const { heard, ended } = hear(socket);
        await until(() => server.stats().totals.tcpOpen === 1, 'the connection');
        const closed = server.close();
        await wait(LATE);
        socket.write(Buffer.concat([stream.greeting, stream.query(0, 'late.example')]));
        await ended;
        assert.match(heard(), /answer to late\.example/);
        socket.destroy();
        await closed;
      });

      for (const what of ['a whole message', 'a part of a message'] as const) {
        it(`answers what was sent before: ${what}`, async () => {
          const { server, port } = await start(stream);
          const socket = await openRaw(stream, port, own);
          const { heard, ended } = hear(socket);
          socket.write(Buffer.concat([stream.greeting, stream.query(0, 'first.example')]));
          await until(() => heard().includes('answer to first.example'), 'the first answer');
          const query = stream.query(1, 'second.example');
          const size = what === 'a whole message' ? query.length : query.length / 2;
          socket.write(query.subarray(0, size));
          const closed = server.close();
          await wait(LATE);
          socket.write(query.subarray(size));
          await ended;
          assert.match(heard(), /answer to second\.example/);
          socket.destroy();
          await closed;
        });
      }

      it('ends a connection that has had its answers before one that has not asked, and that one in time', async () => {
        const { server, port } = await start(stream);
        const [asked, silent] = [await openRaw(stream, port, own), await openRaw(stream, port, own)];
        const [first, second] = [hear(asked), hear(silent)];
        const order: string[] = [];
        asked.once('end', () => order.push('asked'));
        silent.once('end', () => order.push('silent'));
        asked.write(Buffer.concat([stream.greeting, stream.query(0, 'first.example')]));
        await until(() => first.heard().includes('answer to'), 'the first answer');
        const since = performance.now();
        const closed = server.close();
        await Promise.all([first.ended, second.ended]);
        assert.deepEqual(order, ['asked', 'silent']);
        assert.ok(performance.now() - since < 5000, `${performance.now() - since} ms`);
        for (const socket of [asked, silent]) socket.destroy();
        await closed;
      });
    });
  }

  it('completes a handshake that comes shortly afterwards, and answers', async () => {
    const stream = rawStreams.find(({ name }) => name === 'TLS');
    assert.ok(stream);
    const { server, port } = await start(stream);
    const plain = connect(port, '127.0.0.1');
    await once(plain, 'connect');
    await until(() => server.stats().totals.tcpOpen === 1, 'the connection');
    const closed = server.close();
    await wait(LATE);
    const secure = startTls({ socket: plain, ca: own.cert, servername: 'localhost', ALPNProtocols: stream.alpn });
    const { heard, ended } = hear(secure);
    await once(secure, 'secureConnect');
    secure.write(stream.query(0, 'late.example'));
    await ended;
    assert.match(heard(), /answer to late\.example/);
    await closed;
  });
});
