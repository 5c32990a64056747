import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { setTimeout as wait } from 'node:timers/promises';
import packet, { type DecodedPacket, type Packet } from 'dns-packet';
import {
  type CacheOptions,
  type Handler,
  type Query,
  type Rcode,
  type Reply,
  type Server,
  type ServerOptions,
} from 'multisocket';
import { makeCertificate } from '../support/certificate.js';
import { framed, opt, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { sign } from '../support/other-opcodes.js';
import { serve, until } from '../support/server.js';

const counting = new URL('./fixtures/versioned.js', import.meta.url);
const MIB = 1 << 20;

/** The text of the first TXT record of an answer. */
function textOf(reply: Buffer | undefined): string {
  if (reply === undefined) throw new Error('no answer');
  const [answer] = packet.decode(reply).answers ?? [];
  return String((answer as packet.TxtAnswer).data);
}

/** Asks by UDP, from `from` if that is given; fails when nothing comes. */
async function udp(port: number, message: Uint8Array, address = '127.0.0.1', from?: string): Promise<Buffer> {
  if (from === undefined) {
    const exchanged = await udpExchange(message, port, address);
    if (exchanged === undefined) throw new Error('no answer');
    return exchanged.reply;
  }
  const socket = createSocket('udp4');
  try {
    socket.bind(0, from);
    await once(socket, 'listening');
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(10_000) }) as Promise<[Buffer]>;
    socket.send(message, port, address);
    return (await answered)[0];
  } finally {
    socket.close();
  }
}

async function tcp(port: number, message: Uint8Array, address = '127.0.0.1'): Promise<Buffer> {
  const client = await TcpClient.connect(port, address);
  try {
    const reply = await client.exchange(message);
    if (reply === undefined) throw new Error('no answer');
    return reply;
  } finally {
    client.close();
  }
}

interface Walked {
  ttls: number[];
  /** The message without what may differ between clients: ID, spelling of the question, TTLs. */
  rest: string;
}

/** Reads the TTLs of an encoded reply and takes out what belongs to one client or one moment. */
function walk(reply: Buffer): Walked {
  const bytes = Buffer.from(reply);
  bytes.writeUInt16BE(0, 0);
  const skipName = (at: number): number => {
    for (;;) {
      if (bytes[at] >= 0xc0) return at + 2;
      if (bytes[at] === 0) return at + 1;
      at += bytes[at] + 1;
    }
  };
  let at = skipName(12) + 4;
  bytes.write(bytes.toString('latin1', 12, at - 5).toLowerCase(), 12, 'latin1');
  const ttls: number[] = [];
  while (at < bytes.length) {
    at = skipName(at);
    if (bytes.readUInt16BE(at) !== 41) {
      ttls.push(bytes.readUInt32BE(at + 4));
      bytes.writeUInt32BE(0, at + 4);
    }
    at += 10 + bytes.readUInt16BE(at + 8);
  }
  return { ttls, rest: bytes.toString('hex') };
}

describe('the answer cache, through real sockets', () => {
  let server: Server;
  let port: number;
  /** Queries that the handler was given. */
  let handled: number;

  afterEach(() => server.close());

  /** Starts a server on this thread whose handler's calls are counted. */
  async function start(handler: Handler, cache: Partial<CacheOptions> = {}, more: Partial<ServerOptions> = {}) {
    handled = 0;
    const counted: Handler = (query, reply) => {
      handled++;
      return handler(query, reply);
    };
    const options = { sockets: 1, workers: 0, handler: counted, cache: { maxBytes: MIB, ...cache }, ...more };
    const started = await serve(options);
    server = started.server;
    port = started.port;
    return started;
  }

  /** Answers with how many queries there have been. */
  const count = (query: Query, reply: Reply): void => {
    reply.answer({ type: 'TXT', name: query.name, ttl: 300, data: String(handled) });
  };
  const ask = async (name: string, type: packet.RecordType = 'TXT', more: Packet = {}): Promise<DecodedPacket> =>
    packet.decode(await udp(port, queryBytes(name, type, more)));
  /** Whether a second query for `name` is answered without the handler. */
  async function isCached(name: string, more: Packet = {}): Promise<boolean> {
    await ask(name, 'TXT', more);
    const before = handled;
    await ask(name, 'TXT', more);
    return handled === before;
  }
  const cacheStats = () => {
    const { cache } = server.stats();
    if (cache === undefined) throw new Error('stats() has no cache');
    return cache;
  };

  describe('keeps apart what clients can tell apart', () => {
    const question = { name: 'example.org', type: 'TXT' as const, class: 'IN' as const };
    const flags = packet.RECURSION_DESIRED;
    const edns = (size: number, more: Partial<packet.OptAnswer> = {}): Packet => ({ additionals: [opt(size, more)] });
    const subnet = (ip: string, sourcePrefixLength: number): Packet =>
      edns(1232, { options: [{ code: 8, ip, sourcePrefixLength }] as never });
    const kinds: Record<string, Packet> = {
      plain: {},
      'another name': { questions: [{ ...question, name: 'example.net' }] },
      'a name below': { questions: [{ ...question, name: 'www.example.org' }] },
      'another type': { questions: [{ ...question, type: 'ANY' as never }] },
      'another class': { questions: [{ ...question, class: 'CH' }] },
      'without RD': { flags: 0 },
      CD: { flags: flags | packet.CHECKING_DISABLED },
      AD: { flags: flags | packet.AUTHENTIC_DATA },
      'the reserved flag': { flags: flags | 0x40 },
      'EDNS with 512': edns(512),
      'EDNS with 800': edns(800),
      'EDNS with 1,232': edns(1232),
      DO: edns(1232, { flags: 0x8000 }),
      'an unknown EDNS flag': edns(1232, { flags: 1 }),
      'Client Subnet': subnet('192.0.2.0', 24),
      'Client Subnet of others': subnet('198.51.100.0', 24),
      'Client Subnet, larger': subnet('192.0.2.0', 23),
      'Client Subnet, none': subnet('0.0.0.0', 0),
    };
    const message = (kind: Packet): Buffer => queryBytes('example.org', 'TXT', kind);

    it('by what they ask and how, over every transport', async function () {
      this.timeout(60_000);
      const certificate = await makeCertificate();
      const listen = ['127.0.0.1:0', ...(['tls', 'https'] as const).map(encrypted)];
      await start(count, {}, { listen, tls: certificate });
      const [, tls, https] = server.addresses();
      const tlsSocket = connectTls({ port: tls.port, ca: certificate.cert, ALPNProtocols: ['dot'] });
      await once(tlsSocket, 'secureConnect');
      const session = connectHttp2(`https://127.0.0.1:${https.port}`, { ca: certificate.cert });
      const transports: Record<string, (query: Buffer) => Promise<Buffer>> = {
        udp: (query) => udp(port, query),
        tcp: (query) => tcp(port, query),
        tls: async (query) => {
          tlsSocket.write(framed(query));
          return ((await once(tlsSocket, 'data')) as [Buffer])[0].subarray(2);
        },
        https: async (query) => {
          const headers = { ':method': 'POST', ':path': '/dns-query', 'content-type': 'application/dns-message' };
          const stream = session.request(headers);
          stream.end(query);
          const chunks: Buffer[] = [];
          for await (const chunk of stream) chunks.push(chunk as Buffer);
          return Buffer.concat(chunks);
        },
      };
      const answers = new Map<string, string>();
      for (const round of ['first', 'second']) {
        for (const [transport, exchange] of Object.entries(transports)) {
          for (const [name, kind] of Object.entries(kinds)) {
            // By a stream the payload size means nothing.
            if (transport !== 'udp' && /^EDNS with (512|800)/.test(name)) continue;
            const key = `${name}, ${transport}`;
            const text = textOf(await exchange(message(kind)));
            if (round === 'first') answers.set(key, text);
            else assert.equal(text, answers.get(key), `${key} has got another's answer, or none of the cache's`);
          }
        }
      }
      tlsSocket.destroy();
      session.destroy();
      assert.equal(new Set(answers.values()).size, answers.size);
      assert.equal(handled, answers.size);
      assert.equal(cacheStats().hits, answers.size);
      const { cacheHits, tcpQueries, tcpReplies, httpsQueries, httpsReplies } = server.stats().totals;
      assert.equal(cacheHits, answers.size);
      assert.deepEqual([tcpReplies, httpsReplies], [tcpQueries, httpsQueries]);
    });

    const encrypted = (transport: 'tls' | 'https') => ({ transport, address: '127.0.0.1', port: 0 });

    it('never answers unknown options and transactions that are signed', async () => {
      await start(count);
      const option = (code: number, data = ''): Packet =>
        edns(1232, { options: [{ code, data: Buffer.from(data) }] as never });
      const own: Packet[] = [option(3), option(65001)];
      const signed = sign(message({}), { key: 'key', secret: Buffer.alloc(16) });
      for (const octets of [...own.map((kind) => message(kind)), signed]) {
        const first = textOf(await udp(port, octets));
        assert.notEqual(textOf(await udp(port, octets)), first);
      }
      assert.equal(cacheStats().stores, 0);
    });

    it('but not in cookies, which change no answer (RFC 7873)', async () => {
      await start(count);
      const withCookie = (data: string): Packet =>
        edns(1232, { options: [{ code: 10, data: Buffer.from(data) }] as never });
      const first = textOf(await udp(port, message(edns(1232))));
      for (const data of ['12345678', '87654321', '123456781234567812345678']) {
        assert.equal(textOf(await udp(port, message(withCookie(data)))), first);
      }
    });

    it('but not in spelling: each gets its own back (0x20)', async () => {
      await start(count);
      const spellings = ['example.org', 'ExAmPlE.oRg', 'EXAMPLE.ORG'];
      for (const name of spellings) {
        for (const reply of [await udp(port, queryBytes(name, 'TXT')), await tcp(port, queryBytes(name, 'TXT'))]) {
          const { questions, answers } = packet.decode(reply);
          assert.equal(questions?.[0].name, name);
          assert.equal(answers?.[0].name, name);
        }
      }
      assert.equal(handled, 2);
    });

    it('by their address, their network or ours, if the handler says so', async () => {
      const origins: Handler = (query, reply) => {
        const [first] = query.key.split('.');
        if (first === 'all') reply.cache({ varyBy: ['client', 'localAddress'] });
        else if (first === 'network') reply.cache({ varyBy: ['clientNetwork'] });
        else if (first === 'client') reply.cache({ varyBy: ['client'] });
        else if (first === 'local') reply.cache({ varyBy: ['localAddress'] });
        const data = `${query.client.address} ${query.local.address} ${query.local.port}`;
        reply.answer({ type: 'TXT', name: query.name, ttl: 300, data });
      };
      for (const address of ['0.0.0.0', '[::]', undefined]) {
        const listen = address === undefined ? ['127.0.0.1:0', '127.0.0.2:0'] : `${address}:0`;
        await start(origins, {}, { listen });
        const ports = server.addresses().map((each) => each.port);
        // client, our address, our port
        const cases: [string, string, number][] = [
          ['127.0.0.5', '127.0.0.1', ports[0]],
          ['127.0.0.6', '127.0.0.1', ports[0]],
          ['127.0.1.5', '127.0.0.1', ports[0]],
          ['127.0.0.5', '127.0.0.2', ports[1] ?? ports[0]],
        ];
        const texts: Record<string, string[]> = {};
        for (const name of ['all', 'network', 'client', 'local']) {
          texts[name] = [];
          for (let round = 0; round < 2; round++) {
            for (const [from, to, at] of cases) {
              texts[name].push(textOf(await udp(at, queryBytes(`${name}.example`, 'TXT'), to, from)));
            }
          }
        }
        const seen = cases.map(([from, to, at]) => `${from} ${to} ${at}`);
        const [one, two, far, other] = seen;
        assert.deepEqual(texts.all, [...seen, ...seen]);
        assert.deepEqual(texts.network, [one, one, far, one, one, one, far, one]);
        assert.deepEqual(texts.client, [one, two, far, one, one, two, far, one]);
        assert.deepEqual(texts.local, [one, one, one, other, one, one, one, other]);
        assert.equal(handled, 4 + 2 + 3 + 2);
        // The same by TCP, whose local address the library gets by another way.
        for (let round = 0; round < 2; round++) {
          for (const [, to, at] of [cases[0], cases[3]]) {
            const text = textOf(await tcp(at, queryBytes('local.example', 'TXT'), to));
            assert.equal(text.split(' ').slice(1).join(' '), `${to} ${at}`);
          }
        }
        assert.equal(handled, 11 + 2);
        await server.close();
      }
    });
  });

  it('gives what the handler gave, octet by octet save ID, spelling and TTLs', async () => {
    await start((query, reply) => {
      const name = query.name;
      reply.authoritative = true;
      reply.answer({ type: 'CNAME', name, ttl: 600, data: 'Elsewhere.example.org' });
      reply.answer({ type: 'A', name: 'Elsewhere.example.org', ttl: 300, data: '192.0.2.1' });
      reply.answer({ type: 'TXT', name: 'other.example', ttl: 301, data: ['a', 'b'] });
      reply.authority({ type: 'NS', name: 'example.org', ttl: 7200, data: 'ns.example.org' });
      reply.additional({ type: 'A', name: 'ns.example.org', ttl: 0x7fffffff, data: '192.0.2.53' });
      reply.ede(4, 'for nobody but you');
    });
    const kinds: Packet[] = [{}, { additionals: [opt()] }, { additionals: [opt(1232, { flags: 0x8000 })] }];
    for (const more of kinds) {
      for (const exchange of [udp, tcp]) {
        const [first, second] = ['www.example.org', 'wWw.ExAmPlE.org'].map((name) => queryBytes(name, 'A', more));
        const given = await exchange(port, first);
        const before = handled;
        const cached = await exchange(port, second);
        assert.equal(handled, before);
        assert.equal(cached.readUInt16BE(0), second.readUInt16BE(0));
        assert.equal(packet.decode(cached).questions?.[0].name, 'wWw.ExAmPlE.org');
        assert.equal(walk(cached).rest, walk(given).rest);
        const age = walk(given).ttls[0] - walk(cached).ttls[0];
        assert.ok(age >= 0 && age < 60);
        assert.deepEqual(
          walk(cached).ttls,
          walk(given).ttls.map((ttl) => ttl - age),
        );
      }
    }
  });

  it('counts TTLs down, and asks the handler again when one is over', async () => {
    await start((query, reply) => {
      reply.answer({ type: 'TXT', name: query.name, ttl: 3, data: String(handled) });
    });
    const ttl = async (): Promise<[string, number]> => {
      const [answer] = (await ask('example.org')).answers as [packet.TxtAnswer];
      return [String(answer.data), Number(answer.ttl)];
    };
    assert.deepEqual(await ttl(), ['1', 3]);
    await wait(1200);
    const [text, left] = await ttl();
    assert.ok(text === '1' && (left === 2 || left === 1), `${text} ${left}`);
    await wait(2000);
    assert.deepEqual(await ttl(), ['2', 3]);
  });

  it('keeps a reply for the ttl that the handler says, if its records live longer', async () => {
    await start((query, reply) => {
      count(query, reply);
      reply.cache({ ttl: 1 });
    });
    assert.ok(await isCached('example.org'));
    await wait(1100);
    assert.equal(textOf(await udp(port, queryBytes('example.org', 'TXT'))), '2');
  });

  describe('keeps a reply or not', () => {
    const txt = (name: string, ttl = 300, size = 1) =>
      ({ type: 'TXT', name, ttl, data: Buffer.alloc(size, 'x') }) satisfies packet.TxtAnswer;
    const soa = (minimum: number, ttl = 300): packet.SoaAnswer => {
      const data = { mname: 'ns', rname: 'root', serial: 1, refresh: 1, retry: 1, expire: 1, minimum };
      return { type: 'SOA', name: 'example', ttl, data };
    };
    const negative =
      (rcode: Rcode, ...authorities: packet.SoaAnswer[]): Handler =>
      (_, reply) => {
        reply.rcode = rcode;
        reply.authority(...authorities);
      };
    /** With a long life that is taken back by what happens afterwards. */
    const thenFail =
      (fail: () => void | Promise<void>): Handler =>
      (query, reply) => {
        count(query, reply.cache({ ttl: 60 }));
        return fail();
      };
    const fault = new Error('on purpose');
    const neverKept: Handler = (query, reply) => {
      count(query, reply.cache({ ttl: 0 }));
    };
    const later =
      (handler: Handler): Handler =>
      async (query, reply) => {
        await wait(1);
        await handler(query, reply);
      };

    const cases: [what: string, kept: boolean, handler: Handler][] = [
      ['with records', true, count],
      ['that says there is no such name, with SOA', true, negative('NXDOMAIN', soa(60))],
      ['that says there is no such data, with SOA', true, negative('NOERROR', soa(60))],
      ['whose SOA has a MINIMUM of 0', false, negative('NXDOMAIN', soa(0))],
      ['whose SOA has a TTL of 0', false, negative('NXDOMAIN', soa(60, 0))],
      ['that says there is no such name, without SOA', false, negative('NXDOMAIN')],
      ['that says there is no such data, without SOA', false, negative('NOERROR')],
      ['that is a failure', false, negative('SERVFAIL')],
      ['with a TTL of 0 in one of its records', false, ({ name }, reply) => void reply.answer(txt(name), txt(name, 0))],
      ['without SOA, if it says how long', true, (_, reply) => void (reply.cache({ ttl: 60 }).rcode = 'NXDOMAIN')],
      ['that is a failure, if it says how long', true, (_, reply) => void (reply.cache({ ttl: 5 }).rcode = 'REFUSED')],
      [
        'with a TTL of 0, whatever it says',
        false,
        ({ name }, reply) => void reply.cache({ ttl: 60 }).answer(txt(name, 0)),
      ],
      ['that says it is not to be kept', false, neverKept],
      ['that comes late', true, later(count)],
      ['that comes late and is not to be kept', false, later(neverKept)],
      [
        'that was encoded elsewhere',
        true,
        ({ raw, name }, reply) => {
          const { questions } = packet.decode(raw);
          reply.send(packet.encode({ type: 'response', questions, answers: [txt(name)] }));
        },
      ],
      [
        'of a handler that throws',
        false,
        thenFail(() => {
          throw fault;
        }),
      ],
      ['of a handler that rejects', false, thenFail(() => Promise.reject(fault))],
      ['of a handler that takes too long', false, thenFail(() => wait(120).then(() => undefined))],
      ['of a handler that answers nothing', false, (_, reply) => void reply.cache({ ttl: 60 })],
      ['that cannot be encoded', false, (_, reply) => void reply.cache({ ttl: 60 }).answer(txt('no..name'))],
    ];
    for (const [what, kept, handler] of cases) {
      it(`${kept ? 'keeps' : 'does not keep'} one ${what}`, async () => {
        await start(handler, {}, { handlerTimeout: 50 });
        for (const more of [{}, { additionals: [opt()] }]) assert.equal(await isCached('example.org', more), kept);
        await wait(what.endsWith('too long') ? 150 : 0); // the handler's own reply comes after all
        assert.equal(cacheStats().stores, kept ? 2 : 0);
      });
    }

    it('does not keep one with a response code of more than four bits', async () => {
      await start((_, reply) => void (reply.cache({ ttl: 60 }).rcode = 'BADCOOKIE'));
      assert.equal(await isCached('example.org', { additionals: [opt()] }), false);
    });

    it('does not keep one that was truncated, but those of clients that take all of it', async () => {
      await start(
        ({ name }, reply) => void reply.answer(txt(name, 300, 250), txt(name, 300, 251), txt(name, 300, 252)),
      );
      assert.equal(await isCached('example.org'), false);
      assert.equal(await isCached('example.org', { additionals: [opt()] }), true);
      const before = handled;
      for (let i = 0; i < 2; i++) {
        assert.equal(packet.decode(await tcp(port, queryBytes('example.org', 'TXT'))).answers?.length, 3);
      }
      assert.equal(handled, before + 1);
    });
  });

  it('keeps nothing of queries that were dropped or shed', async () => {
    const held: (() => void)[] = [];
    const handler: Handler = async (query, reply) => {
      reply.cache({ ttl: 60 });
      if (query.key !== 'drop')
        return new Promise<void>((resolve) => held.push(resolve)).then(() => {
          count(query, reply);
        });
      reply.drop();
      return undefined;
    };
    await start(handler, {}, { maxInFlight: 1, overload: 'REFUSED' });
    assert.equal(await udpExchange(queryBytes('drop'), port, '127.0.0.1', 200), undefined);
    const slow = ask('slow');
    await until(() => held.length === 1, 'the handler holds a query');
    assert.equal(packet.decode(await udp(port, queryBytes('shed', 'TXT'))).flags! & 15, 5);
    assert.equal(cacheStats().stores, 0);
    held[0]();
    await slow;
    assert.equal(cacheStats().stores, 1);
  });

  it('says the payload size that the server was given, and gives as much', async () => {
    const size = 1500;
    const big: Handler = (query, reply) => {
      for (let left = size; left > 0; left -= 250) {
        reply.answer({ type: 'TXT', name: query.name, ttl: 300, data: Buffer.alloc(250, left % 251) });
      }
    };
    await start(big, {}, { maxPayloadSize: 4096 });
    const query = queryBytes('example.org', 'TXT', { additionals: [opt(4096)] });
    const [given, cached] = [await udp(port, query), await udp(port, query)];
    assert.ok(cached.length > 1232);
    assert.equal(walk(cached).rest, walk(given).rest);
    assert.equal((packet.decode(cached).additionals?.[0] as packet.OptAnswer).udpPayloadSize, 4096);
    assert.equal(handled, 1);
    // For a client that takes less it is another answer.
    assert.ok(
      (packet.decode(await udp(port, queryBytes('example.org', 'TXT', { additionals: [opt(1232)] }))).flags! &
        0x200) !==
        0,
    );
  });

  it('gives a stale answer while the handler renews it, if serveStale allows it', async () => {
    let release: (() => void) | undefined;
    const handler: Handler = async (query, reply) => {
      reply.answer({ type: 'TXT', name: query.name, ttl: 1, data: String(handled) });
      if (handled > 1) await new Promise<void>((resolve) => (release = resolve));
    };
    await start(handler, { serveStale: 60 });
    assert.equal(textOf(await udp(port, queryBytes('example.org', 'TXT'))), '1');
    await wait(1100);
    const renewing = udp(port, queryBytes('example.org', 'TXT')); // the first who comes waits for the handler
    await until(() => release !== undefined, 'the handler renews');
    for (let i = 0; i < 3; i++) {
      const stale = await udp(port, queryBytes('example.org', 'TXT'));
      assert.equal(textOf(stale), '1');
      assert.ok(walk(stale).ttls[0] > 0 && walk(stale).ttls[0] <= 30);
    }
    assert.equal(cacheStats().staleHits, 3);
    release?.();
    assert.equal(textOf(await renewing), '2');
    assert.equal(textOf(await udp(port, queryBytes('example.org', 'TXT'))), '2');
    assert.equal(handled, 2);
  });

  it('gives nothing stale otherwise', async () => {
    await start((query, reply) => void reply.answer({ type: 'TXT', name: query.name, ttl: 1, data: String(handled) }));
    await ask('example.org');
    await wait(1100);
    assert.equal(textOf(await udp(port, queryBytes('example.org', 'TXT'))), '2');
    assert.equal(cacheStats().staleHits, 0);
  });

  it('renews an answer that is asked for often before its end', async () => {
    const handler: Handler = (query, reply) =>
      void reply.answer({ type: 'TXT', name: query.name, ttl: 10, data: String(handled) });
    await start(handler, { prefetch: { hits: 2, percent: 90 } });
    const text = async (name: string): Promise<string> => textOf(await udp(port, queryBytes(name, 'TXT')));
    assert.equal(await text('often'), '1');
    assert.equal(await text('seldom'), '2');
    assert.equal(await text('often'), '1');
    await wait(2100);
    assert.equal(await text('seldom'), '2'); // the first hit
    assert.equal(await text('often'), '3'); // the second: this one renews it
    assert.equal(await text('often'), '3');
    assert.equal(handled, 3);
  });

  it('forgets a name, what is below it, or all', async () => {
    await start(count);
    const names = ['example.org', 'www.example.org', 'a.b.www.example.org', 'notexample.org', 'a\\.b.example.org'];
    const fill = async (): Promise<void> => {
      for (const name of names) await udp(port, name === names[4] ? dotted : queryBytes(name, 'TXT'));
    };
    // One label with a dot in it, which dns-packet cannot write.
    const dotted = Buffer.concat([
      Buffer.from('123401000001000000000000', 'hex'),
      Buffer.from('\x03a.b\x07example\x03org\0\0\x10\0\x01', 'latin1'),
    ]);
    const { cache } = server;
    assert.ok(cache !== undefined);
    await fill();
    assert.equal(cacheStats().entries, 5);
    assert.equal(cache.clear('WWW.example.org.'), 1);
    await fill();
    assert.equal(cache.clear('www.example.org', { subtree: true }), 2);
    await fill();
    assert.equal(cache.clear('a\\.b.example.org'), 1);
    assert.equal(cache.clear('a.b.example.org'), 0);
    await fill();
    assert.equal(cache.clear('example.org', { subtree: true }), 4);
    await fill();
    assert.equal(cache.clear('.', { subtree: true }), 5);
    await fill();
    assert.equal(cache.clear(), 5);
    assert.equal(cacheStats().entries, 0);
    const before = handled;
    await fill();
    assert.equal(handled, before + 5);
    for (const bad of ['a..b', `${'x'.repeat(64)}.org`, Array(130).fill('a').join('.'), '\\400', 'ä']) {
      assert.throws(() => cache.clear(bad), { code: 'ERR_INVALID_ARG_VALUE', message: /"name"/ });
    }
  });

  it('stays within its bytes, and answers right under pressure', async () => {
    await start((query, reply) => void reply.answer({ type: 'TXT', name: query.name, ttl: 300, data: query.key }), {
      maxBytes: 1 << 16,
    });
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 600; i++) {
        const name = `host${i}.example`;
        assert.equal(textOf(await udp(port, queryBytes(name, 'TXT'))), name);
      }
    }
    const { evictions, entries, bytes, stores } = cacheStats();
    assert.ok(evictions > 0 && entries > 0 && bytes <= 1 << 16, `${evictions} ${entries} ${bytes}`);
    assert.equal(stores - evictions, entries);
  });

  it('answers pipelined TCP queries out of both, each once, in any order', async () => {
    await start((query, reply) => {
      const answer = (): void => void reply.answer({ type: 'TXT', name: query.name, ttl: 300, data: query.key });
      if (query.key.startsWith('late')) return wait(1).then(answer);
      answer();
      return undefined;
    });
    for (let i = 0; i < 100; i += 2) await ask(`host${i}.example`); // by UDP: another transport
    for (let i = 0; i < 100; i += 2) await tcp(port, queryBytes(`host${i}.example`, 'TXT'));
    const before = handled;
    const client = await TcpClient.connect(port);
    const queries = Array.from({ length: 300 }, (_, i) => {
      // 50 hits, and misses that are answered at once and later; every tenth is no query.
      const name = i >= 200 ? `late${i}.example` : `host${i}.example`;
      return queryBytes(name, 'TXT', { id: i, ...(i % 10 === 9 ? { flags: 0x0800 } : {}) });
    });
    client.socket.write(Buffer.concat(queries.map(framed)));
    const seen = new Map<number, Buffer>();
    for (let i = 0; i < queries.length; i++) {
      const reply = await client.next();
      if (reply === undefined) throw new Error(`only ${i} answers`);
      seen.set(reply.readUInt16BE(0), reply);
    }
    client.close();
    assert.equal(seen.size, queries.length);
    for (const [id, reply] of seen) {
      if (id % 10 === 9) assert.equal(reply.length, 12);
      else assert.equal(textOf(reply), packet.decode(queries[id]).questions?.[0].name);
    }
    assert.equal(handled - before, 300 - 50 - 30);
    const { tcpQueries, tcpReplies, cacheHits } = server.stats().totals;
    assert.deepEqual([tcpQueries, tcpReplies, cacheHits], [350, 350, 50]);
  });

  it('is one for all workers, and warm for all when one has answered', async () => {
    const options = {
      filename: counting,
      sockets: 2,
      workers: 2,
      cache: { maxBytes: MIB },
      steering: 'random' as const,
    };
    ({ server, port } = await serve(options));
    const texts = new Set<string>();
    const both = (): boolean => server.stats().workers.every(({ cacheHits }) => cacheHits > 0);
    for (let i = 0; i < 1000 && !both(); i++) texts.add(textOf(await udp(port, queryBytes('example.org', 'TXT'))));
    assert.ok(both(), 'both workers have answered from the cache');
    assert.equal(texts.size, 1);
    assert.equal(server.stats().totals.handled, 1);
    assert.equal(cacheStats().misses, 1);
  });

  it('has nothing of the old handler after a reload', async () => {
    const options = { filename: counting, sockets: 1, workers: 1, cache: { maxBytes: MIB }, workerData: 'old' };
    ({ server, port } = await serve(options));
    assert.match(textOf(await udp(port, queryBytes('example.org', 'TXT'))), /old$/);
    await server.reload({ workerData: 'new' });
    assert.match(textOf(await udp(port, queryBytes('example.org', 'TXT'))), /new$/);
    assert.match(textOf(await udp(port, queryBytes('example.org', 'TXT'))), / 1 new$/);
  });
});
