/** `createForwarder`: what a handler and a program without a server can do with it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import packet from 'dns-packet';
import { createServer, type CodedError, type Reply } from 'multisocket';
import { createForwarder, type ForwarderOptions, type QuestionOptions } from 'multisocket/forward';
import { makeCertificate } from '../support/certificate.js';
import { ask, opt, queryBytes, run, udpExchange } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { HttpsUpstream } from '../support/https-upstream.js';
import { receiveOne } from '../support/queries.js';
import { until } from '../support/server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { answer, replyTo, ScriptedUpstream } from '../support/upstream.js';

const NAME = 'www.example.org';

describe('createForwarder', function () {
  this.timeout(30_000);
  let upstream: ScriptedUpstream;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
  });
  afterEach(() => upstream.close());
  const to = (...more: string[]): string[] => [`127.0.0.1:${upstream.port}`, ...more];

  it('asks a question and resolves with the whole answer', async () => {
    upstream.script = ({ message, send }) => {
      const questions = [{ type: 'MX' as const, name: NAME, class: 'CH' as const }];
      const code = Buffer.from([0, 3]);
      send(
        replyTo(message, {
          flags: 0x05a3,
          questions,
          answers: [{ type: 'MX', name: NAME, ttl: 9, data: { preference: 1, exchange: 'mx.example' } }],
          authorities: [{ type: 'NS', name: NAME, ttl: 9, data: 'ns.example' }],
          additionals: [
            { type: 'A', name: 'ns.example', ttl: 9, data: '192.0.2.7' },
            opt(1232, { options: [{ code: 15, data: code }] as unknown as packet.OptAnswer['options'] }),
          ],
        }),
      );
    };
    using forwarder = createForwarder({ upstreams: to() });
    const asked = {
      name: NAME,
      type: 'mx',
      class: 'CH',
      dnssecOk: true,
      checkingDisabled: true,
      recursionDesired: false,
    };
    const { answers, authorities, additionals, ...rest } = await forwarder.query(asked);
    const header = { rcode: 'NXDOMAIN', authoritative: true, recursionAvailable: true, authenticData: true };
    assert.deepEqual(
      { ...rest, flags: rest.flags & 0xfff0 },
      { ...header, flags: 0x85a0, options: [{ code: 15, data: Buffer.from([0, 3]) }] },
    );
    assert.deepEqual(
      [answers, authorities, additionals].map(([{ type, name, ttl }]) => [type, name, ttl]),
      [
        ['MX', NAME, 9],
        ['NS', NAME, 9],
        ['A', 'ns.example', 9],
      ],
    );
    const [{ decoded }] = upstream.asked;
    const { flags = 0, additionals: sent = [] } = decoded;
    assert.deepEqual(
      [flags & packet.RECURSION_DESIRED, flags & packet.CHECKING_DISABLED],
      [0, packet.CHECKING_DISABLED],
    );
    assert.equal((sent[0] as packet.OptAnswer).flag_do, true);
    assert.deepEqual(decoded.questions, [{ name: NAME, type: 'MX', class: 'CH' }]);
  });

  it('asks by TCP after a truncated answer, or at once if the question says so', async () => {
    upstream.script = (asked) => {
      if (asked.transport === 'tcp') answer(asked, upstream);
      else asked.send(replyTo(asked.message, { flags: 0x0200, answers: [] }));
    };
    using forwarder = createForwarder({ upstreams: to() });
    assert.equal((await forwarder.query({ name: NAME })).answers.length, 1);
    assert.equal((await forwarder.query({ name: NAME, tcp: true })).answers.length, 1);
    assert.deepEqual(
      upstream.asked.map(({ transport }) => transport),
      ['udp', 'tcp', 'tcp'],
    );
  });

  const invalid: [question: unknown, code: string, about: RegExp][] = [
    [undefined, 'ERR_INVALID_ARG_TYPE', /"options"/],
    [{}, 'ERR_INVALID_ARG_TYPE', /"name"/],
    [{ name: 'a..b' }, 'ERR_INVALID_ARG_VALUE', /"name".*domain name/],
    [{ name: 'a', type: 'NOTHING' }, 'ERR_INVALID_ARG_VALUE', /"type"/],
    [{ name: 'a', type: 65_536 }, 'ERR_INVALID_ARG_VALUE', /"type"/],
    [{ name: 'a', qtype: 'A' }, 'ERR_INVALID_ARG_VALUE', /"qtype" option does not exist/],
  ];
  for (const [question, code, about] of invalid) {
    it(`rejects the question ${JSON.stringify(question)}`, async () => {
      using forwarder = createForwarder({ upstreams: to() });
      await assert.rejects(forwarder.query(question as QuestionOptions), (error: CodedError) => {
        assert.equal(error.code, code);
        assert.match(error.message, about);
        return true;
      });
      assert.equal(upstream.asked.length, 0);
    });
  }

  const unfit: [options: object, about: RegExp][] = [
    [{ upstreams: [] }, /"upstreams".*1 to 15 upstreams, not 0/],
    [{ upstreams: ['x://192.0.2.1'] }, /"upstreams".*'x:\/\/192/],
    [{ upstreams: ['https://192.0.2.1/a b'] }, /invalid path/],
    [{ upstreams: ['https://192.0.2.1/a?b=c'] }, /invalid path/],
    [{ upstreams: '192.0.2.1', failover: ['FINE'] }, /"failover".*'FINE'/],
    [{ upstreams: '192.0.2.1', maxAge: 1 }, /"maxAge".*"expire"/],
    [{ upstreams: '192.0.2.1', tls: { cert: 'x' } }, /"tls\.cert"/],
    [{ upstream: '192.0.2.1' }, /"upstream".*"upstreams"/],
  ];
  for (const [options, about] of unfit) {
    it(`refuses the options ${JSON.stringify(options)}`, () => {
      assert.throws(() => createForwarder(options as ForwarderOptions), about);
    });
  }

  it('names the question, the upstream and the reason if none answers', async () => {
    const port = await freePort();
    using forwarder = createForwarder({ upstreams: `127.0.0.1:${port}`, maxAttempts: 1 });
    const reason = new RegExp(
      `^no answer to a\\.example AAAA from 127\\.0\\.0\\.1:${port}: read udp .*: connection refused$`,
    );
    const query = forwarder.query({ name: 'a.example', type: 'AAAA' });
    await assert.rejects(query, { code: 'ERR_MULTISOCKET_NO_ANSWER', message: reason });
  });

  it('gives up after `timeout`, and after `readTimeout` goes to the next upstream', async () => {
    upstream.script = () => undefined;
    using forwarder = createForwarder({ upstreams: to(), timeout: 200 });
    const began = performance.now();
    await assert.rejects(forwarder.query({ name: NAME }), { code: 'ERR_MULTISOCKET_NO_ANSWER' });
    assert.ok(performance.now() - began < 1500);
    const second = await ScriptedUpstream.start();
    using both = createForwarder({ upstreams: to(`127.0.0.1:${second.port}`), policy: 'sequential', readTimeout: 100 });
    assert.equal((await both.query({ name: NAME })).rcode, 'NOERROR');
    await second.close();
  });

  it('answers queries of a server, REFUSED for transfers, and SERVFAIL with a cause that names the upstream', async () => {
    using forwarder = createForwarder({ upstreams: to(), maxAttempts: 1 });
    const replies: Reply[] = [];
    const server = createServer({
      listen: '127.0.0.1:0',
      workers: 0,
      handler: (query, reply) => {
        replies.push(reply);
        return forwarder.forward(query, reply);
      },
    });
    await server.listen();
    const { port } = server.addresses()[0];
    assert.equal((await ask(port, NAME)).answers?.length, 1);
    assert.equal(((await ask(port, NAME, 'AXFR')) as { rcode?: string }).rcode, 'REFUSED');
    await upstream.close();
    const failed = await udpExchange(queryBytes(NAME, 'A', { additionals: [opt()] }), port);
    const [edns] = packet.decode(failed!.reply).additionals as packet.OptAnswer[];
    assert.equal(failed!.reply[3] & 15, 2);
    assert.deepEqual(
      edns.options.map(({ code }) => code),
      [15],
    );
    const causes = replies.map(({ cause }) => cause?.message.replace(/read udp .*/, ''));
    assert.deepEqual(causes, [
      undefined,
      `no answer to ${NAME} AXFR: zone transfers are not forwarded`,
      `no answer to ${NAME} A from 127.0.0.1:${upstream.port}: `,
    ]);
    await upstream.open();
    await server.close();
  });

  it('refuses more than `maxConcurrent` at a time, and counts them', async () => {
    const held: (() => void)[] = [];
    upstream.script = (asked) =>
      held.push(() => {
        answer(asked, upstream);
      });
    using forwarder = createForwarder({ upstreams: to(), maxConcurrent: 2 });
    const waiting = ['a.example', 'b.example'].map((name) => forwarder.query({ name }));
    await assert.rejects(forwarder.query({ name: 'c.example' }), /concurrent queries exceeded maximum 2/);
    await until(() => held.length === 2, 'both');
    assert.deepEqual([forwarder.stats().waiting, forwarder.stats().rejected], [2, 1]);
    for (const release of held) release();
    await Promise.all(waiting);
    const { waiting: left, upstreams } = forwarder.stats();
    assert.equal(left, 0);
    const [{ durations, ...rest }] = upstreams;
    assert.deepEqual(rest, {
      upstream: `127.0.0.1:${upstream.port}`,
      healthy: true,
      failedHealthChecks: 0,
      connections: { opened: 0, reused: 0 },
      answers: { NOERROR: 2 },
    });
    assert.equal(durations.counts.length, durations.bounds.length + 1);
    assert.equal(
      durations.counts.reduce((sum, count) => sum + count),
      2,
    );
  });

  it('looks up hosts with `resolvers`, and again after they had no address', async () => {
    const certificate = await makeCertificate('dns.example');
    await using https = await HttpsUpstream.start(certificate);
    let known = false;
    upstream.script = ({ message, decoded, send }) => {
      const { name = '', type } = decoded.questions?.[0] ?? {};
      const isAddress = known && type === 'A';
      send(replyTo(message, { answers: isAddress ? [{ type: 'A', name, ttl: 1, data: '127.0.0.1' }] : [] }));
    };
    using forwarder = createForwarder({
      upstreams: `https://dns.example:${https.port}/dns-query`,
      resolvers: to(),
      tls: { ca: certificate.cert },
    });
    assert.deepEqual(forwarder.stats().upstreams, []);
    await assert.rejects(
      forwarder.query({ name: NAME }),
      /no answer to www\.example\.org A: failed to resolve "dns\.example"/,
    );
    known = true;
    const both = [forwarder.query({ name: NAME }), forwarder.query({ name: 'other.example' })];
    for (const { rcode } of await Promise.all(both)) assert.equal(rcode, 'NOERROR');
    assert.equal(https.asked[0].headers[':authority'], `dns.example:${https.port}`);
    assert.equal(https.sessions.length, 1);
  });

  it('fails all queries once it is closed', async () => {
    upstream.script = () => undefined;
    const forwarder = createForwarder({ upstreams: to() });
    const waiting = forwarder.query({ name: NAME });
    setTimeout(() => {
      forwarder.close();
    }, 50);
    await assert.rejects(waiting, /transport stopped/);
    await assert.rejects(forwarder.query({ name: NAME }), /transport stopped/);
  });

  it('lets a program wait for its answers and end', async () => {
    const file = join(temporaryDirectory(), 'program.mjs');
    const library = new URL('../../dist/forward.js', import.meta.url).href;
    writeFileSync(
      file,
      `import { createForwarder } from '${library}';
       const forwarder = createForwarder({ upstreams: process.argv[2] });
       const answers = await Promise.all([false, true].map((tcp) => forwarder.query({ name: 'example.org', tcp })));
       console.log(answers.map(({ rcode }) => rcode).join());
       if (process.argv[3] === 'close') forwarder.close();`,
    );
    upstream.script = (asked) => {
      setTimeout(answer, 300, asked, upstream);
    };
    for (const end of ['close', 'leave']) {
      assert.equal((await run(process.execPath, [file, ...to(), end])).trim(), 'NOERROR,NOERROR');
    }
  });
});

describe('query.wire()', () => {
  it('is the message for an upstream: a fresh ID, and of the OPT only what is for upstreams', () => {
    const options = [
      { code: 10, data: Buffer.from('0102030405060708', 'hex') },
      { code: 8, data: Buffer.from('00011800c00002', 'hex') },
      { code: 11, data: Buffer.alloc(0) },
      { code: 12, data: Buffer.alloc(50) },
    ];
    const bytes = queryBytes('wWw.Example.org', 'AAAA', {
      id: 7,
      flags: 0x0130,
      additionals: [opt(4096, { flags: packet.DNSSEC_OK, options: options as unknown as packet.OptAnswer['options'] })],
    });
    const query = receiveOne(bytes);
    const messages = Array.from({ length: 50 }, () => query.wire());
    assert.ok(new Set(messages.map((message) => message.readUInt16BE())).size > 40, 'IDs are random');
    const { flags, questions, additionals, answers } = packet.decode(messages[0]);
    const [edns] = additionals as packet.OptAnswer[];
    assert.deepEqual(
      [flags, questions, answers],
      [0x0130, [{ name: 'wWw.Example.org', type: 'AAAA', class: 'IN' }], []],
    );
    assert.deepEqual(
      [additionals?.length, edns.udpPayloadSize, edns.flag_do, edns.options.map(({ code }) => code)],
      [1, 1232, true, [8]],
    );
    assert.equal(query.id, 7);
  });

  it('has no OPT if the client has sent none', () => {
    const message = receiveOne(queryBytes(NAME, 'A')).wire();
    assert.equal(packet.decode(message).additionals?.length, 0);
    assert.equal(message.length, 12 + 17 + 4);
  });
});
