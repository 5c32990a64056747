import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'multisocket';
import { ask, queryBytes } from '../support/clients.js';
import { serve, until } from '../support/server.js';

const filename = new URL('./fixtures/listener.js', import.meta.url);

/** What some worker has heard. Each question comes from a port of its own, so that all workers answer some. */
async function heard(port: number): Promise<string> {
  const { answers } = await ask(port, 'example.org', 'TXT');
  return String((answers![0] as { data: unknown }).data);
}

async function allHeard(port: number): Promise<string[]> {
  return [...new Set(await Promise.all(Array.from({ length: 40 }, () => heard(port))))];
}

describe('server.postMessage', () => {
  for (const workers of [2, 0]) {
    describe(`with ${workers} workers`, () => {
      let server: Server;
      let port: number;
      let warnings: (Error & { code?: string })[];

      async function start(prepare: (server: Server) => void = () => undefined): Promise<void> {
        ({ server, port, warnings } = await serve({ workers, sockets: 4, filename }, prepare));
      }
      afterEach(() => server.close());

      it('resolves when the listeners have run in every worker, in the order of the messages', async () => {
        await start();
        void server.postMessage({ number: 1, delay: 30 });
        void server.postMessage({ number: 2 });
        const last = server.postMessage({ number: 3, delay: 10 });
        await last;
        assert.deepEqual(await allHeard(port), ['[1,2,3]']);
      });

      it('sends a clone of the message as it was', async () => {
        await start();
        const message = { number: 1 };
        const sent = server.postMessage(message);
        message.number = 2;
        await sent;
        assert.deepEqual(await allHeard(port), ['[1]']);
      });

      it('shares a SharedArrayBuffer', async () => {
        await start();
        const memory = new SharedArrayBuffer(4);
        await server.postMessage({ number: 1, memory });
        assert.equal(new Int32Array(memory)[0], Math.max(1, workers));
      });

      it('throws at once for what cannot be sent, and for invalid options', async () => {
        await start();
        assert.throws(() => void server.postMessage({ number: () => 1 }), { name: 'DataCloneError' });
        const message =
          /"transfer" option is not allowed: a message goes to every worker. A SharedArrayBuffer in it is shared/;
        const transfer = { transfer: [new ArrayBuffer(1)] };
        assert.throws(() => void server.postMessage(1, transfer as never), { code: 'ERR_INVALID_ARG_VALUE', message });
        assert.throws(() => void server.postMessage(1, { stick: true } as never), { code: 'ERR_INVALID_ARG_VALUE' });
        assert.throws(() => void server.postMessage(1, { sticky: 1 } as never), { code: 'ERR_INVALID_ARG_TYPE' });
        assert.deepEqual(await allHeard(port), ['[]']);
      });

      it('reports a listener that fails; its worker and the other listeners go on', async () => {
        await start();
        await server.postMessage({ fail: true });
        await server.postMessage({ number: 2 });
        assert.deepEqual(await allHeard(port), ['[2]']);
        await until(() => warnings.length >= Math.max(1, workers), 'the warnings');
        for (const { code, message } of warnings) {
          assert.equal(code, 'ERR_MULTISOCKET_MESSAGE_LISTENER');
          assert.equal(message, 'a listener for messages of the server failed: the listener wants to fail');
        }
      });

      it('keeps the last sticky message for workers that start: at first, and after a reload', async () => {
        await start((created) => {
          void created.postMessage({ number: 1 });
          void created.postMessage({ number: 2, delay: 50 }, { sticky: true });
        });
        assert.deepEqual(await allHeard(port), ['[2]']);
        await server.postMessage({ number: 3 });
        await server.postMessage({ number: 4 }, { sticky: true });
        await server.postMessage({ number: 5 });
        assert.deepEqual(await allHeard(port), ['[2,3,4,5]']);
        const reloaded = server.reload();
        const during = server.postMessage({ number: 6, delay: 20 }, { sticky: true });
        await reloaded;
        await during;
        const after = await allHeard(port);
        // Without threads the module stays as it is.
        if (workers > 0) for (const list of after) assert.match(list, /^\[(4,)?6\]$/);
      });

      it('has no receivers before listen and after close', async () => {
        await start();
        const idle = createServer({ listen: '127.0.0.1:0', workers, filename });
        await idle.postMessage(1);
        await idle.close();
        await server.close();
        await server.postMessage(1, { sticky: true });
      });
    });
  }

  it('gives the last sticky message to the replacement of a worker that has ended, before it serves', async () => {
    const { server, port, warnings } = await serve({ workers: 2, sockets: 2, filename });
    const client = createSocket('udp4');
    await server.postMessage({ number: 1 }, { sticky: true });
    await server.postMessage({ number: 2, delay: 100 }, { sticky: true });
    let replies = 0;
    for (let round = 0; round < 3; round++) {
      const deaths = warnings.length;
      client.send(queryBytes('exit', 'TXT'), port, '127.0.0.1');
      await until(() => warnings.length > deaths, 'a worker to end');
      for (let i = 0; i < 60; i++) {
        const list = await heard(port).catch(() => undefined); // a query may go down with its worker
        if (list === undefined) continue;
        assert.ok(['[1,2]', '[2]'].includes(list), list);
        replies++;
      }
    }
    assert.ok(replies > 100, String(replies));
    client.close();
    await server.close();
  });
});
