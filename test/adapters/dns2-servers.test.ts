import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer as createTcp, type AddressInfo } from 'node:net';
import type { DecodedPacket } from 'dns-packet';
import type DNS from 'dns2';
import { withMultisocket } from 'multisocket/adapters';
import { ask, dig } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/server.js';

const dns2 = createRequire(import.meta.url)('dns2') as typeof DNS;
const served = withMultisocket(dns2);
const answer: DNS.DnsHandler = (request, send) => {
  const response = dns2.Packet.createResponseFromRequest(request);
  const [{ name }] = request.questions;
  response.answers.push({ name, type: 1, class: 1, ttl: 60, address: '192.0.2.1' } as DNS.Packet.Resource);
  void send(response);
};
const rcodeOf = (message: DecodedPacket): string => (message as unknown as { rcode: string }).rcode;

describe("dns2's public face on this library", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  it('a client, as its README opens with', async () => {
    const server = served.createServer({ udp: true, handle: answer });
    closing.push(() => server.close());
    const { udp } = await server.listen({ udp: { port: 0, address: '127.0.0.1' } });
    const client = new served({ nameServers: ['127.0.0.1'], port: udp!.port });
    assert.ok(client instanceof dns2);
    const { answers } = await client.resolveA('example.org');
    assert.equal(answers[0].address, '192.0.2.1');
  });

  it('a class of its own may extend it', () => {
    class Mine extends served {}
    assert.ok(new Mine({ port: 5353 }) instanceof dns2);
  });

  for (const transport of ['udp', 'tcp'] as const) {
    it(`a port in use is an "error" with '${transport}', and the other goes on`, async () => {
      const taken = transport === 'udp' ? createSocket('udp4') : createTcp();
      if ('bind' in taken) taken.bind(0, '127.0.0.1');
      else taken.listen(0, '127.0.0.1');
      await once(taken, 'listening');
      closing.push(() => taken.close());
      const { port } = taken.address() as AddressInfo;
      const server = served.createServer({ udp: true, tcp: true, handle: answer });
      const errors: [code: unknown, transport: string][] = [];
      server.on('error', (error: NodeJS.ErrnoException, name: string) => errors.push([error.code, name]));
      const place = { port, address: '127.0.0.1' };
      const listening = server.listen({ udp: place, tcp: place });
      await until(() => errors.length > 0, 'an error');
      assert.deepEqual(errors, [['EADDRINUSE', transport]]);
      await assert.rejects(listening, { code: 'EADDRINUSE' });
      const way = transport === 'udp' ? '+tcp' : '+notcp';
      assert.match(await dig('@127.0.0.1', '-p', String(port), '+norecurse', way, 'a.test'), /192\.0\.2\.1/);
      const closed = once(server, 'close');
      await server.close();
      await closed;
    });
  }

  it('a server of UDP and one of TCP on one port', async () => {
    const port = await freePort();
    const udp = served.createUDPServer(answer);
    const tcp = served.createTCPServer(answer);
    closing.push(
      () => udp.close(),
      () => tcp.close(),
    );
    await udp.listen(port, '127.0.0.1');
    tcp.listen(port, '127.0.0.1');
    await once(tcp, 'listening');
    for (const way of ['+notcp', '+tcp']) {
      assert.match(await dig('@127.0.0.1', '-p', String(port), '+norecurse', way, 'a.test'), /192\.0\.2\.1/, way);
    }
  });

  it('TCP: listen with a callback, `listening`, `address()`, close with a callback', async () => {
    const server = served.createTCPServer(answer);
    assert.equal(server.listening, false);
    await new Promise<void>((resolve) => {
      assert.equal(server.listen(0, resolve), server);
    });
    assert.equal(server.listening, true);
    assert.deepEqual(Object.keys(server.address()!).sort(), ['address', 'family', 'port']);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(server.listening, false);
  });

  it('default addresses are those of dns2', async () => {
    const expected = { udp: '0.0.0.0', tcp: '::' };
    for (const module of [dns2, served]) {
      const server = module.createServer({ udp: true, tcp: true });
      const addresses = await server.listen();
      assert.deepEqual({ udp: addresses.udp?.address, tcp: addresses.tcp?.address }, expected);
      assert.deepEqual(await (server as unknown as { listening: Promise<unknown> }).listening, addresses);
      await server.close();
    }
  });

  it('`closed` resolves when all is closed', async () => {
    const server = served.createServer({ udp: true, tcp: true }) as DNS.DnsServer & { closed: Promise<void> };
    await server.listen();
    const { closed } = server;
    void server.close();
    await closed;
  });

  it('the third argument has `address` and `remoteAddress`', async () => {
    const seen: unknown[][] = [];
    const server = served.createServer({
      udp: true,
      tcp: true,
      handle: (request, send, client) => {
        const { address, remoteAddress, remotePort } = client as unknown as Record<string, unknown>;
        seen.push([address, remoteAddress, typeof remotePort]);
        answer(request, send, client);
      },
    });
    closing.push(() => server.close());
    const port = await freePort();
    await server.listen({ udp: { port, address: '127.0.0.1' }, tcp: { port, address: '127.0.0.1' } });
    for (const way of ['+notcp', '+tcp']) await dig('@127.0.0.1', '-p', String(port), '+norecurse', way, 'a.test');
    assert.deepEqual(seen, [
      ['127.0.0.1', '127.0.0.1', 'number'],
      ['127.0.0.1', '127.0.0.1', 'number'],
    ]);
  });

  for (const [how, handle] of [
    ['throws', () => assert.fail('no')],
    ['rejects', (() => Promise.reject(new Error('no'))) as () => void],
  ] as const) {
    it(`a handler that ${how} is a requestError, once a request, and SERVFAIL`, async () => {
      const server = served.createServer({ udp: true, handle });
      closing.push(() => server.close());
      const errors: Error[] = [];
      server.on('requestError', (error) => errors.push(error));
      const { udp } = await server.listen({ udp: { port: 0, address: '127.0.0.1' } });
      for (let i = 0; i < 3; i++) assert.equal(rcodeOf(await ask(udp!.port, 'a.test')), 'SERVFAIL');
      assert.deepEqual(
        errors.map(({ message }) => message),
        ['no', 'no', 'no'],
      );
    });
  }

  it('maxConcurrent: excess queries get SERVFAIL', async () => {
    const held: (() => void)[] = [];
    const server = served.createServer({
      udp: true,
      maxConcurrent: 1,
      handle: (request, send, client) => {
        held.push(() => {
          answer(request, send, client);
        });
      },
    });
    closing.push(() => server.close());
    const { udp } = await server.listen({ udp: { port: 0, address: '127.0.0.1' } });
    const first = ask(udp!.port, 'a.test');
    await until(() => held.length === 1, 'the first');
    assert.equal(rcodeOf(await ask(udp!.port, 'b.test')), 'SERVFAIL');
    held[0]();
    assert.equal((await first).answers?.length, 1);
  });

  it('the flag TC of a handler is kept', async () => {
    const server = served.createServer({
      udp: true,
      handle: (request, send) => {
        const response = dns2.Packet.createResponseFromRequest(request);
        response.header.tc = 1;
        void send(response);
      },
    });
    closing.push(() => server.close());
    const { udp } = await server.listen({ udp: { port: 0, address: '127.0.0.1' } });
    assert.equal((await ask(udp!.port, 'a.test')).flag_tc, true);
  });

  it('all that dns2 has is here, or stands in the migration guide', () => {
    const guide = readFileSync(new URL('../../docs/migrate/dns2.md', import.meta.url), 'utf8');
    const mentioned = new Set([...guide.matchAll(/`([\w.]+)`/g)].map(([, name]) => name));
    const membersOf = (prototype: object, until: object): string[] => {
      const names: string[] = [];
      for (let at = prototype; at !== until; at = Object.getPrototypeOf(at) as object) {
        names.push(...Object.getOwnPropertyNames(at));
      }
      return names.filter((name) => !name.startsWith('_') && name !== 'constructor');
    };
    const { EventEmitter } = createRequire(import.meta.url)('node:events') as { EventEmitter: { prototype: object } };
    for (const name of Object.getOwnPropertyNames(dns2)) assert.ok(name in served, name);
    const pairs: [string, object, object][] = [
      ['UDPServer', dns2.createUDPServer(), served.createUDPServer()],
      ['TCPServer', dns2.createTCPServer(), served.createTCPServer()],
      ['DnsServer', dns2.createServer({}), served.createServer({})],
    ];
    for (const [what, theirs, ours] of pairs) {
      const own = Object.keys(theirs).filter((name) => !name.startsWith('_'));
      for (const member of [...own, ...membersOf(Object.getPrototypeOf(theirs) as object, EventEmitter.prototype)]) {
        assert.ok(member in ours || mentioned.has(member), `${what}.${member}`);
      }
    }
    (pairs[0][1] as { close(): void }).close();
  });
});
