import assert from 'node:assert/strict';
import { createServer, type Server, type ServerOptions } from 'multisocket';
import { run, TcpClient, queryBytes } from '../support/clients.js';
import { SteadyLoad } from '../support/load.js';

const faulty = new URL('./fixtures/faulty.js', import.meta.url);

async function serve(options: Partial<ServerOptions> = {}): Promise<{ server: Server; port: number }> {
  const server = createServer({ listen: '127.0.0.1:0', sockets: 2, workers: 2, filename: faulty, ...options });
  server.on('warning', (warning) => {
    throw warning;
  });
  await server.listen();
  return { server, port: server.addresses()[0].port };
}

const count = (server: Server, protocol: string): number =>
  server.stats().sockets.filter((socket) => socket.protocol === protocol).length;

describe('resize()', () => {
  for (const steering of ['hash', 'random', 'cpu'] as const) {
    it(`loses no query, whichever way it goes, with steering ${steering}`, async () => {
      const { server, port } = await serve({ steering });
      const load = await SteadyLoad.start(port, 2000, 32);
      for (const sockets of [8, 1, 5, 64, 3, 2]) {
        await server.resize(sockets);
        assert.equal(count(server, 'udp'), sockets);
        assert.equal(count(server, 'tcp'), sockets);
      }
      const { sent, answered } = await load.stop();
      assert.equal(answered, sent);
      await server.close();
    });
  }

  it('gives new sockets their share of the queries', async () => {
    const { server, port } = await serve({ sockets: 1 });
    await server.resize(4);
    const load = await SteadyLoad.start(port, 4000, 64);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await load.stop();
    for (const socket of server.stats().sockets) {
      if (socket.protocol === 'udp') assert.ok(socket.queries > 0, `socket ${socket.index} got none`);
    }
    await server.close();
  });

  it('keeps established connections, and listens on with as many sockets as before', async () => {
    const { server, port } = await serve({ sockets: 8 });
    const clients = await Promise.all(Array.from({ length: 16 }, () => TcpClient.connect(port)));
    await server.resize(1);
    for (const client of clients) {
      assert.ok(await client.exchange(queryBytes('example.org', 'TXT')));
      client.close();
    }
    await server.resize(8);
    const { stdout: listening } = { stdout: await run('ss', ['-Hltn', `sport = :${port}`]) };
    assert.equal(listening.trim().split('\n').length, 8);
    await server.close();
  });

  it('changes one address only, if asked to', async () => {
    const { server } = await serve({ listen: ['127.0.0.1:0', '127.0.0.2:0'] });
    await server.resize(4, 1);
    const udp = (address: string): number =>
      server.stats().sockets.filter((socket) => socket.protocol === 'udp' && socket.address === address).length;
    assert.deepEqual([udp('127.0.0.1'), udp('127.0.0.2')], [2, 4]);
    await server.close();
  });

  it('refuses invalid numbers', async () => {
    const { server } = await serve();
    for (const wrong of [0, 1025, 1.5, -1]) await assert.rejects(server.resize(wrong), { code: 'ERR_OUT_OF_RANGE' });
    await server.close();
  });
});
