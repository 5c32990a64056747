/** EDNS options that are answered to one client: NSID, TCP keepalive, padding, beside cookies; from the handler and from the cache. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { createServer, type Server, type ServerOptions } from 'multisocket';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { dig, framed, run, TcpClient, udpExchange } from '../support/clients.js';
import { optRecord, query, readOpt, withOpt, type Option } from '../support/edns.js';
import { fixture } from '../support/server.js';

const NSID = 3;
const KEEPALIVE = 11;
const PADDING = 12;
const COOKIE = 10;
const BLOCK = 468;
const FORMERR = '123481010000000000000000';

type Exchange = (message: Buffer) => Promise<Buffer>;

describe('EDNS options for one client', () => {
  let certificate: Certificate;
  let server: Server;
  let by: Record<'udp' | 'tcp' | 'tls' | 'https', Exchange>;
  let closeClients: () => void;

  const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
    const listen = ['dns', 'tls', 'https'].map((transport) => ({ transport, address: '127.0.0.1', port: 0 }));
    server = createServer({
      listen: listen as ServerOptions['listen'],
      sockets: 1,
      workers: 1,
      filename: fixture,
      tls: certificate,
      tcp: { idleTimeout: 12_345 },
      ...options,
    });
    await server.listen();
    const [dns, tls, https] = server.addresses().map(({ port }) => port);
    const tcpClient = await TcpClient.connect(dns);
    const tlsSocket = connectTls({ port: tls, host: '127.0.0.1', ca: certificate.cert });
    await once(tlsSocket, 'secureConnect');
    const session = connectHttp2(`https://127.0.0.1:${https}`, { ca: certificate.cert });
    by = {
      udp: async (message) => (await udpExchange(message, dns))!.reply,
      tcp: async (message) => (await tcpClient.exchange(message))!,
      tls: async (message) => {
        tlsSocket.write(framed(message));
        const [frame] = (await once(tlsSocket, 'data')) as [Buffer];
        assert.equal(frame.readUInt16BE(0), frame.length - 2);
        return frame.subarray(2);
      },
      https: async (message) => {
        const request = session.request({
          ':method': 'POST',
          ':path': '/dns-query',
          'content-type': 'application/dns-message',
        });
        request.end(message);
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        await once(request, 'end');
        return Buffer.concat(chunks);
      },
    };
    closeClients = () => {
      tcpClient.close();
      tlsSocket.destroy();
      session.destroy();
    };
  };

  const optionsOf = (reply: Buffer): [number, string][] =>
    [...readOpt(reply)!.options].map(([code, data]) => [code, data.toString('latin1')]);

  before(async () => (certificate = await makeCertificate()));
  afterEach(async () => {
    closeClients();
    await server.close();
  });

  for (const cache of [undefined, { maxBytes: 1 << 20 }]) {
    const from = cache === undefined ? 'from the handler' : 'from the cache';
    /** Asks so that the reply comes from where it should. */
    const ask = async (
      transport: keyof typeof by,
      options: readonly Option[],
      name = 'example.org',
    ): Promise<Buffer> => {
      if (cache !== undefined) await by[transport](withOpt([], { name }));
      const { cacheHits } = server.stats().totals;
      const reply = await by[transport](withOpt(options, { name }));
      assert.equal(server.stats().totals.cacheHits - cacheHits, cache === undefined ? 0 : 1);
      return reply;
    };
    const having = cache === undefined ? {} : { cache };

    describe(from, () => {
      it('NSID is sent on every transport to clients that ask for it (RFC 5001)', async () => {
        await start({ ...having, nsid: 'frankfurt 3' });
        for (const transport of ['udp', 'tcp', 'tls', 'https'] as const) {
          assert.deepEqual(optionsOf(await ask(transport, [[NSID]])), [[NSID, 'frankfurt 3']], transport);
          assert.deepEqual(optionsOf(await ask(transport, [])), [], transport);
          assert.equal(readOpt(await by[transport](query())), undefined);
        }
      });

      it('keepalive has the idle timeout in units of 100 ms, over TCP and TLS (RFC 7828)', async () => {
        await start(having);
        for (const transport of ['tcp', 'tls'] as const) {
          const { options } = readOpt(await ask(transport, [[KEEPALIVE]]))!;
          assert.deepEqual([...options], [[KEEPALIVE, Buffer.of(0, 123)]], transport);
        }
      });

      it('keepalive is ignored over UDP and HTTPS', async () => {
        await start(having);
        for (const transport of ['udp', 'https'] as const) {
          assert.deepEqual(optionsOf(await ask(transport, [[KEEPALIVE]])), [], transport);
          assert.deepEqual(optionsOf(await ask(transport, [[KEEPALIVE, Buffer.of(0, 1)]])), [], transport);
        }
      });

      it('replies over TLS and HTTPS are padded to a multiple of 468 octets (RFC 8467 s.4.1)', async () => {
        await start({ ...having, nsid: 'x' });
        for (const transport of ['tls', 'https'] as const) {
          for (const name of ['example.org', 'a.much.longer.name.example.org', 'big.example.org']) {
            const plain = await ask(transport, [[NSID]], name);
            const padded = await ask(transport, [[PADDING, Buffer.alloc(7)], [NSID]], name);
            assert.equal(padded.length, Math.ceil((plain.length + 4) / BLOCK) * BLOCK, `${transport} ${name}`);
            const { options } = readOpt(padded)!;
            assert.deepEqual([...options.keys()], [NSID, PADDING]); // it comes last
            assert.ok(options.get(PADDING)!.every((octet) => octet === 0)); // RFC 7830 s.3
          }
        }
      });

      it('a cookie stands behind the others and before the padding, which counts it (RFC 7873 s.5.2)', async () => {
        await start({ ...having, nsid: 'x', cookies: true });
        const client = Buffer.from('2464c4abcf10c957', 'hex');
        const all: Option[] = [[PADDING, Buffer.alloc(7)], [COOKIE, client], [KEEPALIVE], [NSID]];
        for (const [transport, expected] of [
          ['udp', [NSID, COOKIE]],
          ['tcp', [NSID, KEEPALIVE, COOKIE]],
          ['tls', [NSID, KEEPALIVE, COOKIE, PADDING]],
          ['https', [NSID, COOKIE, PADDING]],
        ] as const) {
          const reply = await ask(transport, all);
          const { options } = readOpt(reply)!;
          assert.deepEqual([...options.keys()], expected, transport);
          assert.equal(options.get(COOKIE)!.length, 24);
          assert.deepEqual(options.get(COOKIE)!.subarray(0, 8), client);
          if (options.has(PADDING)) assert.equal(reply.length % BLOCK, 0, transport);
          const alone = readOpt(await ask(transport, [[COOKIE, client]]))!;
          assert.deepEqual([...alone.options.keys()], [COOKIE], transport);
        }
      });

      it('replies are not padded without encryption (RFC 7830 s.6)', async () => {
        await start(having);
        for (const transport of ['udp', 'tcp'] as const) {
          assert.deepEqual(optionsOf(await ask(transport, [[PADDING, Buffer.alloc(64)]])), []);
        }
      });
    });
  }

  it('a keepalive with a time is FORMERR over TCP and TLS: only the server sets it (RFC 7828 s.3.2.1)', async () => {
    await start();
    for (const transport of ['tcp', 'tls'] as const) {
      const reply = await by[transport](withOpt([[KEEPALIVE, Buffer.of(0, 100)]]));
      assert.equal(reply.toString('hex'), FORMERR, transport);
    }
  });

  it('NSID that does not fit into a UDP reply is left out, and the reply is whole', async () => {
    await start({ nsid: Buffer.alloc(255, 1), maxPayloadSize: 512, cache: { maxBytes: 1 << 20 } });
    // 12 + 17 octets of header and question, 11 of OPT, 16 a record.
    await server.reload({ filename: new URL('./fixtures/counted.js', import.meta.url) });
    for (const name of ['n1.example.org', 'n13.example.org', 'n12.example.org', 'n28.example.org']) {
      for (let i = 0; i < 2; i++) {
        const reply = await by.udp(withOpt([[NSID]], { name }));
        const count = Number(/\d+/.exec(name)?.[0]);
        assert.equal(reply.readUInt16BE(6), count);
        assert.equal(reply[2] & 2, 0);
        const rest = 512 - (12 + name.length + 2 + 4 + 16 * count + 11);
        assert.equal(readOpt(reply)!.options.has(NSID), rest >= 4 + 255, name);
      }
    }
  });

  it('a cookie alone is given by every transport, without a question (RFC 7873 s.5.4)', async () => {
    await start({ cookies: true });
    const message = Buffer.concat([
      Buffer.from('123400000000000000000001', 'hex'),
      optRecord([[COOKIE, Buffer.alloc(8, 7)]]),
    ]);
    for (const transport of ['udp', 'tcp', 'tls', 'https'] as const) {
      const reply = await by[transport](message);
      assert.equal(reply.subarray(0, 12).toString('hex'), '123480000000000000000001', transport);
      const cookie = readOpt(reply)!.options.get(COOKIE);
      assert.deepEqual([cookie?.length, cookie?.subarray(0, 8)], [24, Buffer.alloc(8, 7)], transport);
    }
    assert.equal(server.stats().totals.handled, 0);
  });

  it('NSID leaves its room to a cookie, and a cookie none of its own to records', async () => {
    const nsid = Buffer.alloc(255, 1);
    await start({ nsid, cookies: true, maxPayloadSize: 512, cache: { maxBytes: 1 << 20 } });
    await server.reload({ filename: new URL('./fixtures/counted.js', import.meta.url) });
    for (const count of [1, 9, 12, 13, 25, 26, 27]) {
      const name = `n${count}.example.org`;
      const rest = 512 - (12 + name.length + 2 + 4 + 16 * count + 11);
      for (let i = 0; i < 2; i++) {
        const reply = await by.udp(withOpt([[NSID], [COOKIE, Buffer.alloc(8, 7)]], { name }));
        const { options } = readOpt(reply)!;
        assert.ok(reply.length <= 512);
        assert.equal(options.get(COOKIE)!.length, 24, name);
        const truncated = rest < 4 + 24;
        assert.equal((reply[2] & 2) !== 0, truncated, name);
        assert.equal(reply.readUInt16BE(6), truncated ? 0 : count);
        if (!truncated) assert.equal(options.has(NSID), rest >= 4 + 255 + 4 + 24, name);
      }
    }
  });

  it('an option that is sent twice is answered once', async () => {
    await start({ nsid: 'x' });
    assert.deepEqual(optionsOf(await by.tls(withOpt([[NSID], [NSID], [KEEPALIVE], [KEEPALIVE]]))), [
      [NSID, 'x'],
      [KEEPALIVE, '\0{'],
    ]);
  });

  it('options of others do not come back (RFC 6891 s.6.1.1)', async () => {
    await start({ nsid: 'x' });
    assert.deepEqual(optionsOf(await by.udp(withOpt([[65001, Buffer.of(1)], [NSID]]))), [[NSID, 'x']]);
  });

  it('dig +nsid and kdig +padding read them', async () => {
    await start({ nsid: 'frankfurt 3' });
    const [dns, tls] = server.addresses();
    assert.match(
      await dig('@127.0.0.1', '-p', String(dns.port), '+norec', '+nsid', 'example.org'),
      /\("frankfurt 3"\)/,
    );
    const to = ['@127.0.0.1', '-p', String(tls.port), '+tls', '+padding', 'example.org'];
    const output = await run('kdig', to);
    assert.match(output, /^;; PADDING: \d+ B/m);
    assert.match(output, /^;; Received 468 B/m);
    const kept = await dig('@127.0.0.1', '-p', String(dns.port), '+norec', '+tcp', '+keepalive', 'example.org');
    assert.match(kept, /KEEPALIVE: 12\.3 secs/);
  });

  it('the option nsid is checked', async () => {
    await start();
    for (const [nsid, code] of [
      ['', 'ERR_INVALID_ARG_VALUE'],
      ['x'.repeat(256), 'ERR_INVALID_ARG_VALUE'],
      [7, 'ERR_INVALID_ARG_TYPE'],
    ] as const) {
      assert.throws(() => createServer({ listen: ':0', filename: fixture, nsid: nsid as string }), { code });
    }
  });
});
