/** Each timeout on each transport. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Server, ServerOptions } from 'multisocket';
import { makeCertificate, type Certificate } from '../../support/certificate.js';
import { openRaw, rawStreams, type RawStream } from '../../support/raw-streams.js';
import { atMost, serve, until } from '../../support/server.js';

/** The timeout that is under test, in ms; the others are far longer. */
const SHORT = 300;
const LONG = {
  handshakeTimeout: 60_000,
  messageTimeout: 60_000,
  idleTimeout: 60_000,
  writeTimeout: 60_000,
  lingerTimeout: 60_000,
};

for (const whose of ['the server', 'the address'] as const) {
  describe(`timeouts of connections, as ${whose} has them`, () => {
    let own: Certificate;
    let server: Server;
    let port: number;

    const start = async (
      { transport, encrypted }: RawStream,
      timeout: keyof typeof LONG,
      options: Partial<ServerOptions> = {},
    ): Promise<void> => {
      const short = { [timeout]: SHORT };
      const address = { transport, address: '127.0.0.1', port: 0 };
      const listen = whose === 'the server' ? address : { ...address, tcp: short };
      const tls = encrypted ? { tls: own } : {};
      const tcp = whose === 'the server' ? { ...LONG, ...short } : LONG;
      ({ server, port } = await serve({ listen, workers: atMost(1), sockets: 1, tcp, ...tls, ...options }));
    };
    /** Waits for the server to close all, no sooner than the timeout, and for what it counted. */
    const closedAfter = async (
      since: number,
      counter: 'tcpIdle' | 'tcpMessageTimeout' | 'tcpWriteTimeout',
    ): Promise<void> => {
      await until(() => server.stats().totals[counter] > 0, 'the connection to be closed');
      const took = performance.now() - since;
      assert.ok(took >= SHORT - 50, `closed after ${took} ms`);
      assert.ok(took < SHORT + 20_000, `closed after ${took} ms`);
      await until(() => server.stats().totals.tcpOpen === 0, 'the connection to be closed');
      const { tcpIdle, tcpMessageTimeout, tcpWriteTimeout } = server.stats().totals;
      const none = { tcpIdle: 0, tcpMessageTimeout: 0, tcpWriteTimeout: 0 };
      assert.deepEqual({ tcpIdle, tcpMessageTimeout, tcpWriteTimeout }, { ...none, [counter]: 1 });
    };

    before(async () => (own = await makeCertificate()));
    afterEach(() => server.close({ timeout: 0 }));

    for (const stream of rawStreams) {
      describe(stream.name, () => {
        if (stream.encrypted) {
          it('handshakeTimeout: a handshake that drips', async () => {
            await start(stream, 'handshakeTimeout');
            const socket = connectTcp(port, '127.0.0.1');
            socket.on('error', () => undefined);
            await once(socket, 'connect');
            const since = performance.now();
            // The head of a ClientHello of 512 octets, and then one octet at a time.
            socket.write(Buffer.from('16030102000100', 'hex'));
            const dripping = setInterval(() => socket.write(Buffer.of(0)), 50);
            try {
              await once(socket, 'close');
            } finally {
              clearInterval(dripping);
            }
            const took = performance.now() - since;
            assert.ok(took >= SHORT - 50 && took < SHORT + 20_000, `closed after ${took} ms`);
            await until(() => server.stats().totals.tlsHandshakeFailures === 1, 'it to be counted');
          });
        }

        for (const [what, octets] of Object.entries(stream.unfinished)) {
          it(`messageTimeout: ${what}`, async () => {
            await start(stream, 'messageTimeout');
            const socket = await openRaw(stream, port, own);
            socket.resume();
            const since = performance.now();
            socket.write(octets);
            await closedAfter(since, 'tcpMessageTimeout');
            socket.destroy();
          });
        }

        it('idleTimeout: before the first query, and after one', async () => {
          await start(stream, 'idleTimeout');
          for (const asks of [false, true]) {
            const before = server.stats().totals.tcpIdle;
            const socket = await openRaw(stream, port, own);
            const since = performance.now();
            if (asks) {
              socket.write(Buffer.concat([stream.greeting, stream.query(0, 'example.org')]));
              await once(socket, 'data');
            }
            socket.resume();
            await until(() => server.stats().totals.tcpIdle === before + 1, 'the connection to be closed');
            assert.ok(performance.now() - since >= SHORT - 50);
            socket.destroy();
          }
          assert.equal(server.stats().totals.tcpMessageTimeout, 0);
        });

        it('idleTimeout: not while a query is answered', async () => {
          const slow = { filename: new URL('../../server/fixtures/faulty.js', import.meta.url) };
          await start(stream, 'idleTimeout', slow);
          const socket = await openRaw(stream, port, own);
          socket.write(Buffer.concat([stream.greeting, stream.query(0, 'slow.900')]));
          let last = performance.now();
          socket.on('data', () => (last = performance.now()));
          const since = performance.now();
          await once(socket, 'end');
          assert.ok(last - since >= 850, `the answer came after ${last - since} ms`);
          socket.destroy();
        });

        it('writeTimeout: a client that reads nothing', async () => {
          const data = Array.from({ length: 200 }, () => 'x'.repeat(255));
          await start(stream, 'writeTimeout', {
            workers: 0,
            filename: undefined as never,
            handler: ({ name }, reply) => {
              reply.answer({ type: 'TXT', name, data });
            },
          });
          const socket = await openRaw(stream, port, own);
          socket.pause();
          const since = performance.now();
          socket.write(stream.greeting);
          // 51 KB each: far more than the buffers of both ends hold.
          for (let i = 0; i < 1000; i++) socket.write(stream.query(i, 'example.org'));
          await closedAfter(since, 'tcpWriteTimeout');
          socket.destroy();
        });

        it('lingerTimeout: a client that does not close its side', async () => {
          await start(stream, 'lingerTimeout');
          const socket = await openRaw(stream, port, own);
          socket.write(Buffer.concat([stream.greeting, stream.query(0, 'example.org')]));
          await once(socket, 'data');
          socket.resume();
          await wait(50);
          const since = performance.now();
          assert.deepEqual(await server.close({ timeout: 20_000 }), { queries: 0, connections: 0 });
          const took = performance.now() - since;
          assert.ok(took >= SHORT - 50 && took < SHORT + 20_000, `closed after ${took} ms`);
          socket.destroy();
        });
      });
    }

    for (const name of ['HTTPS by HTTP/2', 'gRPC']) {
      it(`${name}: writeTimeout: a client that allows nothing more; messageTimeout: a body, and the others go on`, async () => {
        const stream = rawStreams.find((each) => each.name === name)!;
        await start(stream, 'writeTimeout');
        const { PREFACE, frame, SETTINGS } = await import('../../support/http2-frames.js');
        const socket = await openRaw(stream, port, own);
        socket.resume();
        const since = performance.now();
        socket.write(
          Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, '000400000005'), stream.query(0, 'big.example.org')]),
        );
        await closedAfter(since, 'tcpWriteTimeout');
        socket.destroy();
        await server.close();
        await start(stream, 'messageTimeout');
        const again = await openRaw(stream, port, own);
        let heard: Buffer = Buffer.alloc(0);
        again.on('data', (chunk: Buffer) => (heard = Buffer.concat([heard, chunk])));
        const whole = stream.query(0, 'example.org');
        const headers = whole.subarray(0, 9 + whole.readUIntBE(0, 3));
        again.write(Buffer.concat([stream.greeting, headers, frame(0, 0, 1, 'ff')]));
        await until(() => server.stats().totals.tcpMessageTimeout === 1, 'the request to be given up');
        assert.equal(server.stats().totals.tcpOpen, 1);
        heard = Buffer.alloc(0);
        again.write(stream.query(1, 'example.org'));
        await until(() => heard.length > 60, 'the answer to the next one');
        again.destroy();
      });
    }
  });
}
