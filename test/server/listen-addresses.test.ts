import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'multisocket';
import { openSockets, type SocketGroup } from 'multisocket/sockets';
import { sanitized } from '../support/addon-build.js';
import { run, udpExchange, queryBytes } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { end, fixture, serve, start } from '../support/server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const inUse = (port: number, address = '127.0.0.1'): object => ({
  code: 'EADDRINUSE',
  errno: -98,
  syscall: 'listen',
  address,
  port,
  message: `listen EADDRINUSE: address already in use ${address}:${port}`,
});

/** One of two sockets that are made to share their port. */
const shared = (protocol: 'udp' | 'tcp', port: number, address = '127.0.0.1'): SocketGroup =>
  openSockets({ protocol, address, port, sockets: 1, exclusive: false });
const listen = (port: number, options: object = {}): Promise<unknown> =>
  createServer({ listen: `127.0.0.1:${port}`, sockets: 2, workers: 1, filename: fixture, ...options }).listen();

describe('a port that another process holds', () => {
  it('is EADDRINUSE when that one has used SO_REUSEPORT, and can be shared with exclusive: false', async () => {
    const { child, message } = await start('holder');
    const port = (message as { port: number }).port;
    await assert.rejects(listen(port), inUse(port));
    const { server } = await serve({ listen: `127.0.0.1:${port}`, exclusive: false });
    await server.close();
    await end(child);
    await (await serve({ listen: `127.0.0.1:${port}` })).server.close();
  });

  it('is EADDRINUSE when that one has not: UDP', async () => {
    const port = await freePort();
    const holder = createSocket('udp4');
    holder.bind(port, '127.0.0.1');
    await once(holder, 'listening');
    await assert.rejects(listen(port), inUse(port));
    await assert.rejects(listen(port, { exclusive: false }), inUse(port));
    holder.close();
  });

  it('is EADDRINUSE when that one has not: TCP; and UDP is free again after it', async () => {
    const port = await freePort();
    const holder = createTcpServer().listen(port, '127.0.0.1');
    await once(holder, 'listening');
    await assert.rejects(listen(port), inUse(port));
    openSockets({ protocol: 'udp', address: '127.0.0.1', port, sockets: 1 }).close();
    holder.close();
  });

  for (const protocol of ['udp', 'tcp'] as const) {
    it(`is EADDRINUSE when only ${protocol} of it is held, with SO_REUSEPORT; exclusive: false joins`, async () => {
      // Not one that the system picks: what is free for the one protocol may be a client's for the other.
      const port = await freePort();
      const holder = shared(protocol, port);
      await assert.rejects(listen(port), inUse(port));
      shared(protocol, port).close();
      const { server } = await serve({ listen: `127.0.0.1:${port}`, exclusive: false });
      await server.close();
      holder.close();
    });
  }

  it('is EADDRINUSE over IPv6, in the words of Node', async () => {
    const port = await freePort();
    const holder = shared('udp', port, '::1');
    const options = { listen: `[::1]:${port}`, sockets: 2, workers: 1, filename: fixture };
    await assert.rejects(createServer(options).listen(), inUse(port, '::1'));
    const node = createTcpServer().listen(port, '::1');
    await once(node, 'listening');
    const [theirs] = (await once(createTcpServer().listen(port, '::1'), 'error')) as [Error];
    assert.equal(theirs.message, (inUse(port, '::1') as Error).message);
    node.close();
    holder.close();
  });
});

describe('addresses', () => {
  it('of port 0 have one port for all sockets, UDP and TCP', async () => {
    const { server, port } = await serve({ sockets: 8 });
    assert.ok(port > 0);
    assert.deepEqual(server.addresses(), [{ transport: 'dns', address: '127.0.0.1', port, family: 'IPv4' }]);
    const { sockets } = server.stats();
    assert.equal(sockets.length, 16);
    assert.ok(sockets.every((socket) => socket.port === port));
    for (const flag of ['-u', '-t']) {
      const lines = (await run('ss', ['-Hln', flag, `sport = :${port}`])).trim().split('\n');
      assert.equal(lines.length, 8);
    }
    await server.close();
  });

  it('can be several, each with sockets of its own, and a host name', async () => {
    const { server } = await serve({
      listen: ['127.0.0.1:0', { address: '::1', port: 0, sockets: 3 }, { address: 'localhost', port: 0, sockets: 1 }],
    });
    const count = (address: string, i: number): number =>
      server
        .stats()
        .sockets.filter((socket) => socket.address === address && socket.port === server.addresses()[i].port).length;
    assert.equal(count('127.0.0.1', 0), 4);
    assert.equal(count('::1', 1), 6);
    assert.equal(count(server.addresses()[2].address, 2), 2);
    await server.close();
  });

  it('that this host does not have are EADDRNOTAVAIL, unless freebind', async () => {
    const options = { listen: '192.0.2.1:5300', sockets: 2, workers: 1, filename: fixture };
    await assert.rejects(createServer(options).listen(), { code: 'EADDRNOTAVAIL', address: '192.0.2.1', port: 5300 });
    const server = createServer({ ...options, freebind: true });
    await server.listen();
    await server.close();
  });

  it('that are wildcards answer from the address that was asked', async () => {
    for (const [address, ipv6Only] of [
      ['0.0.0.0', false],
      ['::', false],
    ] as const) {
      const { server, port } = await serve({ listen: { address, port: 0, ipv6Only } });
      for (const asked of ['127.0.0.1', '127.0.0.2', '127.1.2.3']) {
        // From a socket that is connected: the kernel passes on only what comes from the address that was asked.
        const output = await run('dig', ['@' + asked, '-p', String(port), '+norecurse', '+short', 'example.org']);
        assert.equal(output.trim(), '192.0.2.1');
        const answered = await udpExchange(queryBytes('where.example.org', 'TXT'), port, asked);
        assert.equal(answered?.from.address, asked);
        assert.ok(answered.reply.includes(asked), 'query.local');
      }
      if (address === '::') {
        const answered = await udpExchange(queryBytes('where.example.org', 'TXT'), port, '::1');
        assert.equal(answered?.from.address, '::1');
      }
      await server.close();
    }
  });

  it('of IPv6 leave IPv4 alone with ipv6Only', async () => {
    const { server, port } = await serve({ listen: { address: '::', port: 0, ipv6Only: true } });
    assert.equal(await udpExchange(queryBytes('example.org'), port, '127.0.0.1', 200), undefined);
    assert.ok(await udpExchange(queryBytes('example.org'), port, '::1'));
    await server.close();
  });
});

describe('a kernel without SO_REUSEPORT', () => {
  const shim = join(temporaryDirectory(), 'no-reuseport.so');
  const source = fileURLToPath(new URL('../../test/server/fixtures/no-reuseport.c', import.meta.url));
  const holder = fileURLToPath(new URL('./fixtures/holder.js', import.meta.url));

  before(() => execFileSync('g++', ['-x', 'c', '-shared', '-fPIC', '-o', shim, source]));

  const outcome = (sockets: number): string => {
    // Behind what is there already: a sanitizer has to come first (`test/sanitized.sh`).
    const preload = [process.env.LD_PRELOAD, shim].filter((library) => library !== undefined).join(':');
    const env = { ...process.env, LD_PRELOAD: preload };
    return execFileSync(process.execPath, [holder, String(sockets)], { env, encoding: 'utf8' }).trim();
  };

  it('refuses more than one socket with "address already in use"', () => {
    assert.match(outcome(2), /^EADDRINUSE listen EADDRINUSE: address already in use 127\.0\.0\.1:\d+$/);
  });

  it('serves with one', () => {
    assert.equal(outcome(1), 'answered');
  });
});

describe('1,024 sockets on two workers', () => {
  it('are served within 150 MB', async function () {
    if (sanitized) return this.skip();
    const { child, message } = await start('many');
    const { port, rss, milliseconds } = message as { port: number; rss: number; milliseconds: number };
    console.log(`      listening after ${milliseconds} ms, ${Math.round(rss / 1e6)} MB resident`);
    assert.ok(await udpExchange(queryBytes('example.org'), port));
    assert.ok(rss < 150e6, `${rss} bytes`);
    await end(child);
  });
});
