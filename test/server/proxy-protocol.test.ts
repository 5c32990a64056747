/** Proxies in front of a server that name their clients by the PROXY protocol. */
import assert from 'node:assert/strict';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import packet from 'dns-packet';
import { createServer, type Server, type ServerOptions } from 'multisocket';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { framed, queryBytes } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { ENDS4, ENDS6, header1, header2, openProxied, rawHeader2, type HeaderEnds } from '../support/proxy-header.js';
import { rawStreams, type RawStream } from '../support/raw-streams.js';
import { serve, until } from '../support/server.js';
import whoami from './fixtures/whoami.js';

const PROXY = '127.0.0.1';
const believed = { from: [PROXY] };

const shown = ({ client, clientPort, local, localPort }: HeaderEnds): string =>
  `<${client}|${clientPort}|${local}|${localPort}|`;

function start(options: Partial<ServerOptions> = {}): ReturnType<typeof serve> {
  return serve({ workers: 0, sockets: 1, handler: whoami, proxyProtocol: believed, ...options });
}

/** What a client hears until `pattern` is in it, or the connection has ended. */
async function hear(socket: Duplex, pattern: RegExp): Promise<string> {
  let heard = '';
  let over = false;
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  for (const event of ['end', 'close', 'error']) socket.on(event, () => (over = true));
  await until(() => over || pattern.test(heard), `${pattern} in what a client hears`);
  return heard;
}

describe('the PROXY protocol', () => {
  let own: Certificate;
  let server: Server;
  let port: number;

  before(async () => (own = await makeCertificate()));
  afterEach(() => server.close({ timeout: 0 }));

  const startFor = async (stream: RawStream, options: Partial<ServerOptions> = {}): Promise<void> => {
    const tls = stream.encrypted ? { tls: own } : {};
    ({ server, port } = await start({ listen: `${stream.transport}://127.0.0.1:0`, ...tls, ...options }));
  };
  const asks = (stream: RawStream, name = 'whoami.example'): Buffer =>
    Buffer.concat([stream.greeting, stream.query(0, name)]);

  for (const stream of rawStreams) {
    describe(stream.name, () => {
      for (const [name, header, ends] of [
        ['version 1, IPv4', header1(ENDS4), ENDS4],
        ['version 1, IPv6', header1(ENDS6), ENDS6],
        ['version 2, IPv4', header2(ENDS4), ENDS4],
        ['version 2, IPv6, 1,500 octets of TLVs', header2(ENDS6, 1, Buffer.alloc(1500, 4)), ENDS6],
      ] as const) {
        it(`${name}: handlers see the client, in one segment and octet by octet`, async () => {
          await startFor(stream);
          for (const how of ['together', 'octet by octet'] as const) {
            for (const question of ['whoami.example', 'late.example']) {
              const socket = await openProxied(stream, port, own, header, how);
              socket.write(asks(stream, question));
              assert.ok((await hear(socket, />/)).includes(shown(ends)), `${how}, ${question}`);
              socket.destroy();
            }
          }
        });
      }

      it('without ends in the header, and without a header, the client is the other end', async () => {
        await startFor(stream);
        const none = Buffer.alloc(0);
        const local = rawHeader2(0x20, 0, none);
        for (const header of [none, local, rawHeader2(0x21, 0, none), Buffer.from('PROXY UNKNOWN\r\n')]) {
          const socket = await openProxied(stream, port, own, header);
          socket.write(asks(stream));
          assert.match(await hear(socket, />/), /<127\.0\.0\.1\|/);
          socket.destroy();
        }
      });

      it('required: connections without a header are closed, as are those of others', async () => {
        await startFor(stream, { proxyProtocol: { ...believed, required: true } });
        for (const [header, from] of [
          [Buffer.alloc(0), PROXY],
          [header2(ENDS4), '127.0.0.2'],
          [Buffer.alloc(0), '127.0.0.2'],
        ] as const) {
          const socket = await openProxied(stream, port, own, header, 'together', from);
          socket.on('error', () => undefined);
          socket.write(asks(stream));
          assert.equal(await hear(socket, /</), '');
          socket.destroy();
        }
        await until(() => server.stats().totals.tcpOpen === 0, 'the ends');
        assert.equal(server.stats().totals.proxyRefused, 3);
        const socket = await openProxied(stream, port, own, header2(ENDS4));
        socket.write(asks(stream));
        assert.ok((await hear(socket, />/)).includes(shown(ENDS4)));
        socket.destroy();
      });

      it('a header that is invalid closes the connection', async () => {
        await startFor(stream);
        for (const header of [rawHeader2(0x11, 0x11, Buffer.alloc(12)), Buffer.from('PROXY TCP4 nobody\r\n')]) {
          const socket = await openProxied(stream, port, own, header);
          socket.on('error', () => undefined);
          socket.write(asks(stream));
          assert.equal(await hear(socket, /</), '');
          socket.destroy();
        }
        assert.equal(server.stats().totals.proxyRefused, 2);
        assert.equal(server.stats().totals.tcpQueries + server.stats().totals.httpsQueries, 0);
      });

      it('a header that does not end is given up after messageTimeout', async () => {
        await startFor(stream, { tcp: { messageTimeout: 200 } });
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        socket.write(header2(ENDS4).subarray(0, 20));
        await once(socket, 'close');
        assert.equal(server.stats().totals.tcpMessageTimeout, 1);
      });

      it('a header from an address outside of `from` is never believed', async () => {
        for (const others of ['data', 'skip', 'refuse'] as const) {
          await startFor(stream, {
            proxyProtocol: { ...believed, others },
            tcp: { messageTimeout: 200, idleTimeout: 300 },
          });
          for (const header of [header1(ENDS4), header2(ENDS4)]) {
            const socket = await openProxied(stream, port, own, header, 'together', '127.0.0.2');
            socket.on('error', () => undefined);
            socket.write(asks(stream));
            const heard = await hear(socket, />/);
            assert.ok(!heard.includes(ENDS4.client), heard);
            assert.equal(heard.includes('<127.0.0.2|'), others === 'skip', `${others}: ${heard}`);
            socket.destroy();
          }
          await server.close({ timeout: 0 });
        }
      });

      it('maxConnectionsPerClient counts the clients of a proxy, and not the proxy', async () => {
        await startFor(stream, { tcp: { maxConnectionsPerClient: 2 } });
        const open = async (client: string): Promise<[Duplex, string]> => {
          const socket = await openProxied(stream, port, own, header2({ ...ENDS4, client }));
          socket.on('error', () => undefined);
          socket.write(asks(stream));
          return [socket, await hear(socket, />/)];
        };
        const sockets: Duplex[] = [];
        for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.2', '192.0.2.3']) {
          const [socket, heard] = await open(client);
          assert.ok(heard.includes(`<${client}|`), heard);
          sockets.push(socket);
        }
        assert.deepEqual((await open('192.0.2.1'))[1].includes('<'), false);
        assert.equal(server.stats().totals.tcpRefusedClient, 1);
        for (const socket of sockets) socket.destroy();
        await until(() => server.stats().totals.tcpOpen === 0, 'the ends');
        const [socket, heard] = await open('192.0.2.1');
        assert.ok(heard.includes('<192.0.2.1|'));
        socket.destroy();
      });
    });
  }

  describe('UDP', () => {
    let socket: UdpSocket;

    beforeEach(async () => {
      socket = createSocket('udp4');
      socket.bind(0, PROXY);
      await once(socket, 'listening');
    });
    afterEach(() => socket.close());

    const exchange = async (header: Buffer, message: Buffer, timeout = 10_000): Promise<string | undefined> => {
      const answered = once(socket, 'message', { signal: AbortSignal.timeout(timeout) }) as Promise<[Buffer]>;
      socket.send(Buffer.concat([header, message]), port, '127.0.0.1');
      try {
        return (await answered)[0].toString('latin1');
      } catch (error) {
        assert.equal((error as Error).name, 'AbortError');
        return undefined;
      }
    };

    for (const workers of [0, 1]) {
      it(`handlers see the client, at once and later (workers: ${workers})`, async () => {
        const filename = new URL('./fixtures/whoami.js', import.meta.url);
        const served = workers === 0 ? { handler: whoami } : { filename };
        ({ server, port } = await serve({ workers, sockets: 1, proxyProtocol: believed, ...served }));
        for (const ends of [ENDS4, ENDS6]) {
          for (const header of [header2(ends, 2), header2(ends, 1), header2(ends, 2, Buffer.alloc(900, 4))]) {
            for (const name of ['whoami.example', 'late.example']) {
              const heard = await exchange(header, queryBytes(name, 'TXT'));
              assert.ok(heard?.includes(shown(ends)), heard);
            }
          }
        }
        const plain = await exchange(Buffer.alloc(0), queryBytes('whoami.example', 'TXT'));
        assert.match(plain ?? '', /<127\.0\.0\.1\|/);
      });
    }

    it('answers of the cache are those for the client', async () => {
      ({ server, port } = await start({
        cache: { maxBytes: 1 << 20 },
        handler: ({ name, client }, reply) => {
          reply.answer({ type: 'TXT', name, ttl: 300, data: `<${client.address}>` });
          reply.cache({ varyBy: ['client'] });
        },
      }));
      for (let round = 0; round < 3; round++) {
        for (const client of ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2']) {
          const ends = client.includes(':') ? { ...ENDS6, client } : { ...ENDS4, client };
          assert.ok((await exchange(header2(ends, 2), queryBytes('a.example', 'TXT')))?.includes(`<${client}>`));
        }
        assert.ok((await exchange(Buffer.alloc(0), queryBytes('a.example', 'TXT')))?.includes('<127.0.0.1>'));
      }
      assert.equal(server.stats().totals.handled, 5);
      assert.equal(server.stats().totals.cacheHits, 10);
    });

    it('rate limits are those of the client', async () => {
      ({ server, port } = await start({ rateLimit: { allPerSecond: 1, slip: 0, ipv4PrefixLength: 32 } }));
      const header = (last: number): Buffer => header2({ ...ENDS4, client: `192.0.2.${last}` }, 2);
      assert.ok(await exchange(header(1), queryBytes('a.example', 'TXT')));
      while (server.stats().totals.rateLimitDropped === 0)
        await exchange(header(1), queryBytes('a.example', 'TXT'), 50);
      for (let last = 2; last < 20; last++) assert.ok(await exchange(header(last), queryBytes('a.example', 'TXT')));
    });

    it('a malformed query is answered behind its header', async () => {
      ({ server, port } = await start());
      const message = queryBytes('a.example', 'TXT');
      message[5] = 2; // two questions
      const heard = await exchange(header2(ENDS4, 2), message);
      assert.equal((packet.decode(Buffer.from(heard ?? '', 'latin1')) as { rcode?: string }).rcode, 'FORMERR');
    });

    it('drops what is invalid, and with `required` what has no header', async () => {
      ({ server, port } = await start({ proxyProtocol: { ...believed, required: true } }));
      const query = queryBytes('whoami.example', 'TXT');
      const nothing = Buffer.alloc(0);
      const bad: [Buffer, Buffer][] = [
        [nothing, query],
        [header1(ENDS4), query],
        [header2(ENDS4).subarray(0, 20), nothing],
        [rawHeader2(0x21, 0x44, Buffer.alloc(40)), query],
      ];
      for (const [header, message] of bad) assert.equal(await exchange(header, message, 100), undefined);
      assert.equal(await exchange(header2(ENDS4, 2), nothing, 100), undefined);
      assert.equal(server.stats().totals.proxyRefused, bad.length);
      assert.ok((await exchange(header2(ENDS4, 2), query))?.includes(shown(ENDS4)));
    });

    it('a header from an address outside of `from` is never believed', async () => {
      const query = queryBytes('whoami.example', 'TXT');
      for (const others of ['data', 'skip', 'refuse'] as const) {
        ({ server, port } = await start({ proxyProtocol: { from: ['127.0.0.9', '::1'], others } }));
        const heard = await exchange(header2(ENDS4, 2), query, others === 'refuse' ? 200 : 10_000);
        if (others === 'skip') assert.match(heard ?? '', /<127\.0\.0\.1\|/);
        // As a message, a header is one with an unknown operation (RFC 1035 s.4.1.1).
        else if (others === 'data') assert.equal((heard?.charCodeAt(3) ?? 0) & 15, 4);
        else assert.equal(heard, undefined);
        assert.ok(await exchange(Buffer.alloc(0), query));
        await server.close({ timeout: 0 });
      }
    });
  });

  it('an address has proxies of its own, or none', async () => {
    const ports = [await freePort(), await freePort(), await freePort()];
    const own = [{ proxyProtocol: null }, { proxyProtocol: { from: ['127.0.0.1/32'], required: true } }, {}];
    const listen = ports.map((each, i) => ({ address: '127.0.0.1', port: each, ...own[i] }));
    ({ server } = await start({ listen, proxyProtocol: { from: ['127.0.0.2'] } }));
    const seen: string[] = [];
    for (const each of ports) {
      const socket = connect(each, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(Buffer.concat([header2(ENDS4), framed(queryBytes('whoami.example', 'TXT'))]));
      socket.end();
      seen.push((/<[^|]*/.exec(await hear(socket, /</)) ?? ['nothing'])[0]);
      socket.destroy();
    }
    assert.deepEqual(seen, ['nothing', `<${ENDS4.client}`, 'nothing']);
  });

  it('names what is wrong with the option', async () => {
    ({ server } = await start());
    for (const [proxyProtocol, message] of [
      [{}, /proxyProtocol\.from/],
      [{ from: ['nowhere'] }, /proxyProtocol\.from.*'192\.0\.2\.0\/24'/],
      [{ from: ['127.0.0.1'], others: 'trust' }, /proxyProtocol\.others.*'data', 'skip' or 'refuse'/],
      [{ from: ['127.0.0.1'], require: true }, /did you mean "proxyProtocol\.required"/],
    ] as const) {
      const options = { listen: ':0', handler: whoami, workers: 0, proxyProtocol } as unknown as ServerOptions;
      assert.throws(() => createServer(options), { message });
    }
  });
});
