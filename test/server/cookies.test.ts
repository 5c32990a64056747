import assert from 'node:assert/strict';
import { mock } from 'node:test';
import packet, { type DecodedPacket } from 'dns-packet';
import { createServer, type Handler, type Server, type ServerOptions } from 'multisocket';
import { cookieOption, dig, opt, queryBytes, run, TcpClient, udpExchange } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { serve as start } from '../support/server.js';

const SECRET = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
const OTHER = '445536bcd2513298075a5d379663c962';
const CLIENT = '2464c4abcf10c957';

/** On the calling thread, with a handler that counts its calls. */
async function serve(
  options: Partial<ServerOptions> = {},
): Promise<{ server: Server; port: number; calls: () => number }> {
  let calls = 0;
  const handler: Handler = async (query, reply) => {
    calls++;
    if (query.key.startsWith('late.')) await new Promise((resolve) => setTimeout(resolve, 20));
    if (query.key.startsWith('ede.')) reply.ede(0, 'a text');
    reply.answer({ type: 'A', name: query.name, ttl: 300, data: '192.0.2.1' });
  };
  const { server, port } = await start({ workers: 0, sockets: 1, cookies: { secrets: [SECRET] }, handler, ...options });
  return { server, port, calls: () => calls };
}

/** A query with a COOKIE option of these octets. */
function withCookie(hex: string, more: packet.Packet = {}, name = 'example.org'): Buffer {
  const options = [cookieOption(hex)];
  return queryBytes(name, 'A', { additionals: [opt(1232, { options })], ...more });
}

type Reply = DecodedPacket & { rcode: string };

async function exchange(port: number, message: Buffer, address?: string): Promise<Reply> {
  const answered = await udpExchange(message, port, address);
  assert.ok(answered);
  return packet.decode(answered.reply) as Reply;
}

/** RCODE with its extension, and the data of the COOKIE options as digits. */
function read(reply: Reply): { rcode: number; cookies: string[]; answers: number } {
  const opts = (reply.additionals ?? []).filter((record): record is packet.OptAnswer => record.type === 'OPT');
  const options = opts.flatMap((record) => record.options as unknown as { code: number; data: Buffer }[]);
  const cookies = options.flatMap(({ code, data }) => (code === 10 ? [data.toString('hex')] : []));
  const rcode = (reply.flags ?? 0) & 15;
  return { rcode: rcode | ((opts[0]?.extendedRcode ?? 0) << 4), cookies, answers: reply.answers?.length ?? 0 };
}

describe('cookies', () => {
  it('are sent to clients that send one, and dig accepts them', async () => {
    const { server, port } = await serve({ cache: { maxBytes: 1 << 20 } });
    const ask = ['@127.0.0.1', '-p', String(port), 'example.org', '+norecurse'];
    for (const more of [[], [], ['+tcp'], ['+bufsize=512'], ['+dnssec']]) {
      assert.match(await dig(...ask, ...more), /; COOKIE: [0-9a-f]{16}01000000[0-9a-f]{24} \(good\)/);
    }
    assert.doesNotMatch(await dig(...ask, '+nocookie'), /COOKIE/);
    assert.doesNotMatch(await dig(...ask, '+noedns'), /COOKIE/);
    const kdig = await run('kdig', [...ask, '+cookie=0123456789abcdef']);
    assert.match(kdig, /COOKIE: 0123456789ABCDEF01000000[0-9A-F]{24}/);
    await server.close();
  });

  it('are the same on servers with the same secret', async () => {
    const first = await serve();
    const second = await serve({ cookies: { secrets: [OTHER, SECRET], require: true } });
    const { cookies } = read(await exchange(first.port, withCookie(CLIENT)));
    assert.equal(cookies.length, 1);
    assert.equal(cookies[0].slice(0, 24), `${CLIENT}01000000`);
    const made = parseInt(cookies[0].slice(24, 32), 16);
    assert.ok(Math.abs(made - Date.now() / 1000) < 60);
    // The other server takes it, and gives one of its first secret in its place.
    const { rcode, cookies: others, answers } = read(await exchange(second.port, withCookie(cookies[0])));
    assert.deepEqual([rcode, answers], [0, 1]);
    assert.notEqual(others[0], cookies[0]);
    // Back at the first one that is no good cookie; but answers are for all.
    const back = read(await exchange(first.port, withCookie(others[0])));
    assert.deepEqual([back.rcode, back.answers], [0, 1]);
    assert.notEqual(back.cookies[0], others[0]);
    // Its own it gives back as it is.
    assert.deepEqual(read(await exchange(first.port, withCookie(cookies[0]))).cookies, cookies);
    await first.server.close();
    await second.server.close();
  });

  it('are last in the OPT of every reply: of the handler, a late handler, the cache', async () => {
    const { server, port, calls } = await serve({ cache: { maxBytes: 1 << 20 } });
    for (const name of ['example.org', 'late.example.org', 'ede.example.org']) {
      const before = calls();
      const client = (octet: string): string => octet.repeat(8);
      const first = await exchange(port, withCookie(client('11'), { id: 1 }, name));
      const second = await exchange(port, withCookie(client('22'), { id: 2 }, name));
      const none = await exchange(port, queryBytes(name, 'A', { additionals: [opt()] }));
      const plain = await exchange(port, queryBytes(name));
      assert.equal(
        calls(),
        before + 2,
        'those with and without cookie share an answer; those without EDNS have theirs',
      );
      assert.equal(read(first).cookies[0].slice(0, 16), client('11'));
      assert.equal(read(second).cookies[0].slice(0, 16), client('22'));
      assert.deepEqual([read(none).cookies, read(plain).cookies], [[], []]);
      const options = (reply: Reply): number[] =>
        (reply.additionals ?? []).flatMap((record) =>
          record.type === 'OPT' ? record.options.map(({ code }) => code) : [],
        );
      const others = name.startsWith('ede.') ? [15] : [];
      assert.deepEqual([options(first), options(second), options(none)], [[...others, 10], [...others, 10], others]);
    }
    await server.close();
  });

  it('have room in every reply: what does not fit with one is truncated', async () => {
    const { server, port } = await serve({
      cache: { maxBytes: 1 << 20 },
      handler: (query, reply) => {
        // 512 octets with the question, this record and an OPT.
        const rest = 512 - 12 - (query.name.length + 2 + 4) - 12 - 11;
        const data = Buffer.alloc(rest - 2 * Math.ceil(rest / 256), 'x');
        const strings = [data.subarray(0, 255), data.subarray(255)];
        reply.answer({ type: 'TXT', name: query.name, ttl: 300, data: strings });
      },
    });
    const small = (options: packet.PacketOpt[]): packet.Packet => ({ additionals: [opt(512, { options })] });
    const ask = (options: packet.PacketOpt[]): Promise<Reply> =>
      exchange(port, queryBytes('example.org', 'TXT', small(options)));
    const cookie = cookieOption(CLIENT);
    for (let i = 0; i < 2; i++) {
      assert.equal((await ask([])).flag_tc, false);
      const cut = await ask([cookie]);
      assert.equal(cut.flag_tc, true);
      assert.equal(read(cut).cookies.length, 1);
    }
    await server.close();
  });

  it('of invalid length are FORMERR (RFC 7873 s.5.2.2)', async () => {
    const { server, port, calls } = await serve();
    for (const length of [0, 1, 7, 9, 15, 41, 100]) {
      assert.deepEqual(read(await exchange(port, withCookie('ab'.repeat(length)))).rcode, 1, `${length} octets`);
    }
    assert.equal(calls(), 0);
    for (const length of [8, 16, 24, 40]) {
      const { rcode, cookies, answers } = read(await exchange(port, withCookie('ab'.repeat(length))));
      assert.deepEqual([rcode, answers, cookies.length], [0, 1, 1], `${length} octets`);
    }
    assert.equal(server.stats().totals.formatErrors, 7);
    // Over TCP as well.
    const client = await TcpClient.connect(port);
    const refused = await client.exchange(withCookie('ab'));
    assert.ok(refused);
    assert.equal(read(packet.decode(refused) as Reply).rcode, 1);
    client.close();
    await server.close();
  });

  it('if they are required, BADCOOKIE has a cookie for the next query', async () => {
    const { server, port, calls } = await serve({
      cookies: { secrets: [SECRET], require: true },
      cache: { maxBytes: 1 << 20 },
    });
    for (const cookie of [CLIENT, `${CLIENT}0100000000000000${'0'.repeat(16)}`]) {
      const query = withCookie(cookie, { id: 77 });
      const refused = await exchange(port, query);
      const { rcode, cookies, answers } = read(refused);
      assert.deepEqual([refused.id, rcode, answers, cookies.length], [77, 23, 0, 1]);
      assert.deepEqual(refused.questions, packet.decode(query).questions);
      const answered = read(await exchange(port, withCookie(cookies[0])));
      assert.deepEqual([answered.rcode, answered.answers], [0, 1]);
      // It is another client's no good.
      assert.equal(read(await exchange(port, withCookie(cookies[0]), '127.0.0.1')).rcode, 0);
    }
    // A client without cookies, and one with a connection, gets an answer.
    assert.equal(read(await exchange(port, queryBytes('example.org'))).answers, 1);
    const client = await TcpClient.connect(port);
    const byTcp = await client.exchange(withCookie(CLIENT));
    assert.ok(byTcp);
    assert.equal(read(packet.decode(byTcp) as Reply).answers, 1);
    client.close();
    assert.equal(server.stats().totals.badCookies, 2);
    assert.equal(calls(), 3, 'one by UDP with EDNS, one without, one by TCP; the rest from the cache');
    assert.match(
      await dig('@127.0.0.1', '-p', String(port), 'example.org', '+norecurse'),
      /status: NOERROR[\s\S]*\(good\)/,
    );
    await server.close();
  });

  it('can be requested without a question (RFC 7873 s.5.4)', async () => {
    const { server, port, calls } = await serve();
    const bare = (hex: string): Buffer => withCookie(hex, { id: 5, questions: [] });
    const first = await exchange(port, bare(CLIENT));
    const { rcode, cookies, answers } = read(first);
    assert.deepEqual([first.id, rcode, answers, first.questions?.length, cookies.length], [5, 0, 0, 0, 1]);
    assert.deepEqual(read(await exchange(port, bare(cookies[0]))), { rcode: 0, cookies, answers: 0 });
    const bad = read(await exchange(port, bare(`${cookies[0].slice(0, 46)}00`)));
    assert.deepEqual([bad.rcode, bad.cookies.length], [23, 1]);
    assert.equal(read(await exchange(port, bare('ab'))).rcode, 1);
    // Without a cookie there is nothing to ask.
    const none = queryBytes('.', 'A', { questions: [], additionals: [opt()] });
    assert.equal(read(await exchange(port, none)).rcode, 1);
    const client = await TcpClient.connect(port);
    const byTcp = await client.exchange(bare(CLIENT));
    assert.ok(byTcp);
    assert.equal(read(packet.decode(byTcp) as Reply).cookies.length, 1);
    client.close();
    assert.equal(calls(), 0);
    await server.close();
  });

  it('are valid on all workers, and after the secret has changed once', async () => {
    const { server, port } = await start({ sockets: 4, workers: 2, cookies: { require: true } });
    const { cookies } = read(await exchange(port, withCookie(CLIENT)));
    const everywhere = async (expected: number): Promise<void> => {
      // Each from a port of its own, so that the kernel chooses among the sockets.
      const replies = await Promise.all(Array.from({ length: 20 }, () => exchange(port, withCookie(cookies[0]))));
      for (const reply of replies) assert.equal(read(reply).rcode, expected);
    };
    await everywhere(0);
    server.rotateCookieSecrets();
    await everywhere(0);
    server.rotateCookieSecrets();
    await everywhere(23);
    server.rotateCookieSecrets([SECRET]);
    const given = read(await exchange(port, withCookie(CLIENT))).cookies[0];
    server.rotateCookieSecrets([OTHER, SECRET]);
    assert.equal(read(await exchange(port, withCookie(given))).rcode, 0);
    await server.close();
  });

  it('are each client’s own with a Corefile and its cache', async () => {
    const answer = 'answer "{{ .Name }} 60 IN A 192.0.2.1"';
    const { server, port } = await serveCorefile(`.:0 {\n cache\n template IN A {\n  ${answer}\n }\n}`, {
      cookies: true,
    });
    for (const octet of ['11', '22', '33']) {
      const { rcode, cookies, answers } = read(await exchange(port, withCookie(octet.repeat(8))));
      assert.deepEqual([rcode, answers, cookies.length], [0, 1, 1]);
      assert.equal(cookies[0].slice(0, 24), `${octet.repeat(8)}01000000`);
    }
    assert.deepEqual(read(await exchange(port, queryBytes('example.org', 'A', { additionals: [opt()] }))).cookies, []);
    await server.close();
  });

  it('have a secret that changes by itself, unless it was given', async () => {
    const rotation = 3_600_000;
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      for (const secrets of [{}, { secrets: [SECRET] }, { rotation: 0 }]) {
        const { server, port } = await serve({ cookies: { rotation, require: true, ...secrets } });
        const cookie = read(await exchange(port, withCookie(CLIENT))).cookies[0];
        mock.timers.tick(rotation);
        const after = read(await exchange(port, withCookie(cookie)));
        mock.timers.tick(rotation);
        const twice = read(await exchange(port, withCookie(cookie)));
        const changes = Object.keys(secrets).length === 0;
        assert.deepEqual([after.rcode, twice.rcode], [0, changes ? 23 : 0]);
        assert.equal(after.cookies[0] === cookie, !changes);
        await server.close();
      }
    } finally {
      mock.timers.reset();
    }
  });

  it('are the handler’s affair without the option', async () => {
    const { server, port, calls } = await serve({ cookies: false, cache: { maxBytes: 1 << 20 } });
    for (let i = 0; i < 2; i++) assert.deepEqual(read(await exchange(port, withCookie(CLIENT))).cookies, []);
    assert.equal(read(await exchange(port, withCookie('ab'))).rcode, 0);
    // The option does not change the answer, so that the cache has it for the second and the third query.
    assert.equal(calls(), 1);
    assert.throws(
      () => {
        server.rotateCookieSecrets();
      },
      { code: 'ERR_INVALID_ARG_VALUE' },
    );
    await server.close();
  });

  it('checks its options, and shows no secret', () => {
    const refuses = (cookies: unknown, code: string, message: RegExp): void => {
      const options = { listen: '127.0.0.1:0', workers: 0, handler: () => undefined, cookies } as ServerOptions;
      assert.throws(
        () => createServer(options),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, code);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /e5e973/);
          return true;
        },
      );
    };
    refuses('yes', 'ERR_INVALID_ARG_TYPE', /"cookies"/);
    refuses(null, 'ERR_INVALID_ARG_TYPE', /"cookies"/);
    refuses({ secrets: SECRET }, 'ERR_INVALID_ARG_TYPE', /"cookies.secrets"/);
    refuses({ secrets: [] }, 'ERR_INVALID_ARG_VALUE', /1 to 4/);
    refuses({ secrets: [SECRET, SECRET, SECRET, SECRET, SECRET] }, 'ERR_INVALID_ARG_VALUE', /1 to 4/);
    refuses({ secrets: [SECRET.slice(1)] }, 'ERR_INVALID_ARG_VALUE', /32 hexadecimal digits/);
    refuses({ secrets: [SECRET.replace('e', 'g')] }, 'ERR_INVALID_ARG_VALUE', /32 hexadecimal digits/);
    refuses({ secrets: [Buffer.from(SECRET, 'hex')] }, 'ERR_INVALID_ARG_TYPE', /strings/);
    refuses({ rotation: 1000 }, 'ERR_INVALID_ARG_VALUE', /"cookies.rotation"/);
    refuses({ rotation: -1 }, 'ERR_OUT_OF_RANGE', /"cookies.rotation"/);
    refuses({ require: 1 }, 'ERR_INVALID_ARG_TYPE', /"cookies.require"/);
  });
});
