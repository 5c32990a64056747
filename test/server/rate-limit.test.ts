import assert from 'node:assert/strict';
import packet, { type DecodedPacket } from 'dns-packet';
import { createServer, type Handler, type Server, type ServerOptions } from 'multisocket';
import { cookieOption, opt, queryBytes, run, TcpClient, udpExchange } from '../support/clients.js';
import { serve as start } from '../support/server.js';
import { sendAll } from '../support/udp-burst.js';

const handler: Handler = async (query, reply) => {
  if (query.key.startsWith('late')) await new Promise((resolve) => setTimeout(resolve, 5));
  if (query.key.includes('none')) reply.rcode = 'NXDOMAIN';
  else if (query.key.includes('refused')) reply.rcode = 'REFUSED';
  else reply.answer({ type: 'A', name: query.name, ttl: 300, data: '192.0.2.1' });
};

/** A rate of 1 is spent with the first response; with this window it is not there again before the test is over. */
const window = 600;

async function serve(options: Partial<ServerOptions>): Promise<{ server: Server; port: number }> {
  return start({ workers: 0, sockets: 1, handler, ...options });
}

const many = (count: number, make: (i: number) => Buffer): Buffer[] => Array.from({ length: count }, (_, i) => make(i));
const read = (reply: Buffer): DecodedPacket & { rcode: string } =>
  packet.decode(reply) as DecodedPacket & { rcode: string };

describe('response rate limiting', () => {
  it('answers one question as often as it may, from handler and cache', async () => {
    for (const cache of [undefined, { maxBytes: 1 << 20 }]) {
      const { server, port } = await serve({
        rateLimit: { responsesPerSecond: 5, slip: 0, window },
        ...(cache === undefined ? {} : { cache }),
      });
      const replies = await sendAll(
        server,
        port,
        many(50, (i) => queryBytes(i % 2 === 0 ? 'a.example' : 'A.EXAMPLE')),
      );
      // A second's worth, and what a second that went by meanwhile brought.
      assert.ok(replies.length >= 5 && replies.length <= 10, `${replies.length} replies`);
      const { rateLimitDropped, cacheHits, handled } = server.stats().totals;
      assert.equal(rateLimitDropped, 50 - replies.length);
      assert.equal(handled + cacheHits, replies.length, 'what is too many costs no handler');
      // Other questions are others' accounts.
      assert.equal((await sendAll(server, port, [queryBytes('b.example'), queryBytes('a.example', 'AAAA')])).length, 2);
      await server.close();
    }
  });

  it('answers a network as often as it may, whatever it asks', async () => {
    const { server, port } = await serve({ rateLimit: { allPerSecond: 1, slip: 0, window } });
    const questions = many(20, (i) => queryBytes(`${i}.example`));
    const kinds = [Buffer.alloc(12, 1).fill(0, 2, 4), queryBytes('x', 'A', { flags: 0x1000 }), ...questions];
    assert.equal((await sendAll(server, port, kinds)).length, 1);
    await server.close();
  });

  it('lets some slip: truncated, and so that dig comes back by TCP', async () => {
    const { server, port } = await serve({ rateLimit: { responsesPerSecond: 1, slip: 1, window } });
    for (const more of [{}, { additionals: [opt(4096)] }]) {
      const name = `${Object.keys(more).length}.example`;
      const query = queryBytes(name, 'A', { id: 99, ...more });
      // What is sent short leaves before what the handler answers.
      const replies = await sendAll(
        server,
        port,
        many(10, () => query),
      );
      const others = replies.filter((reply) => read(reply).answers?.length === 0);
      assert.deepEqual([replies.length, others.length], [10, 9]);
      for (const other of others) {
        const { id, flag_tc, answers, questions, additionals, rcode } = read(other);
        assert.deepEqual([id, flag_tc, answers, questions, rcode], [99, true, [], read(query).questions, 'NOERROR']);
        assert.equal(additionals?.length, 'additionals' in more ? 1 : 0);
        assert.ok(other.length <= query.length, 'it is no longer than what was asked');
      }
      const ask = ['@127.0.0.1', '-p', String(port), name, '+nocookie', '+norecurse'];
      assert.match(await run('dig', [...ask, '+ignore']), /flags: qr tc;/);
      assert.match(await run('dig', ask), /Truncated, retrying in TCP mode[\s\S]*ANSWER: 1,/);
    }
    assert.equal(server.stats().totals.rateLimitDropped, 0);
    await server.close();
  });

  it('lets about one in `slip` slip', async () => {
    const { server, port } = await serve({ rateLimit: { responsesPerSecond: 1, slip: 4, window } });
    await sendAll(
      server,
      port,
      many(400, () => queryBytes('a.example')),
    );
    const { rateLimitDropped, rateLimitSlipped } = server.stats().totals;
    assert.ok(rateLimitDropped + rateLimitSlipped >= 397);
    // One in four of 400, by chance: that far off once in a million times.
    assert.ok(rateLimitSlipped > 55 && rateLimitSlipped < 145, `${rateLimitSlipped} slipped`);
    await server.close();
  });

  for (const late of ['', 'late']) {
    it(`limits NXDOMAIN whatever the name, and errors whatever they are${late && ', of late handlers'}`, async () => {
      const { server, port } = await serve({
        rateLimit: { responsesPerSecond: 1000, errorsPerSecond: 1, nxdomainsPerSecond: 1, slip: 0, window },
      });
      const ask = (kind: string): Promise<Buffer[]> =>
        sendAll(
          server,
          port,
          many(20, (i) => queryBytes(`${late}${kind}${i}.example`)),
        );
      const [nothing, refused, found] = [await ask('none'), await ask('refused'), await ask('there')];
      assert.deepEqual(
        nothing.map((reply) => read(reply).rcode),
        ['NXDOMAIN'],
      );
      assert.deepEqual(
        refused.map((reply) => read(reply).rcode),
        ['REFUSED'],
      );
      assert.equal(found.length, 20);
      await server.close();
    });
  }

  it('limits the errors that native code makes', async () => {
    const { server, port } = await serve({ rateLimit: { errorsPerSecond: 1, slip: 0, window } });
    const malformed = Buffer.alloc(12, 0);
    const notify = queryBytes('a.example', 'SOA', { flags: 0x2000 });
    const badVersion = queryBytes('a.example', 'A', { additionals: [opt(1232, { ednsVersion: 1 })] });
    const replies = await sendAll(
      server,
      port,
      many(30, (i) => [malformed, notify, badVersion][i % 3]),
    );
    assert.equal(replies.length, 1);
    await server.close();
  });

  it('lets NXDOMAIN slip truncated, and errors as they are', async () => {
    const { server, port } = await serve({
      rateLimit: { errorsPerSecond: 1, nxdomainsPerSecond: 1, slip: 1, window },
      cookies: true,
      cache: { maxBytes: 1 << 20 },
    });
    const ask = (kind: string): Promise<Buffer[]> =>
      sendAll(
        server,
        port,
        many(3, (i) => queryBytes(`${kind}${i}.example`, 'A', { additionals: [opt()] })),
      );
    const answered = (await ask('none')).map(read);
    assert.equal(answered.filter(({ rcode }) => rcode === 'NXDOMAIN').length, 1);
    for (const { rcode, flag_tc, additionals } of answered.filter((reply) => reply.rcode !== 'NXDOMAIN')) {
      assert.deepEqual([rcode, flag_tc, additionals?.length], ['NOERROR', true, 1]);
    }
    for (const reply of await ask('refused')) assert.equal(read(reply).rcode, 'REFUSED');
    await server.close();
  });

  it('does not apply to clients with a valid cookie, a connection, or an exempt address', async () => {
    const { server, port } = await serve({
      listen: ['127.0.0.1:0', '[::1]:0'],
      cookies: true,
      rateLimit: { responsesPerSecond: 1, allPerSecond: 1, slip: 1, window, exempt: ['::1/128', '192.0.2.0/24'] },
    });
    const query = (hex: string): Buffer =>
      queryBytes('a.example', 'A', {
        additionals: [opt(1232, { options: [cookieOption(hex)] })],
      });
    const cookieOf = (reply: Buffer): Buffer => reply.subarray(reply.length - 24);
    await sendAll(
      server,
      port,
      many(5, () => queryBytes('a.example')),
    );
    // Who sends a cookie that is not good slips with BADCOOKIE, and comes again with the one that it brings.
    const [bad] = await sendAll(server, port, [query('0123456789abcdef')]);
    assert.equal(
      ((read(bad).flags ?? 0) & 15) | ((read(bad).additionals?.[0] as packet.OptAnswer).extendedRcode << 4),
      23,
    );
    assert.equal(server.stats().totals.badCookies, 1);
    const replies = await sendAll(
      server,
      port,
      many(20, () => query(cookieOf(bad).toString('hex'))),
    );
    assert.equal(replies.filter((reply) => read(reply).answers?.length === 1).length, 20);
    assert.equal(server.stats().totals.rateLimitBypassed, 20);

    const client = await TcpClient.connect(port);
    for (let i = 0; i < 5; i++) {
      const reply = await client.exchange(queryBytes('a.example'));
      assert.equal(reply && read(reply).answers?.length, 1);
    }
    client.close();

    const six = server.addresses()[1].port;
    for (let i = 0; i < 5; i++) {
      const answered = await udpExchange(queryBytes('a.example'), six, '::1');
      assert.equal(answered && read(answered.reply).answers?.length, 1);
    }
    await server.close();
  });

  it('is one for all workers', async () => {
    const { server, port } = await start({
      sockets: 4,
      workers: 2,
      steering: 'random',
      rateLimit: { responsesPerSecond: 3, slip: 0, window },
    });
    const replies = await sendAll(
      server,
      port,
      many(100, () => queryBytes('example.org')),
    );
    assert.ok(replies.length >= 3 && replies.length <= 9, `${replies.length} replies`);
    assert.ok(server.stats().workers.every(({ received }) => received > 0));
    await server.close();
  });

  it('only counts with `reportOnly`', async () => {
    const { server, port } = await serve({
      rateLimit: { responsesPerSecond: 1, errorsPerSecond: 1, reportOnly: true, slip: 0, window },
    });
    const before = server.stats().totals;
    for (let i = 0; i < 5; i++) assert.ok(await udpExchange(queryBytes('a.example'), port));
    const { rateLimitDropped } = server.stats().totals;
    assert.ok(rateLimitDropped - before.rateLimitDropped >= 3);
    await server.close();
  });

  it('checks its options', () => {
    const refuses = (rateLimit: unknown, code: string, message: RegExp): void => {
      const options = { listen: '127.0.0.1:0', workers: 0, handler, rateLimit } as ServerOptions;
      assert.throws(() => createServer(options), { code, message });
    };
    refuses(5, 'ERR_INVALID_ARG_TYPE', /"rateLimit"/);
    refuses({}, 'ERR_INVALID_ARG_VALUE', /a rate above 0/);
    refuses({ responsesPerSecond: 0, window: 1 }, 'ERR_INVALID_ARG_VALUE', /a rate above 0/);
    refuses({ responsesPerSecond: 100_001 }, 'ERR_OUT_OF_RANGE', /"rateLimit.responsesPerSecond"/);
    refuses({ responsesPerSecond: 1.5 }, 'ERR_OUT_OF_RANGE', /"rateLimit.responsesPerSecond"/);
    refuses({ responsesPerSecond: 1, window: 0 }, 'ERR_OUT_OF_RANGE', /"rateLimit.window"/);
    refuses({ responsesPerSecond: 1, slip: 11 }, 'ERR_OUT_OF_RANGE', /"rateLimit.slip"/);
    refuses({ responsesPerSecond: 1, ipv4PrefixLength: 33 }, 'ERR_OUT_OF_RANGE', /"rateLimit.ipv4PrefixLength"/);
    refuses({ responsesPerSecond: 1, ipv6PrefixLength: 0 }, 'ERR_OUT_OF_RANGE', /"rateLimit.ipv6PrefixLength"/);
    refuses({ responsesPerSecond: 1, maxTableSize: 1 }, 'ERR_OUT_OF_RANGE', /"rateLimit.maxTableSize"/);
    refuses({ responsesPerSecond: 1, exempt: '::1' }, 'ERR_INVALID_ARG_TYPE', /"rateLimit.exempt"/);
    for (const net of ['', '1.2.3', '1.2.3.4/33', '::1/129', '1.2.3.4/', '1.2.3.4/8/8', 'fe80::1%lo', '1.2.3.4/x']) {
      refuses({ responsesPerSecond: 1, exempt: [net] }, 'ERR_INVALID_ARG_VALUE', /"rateLimit.exempt"/);
    }
    refuses({ responsesPerSecond: 1, exempt: Array(257).fill('::1') }, 'ERR_INVALID_ARG_VALUE', /at most 256/);
  });
});
