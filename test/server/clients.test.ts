import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import type { Server } from 'multisocket';
import { dig, run } from '../support/clients.js';
import { dnsperf } from '../support/dnsperf.js';
import { serve } from '../support/server.js';

describe('real clients', () => {
  let server: Server;
  let port: string;

  before(async () => {
    const started = await serve({ listen: ['127.0.0.1:0', '[::1]:0'] });
    server = started.server;
    port = String(started.port);
  });
  after(() => server.close());

  const forms: [string, string[], RegExp][] = [
    ['dig', [], /EDNS: version: 0.*udp: 1232/],
    ['dig +tcp', ['+tcp'], /\(TCP\)/],
    ['dig +bufsize=512', ['+bufsize=512'], /EDNS: version: 0/],
    ['dig +noedns', ['+noedns'], /ADDITIONAL: 0/],
    ['dig +dnssec', ['+dnssec'], /flags: do; udp: 1232/],
  ];
  for (const [name, args, word] of forms) {
    it(`${name} gets its answer`, async () => {
      const output = await dig('@127.0.0.1', '-p', port, '+norecurse', 'example.org', 'A', ...args);
      assert.match(output, /status: NOERROR/);
      assert.match(output, /^example\.org\.\s+300\s+IN\s+A\s+192\.0\.2\.1$/m);
      assert.match(output, word);
    });
  }

  it('dig over IPv6 gets its answer', async () => {
    const output = await dig('@::1', '-p', String(server.addresses()[1].port), '+norecurse', 'example.org');
    assert.match(output, /192\.0\.2\.1/);
  });

  it('dig sees TC and comes back by TCP for a long answer', async () => {
    const output = await run('dig', ['@127.0.0.1', '-p', port, '+norecurse', 'big.example.org']);
    assert.match(output, /Truncated, retrying in TCP mode/);
    assert.match(output, /ANSWER: 100,/);
  });

  it('kdig gets its answer, by UDP and by TCP', async () => {
    for (const args of [[], ['+tcp']]) {
      assert.match(await run('kdig', ['@127.0.0.1', '-p', port, 'example.org', ...args]), /192\.0\.2\.1/);
    }
  });

  it("Node's own resolver gets its answer", async () => {
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${port}`]);
    assert.deepEqual(await resolver.resolve4('example.org', { ttl: true }), [{ address: '192.0.2.1', ttl: 300 }]);
    assert.equal((await resolver.resolve4('big.example.org')).length, 100);
  });
});

describe('dnsperf', () => {
  const seconds = process.env.DNSPERF_SECONDS ?? '1';
  for (const mode of ['udp', 'tcp'] as const) {
    for (const sockets of [1, 2, 8, 64]) {
      it(`loses nothing by ${mode} with ${sockets} sockets`, async () => {
        const { server, port } = await serve({ sockets });
        const output = await dnsperf(port, ['-m', mode, '-l', seconds, '-c', '20']);
        assert.match(output, /Queries lost:\s+0 /);
        assert.match(output, /Response codes:\s+NOERROR \d+ \(100\.00%\)/);
        assert.equal(server.stats().sockets.filter(({ protocol }) => protocol === mode).length, sockets);
        // By hash, twenty ports reach all of eight sockets in one run out of two: over a few runs every socket has its share.
        const idle = (): boolean =>
          server.stats().sockets.some((socket) => socket.protocol === mode && socket.queries === 0);
        for (let run = 0; sockets <= 8 && idle() && run < 10; run++)
          await dnsperf(port, ['-m', mode, '-n', '1', '-c', '20']);
        assert.ok(sockets > 8 || !idle(), 'a socket got nothing');
        await server.close();
      });
    }
  }

  it('reaches all sockets alike from one port with steering random', async () => {
    const { server, port } = await serve({ sockets: 4, steering: 'random' });
    const output = await dnsperf(port, ['-l', '1', '-c', '1']);
    assert.match(output, /Queries lost:\s+0 /);
    const queries = server
      .stats()
      .sockets.filter(({ protocol }) => protocol === 'udp')
      .map((socket) => socket.queries);
    const mean = queries.reduce((sum, n) => sum + n) / queries.length;
    assert.ok(Math.max(...queries) <= 1.3 * mean, queries.join(' '));
    await server.close();
  });

  it('reaches a socket for each CPU in use with steering cpu, and meets one socket from one port with hash', async () => {
    for (const steering of ['cpu', 'hash'] as const) {
      const { server, port } = await serve({ sockets: 4, steering });
      assert.match(await dnsperf(port, ['-l', '1', '-c', '1']), /Queries lost:\s+0 /);
      const busy = server.stats().sockets.filter((socket) => socket.protocol === 'udp' && socket.queries > 0);
      if (steering === 'hash') assert.equal(busy.length, 1);
      else assert.ok(busy.every(({ index }) => index < 4) && busy.length >= 1);
      await server.close();
    }
  });
});
