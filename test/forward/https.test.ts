/** Upstreams by HTTPS (RFC 8484): the requests that they get, and that connections are shared, replaced and closed. */
import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { createForwarder, type Forwarder, type ForwarderOptions } from 'multisocket/forward';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { freePort } from '../support/free-port.js';
import { answerByHttps, HttpsUpstream, type HttpsScript } from '../support/https-upstream.js';
import { until } from '../support/server.js';
import { replyTo } from '../support/upstream.js';

const NAME = 'www.example.org';
const ADDRESS = [{ type: 'A', name: NAME, class: 'IN', ttl: 300, flush: false, data: '192.0.2.1' }];

describe('upstreams by HTTPS', function () {
  this.timeout(30_000);
  let certificate: Certificate;
  before(async () => {
    certificate = await makeCertificate('dns.example');
  });

  const forwarderTo = (upstreams: ForwarderOptions['upstreams'], more: Partial<ForwarderOptions> = {}): Forwarder =>
    createForwarder({ upstreams, policy: 'sequential', tls: { ca: certificate.cert }, ...more });
  const start = (script?: HttpsScript, options = {}): Promise<HttpsUpstream> =>
    HttpsUpstream.start(certificate, script, options);
  const ask = (forwarder: Forwarder, count: number): Promise<unknown[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => forwarder.query({ name: `n${i}.example.org` })));

  it('get the message with ID 0 in a POST', async () => {
    await using upstream = await start();
    using forwarder = forwarderTo(upstream.url);
    const { rcode, answers, recursionAvailable } = await forwarder.query({ name: NAME, dnssecOk: true });
    assert.deepEqual([rcode, answers, recursionAvailable], ['NOERROR', ADDRESS, true]);
    const [{ headers, message }] = upstream.asked;
    assert.deepEqual(
      [headers[':method'], headers[':path'], headers[':scheme'], headers[':authority'], headers['content-type']],
      ['POST', '/dns-query', 'https', `127.0.0.1:${upstream.port}`, 'application/dns-message'],
    );
    assert.deepEqual([headers.accept, headers['content-length']], ['application/dns-message', String(message.length)]);
    const { id, questions, additionals } = packet.decode(message);
    assert.deepEqual([id, questions?.[0].name, additionals?.length], [0, NAME, 1]);
  });

  it('get it in the path of a GET, and another path and name if these are given', async () => {
    await using upstream = await start();
    using forwarder = forwarderTo(`https://127.0.0.1%dns.example:${upstream.port}/a/b`, { httpMethod: 'GET' });
    assert.deepEqual((await forwarder.query({ name: NAME })).answers, ADDRESS);
    const [{ headers, message }] = upstream.asked;
    assert.deepEqual([headers[':method'], headers[':authority']], ['GET', `dns.example:${upstream.port}`]);
    assert.equal(headers[':path'], `/a/b?dns=${message.toString('base64url')}`);
    assert.equal(message.readUInt16BE(), 0);
  });

  it('have many queries on one connection, and more connections only beyond 100 streams', async () => {
    await using upstream = await start(({ respond, message }) => setTimeout(respond, 20, replyTo(message)));
    using forwarder = forwarderTo(upstream.url);
    await ask(forwarder, 100);
    assert.equal(upstream.sessions.length, 1);
    await ask(forwarder, 150);
    assert.equal(upstream.sessions.length, 2);
    assert.equal(upstream.mostStreams, 100);
  });

  it('have no more streams than they allow', async () => {
    const settings = { maxConcurrentStreams: 3 };
    const slow: HttpsScript = ({ respond, message }) => setTimeout(respond, 5, replyTo(message));
    await using upstream = await start(slow, { settings });
    using forwarder = forwarderTo(upstream.url);
    await forwarder.query({ name: NAME });
    await ask(forwarder, 200);
    assert.ok(upstream.mostStreams <= 3, `${upstream.mostStreams} streams`);
    assert.ok(upstream.sessions.length <= 16, `${upstream.sessions.length} connections`);
    assert.equal(upstream.asked.length, 201);
  });

  it('are connected to again after they have closed the connection', async () => {
    await using upstream = await start();
    using forwarder = forwarderTo(upstream.url);
    for (const end of ['close', 'destroy'] as const) {
      await forwarder.query({ name: NAME });
      const [last] = upstream.sessions.slice(-1);
      last[end]();
      await until(() => last.destroyed, 'the connection to close');
    }
    assert.equal((await forwarder.query({ name: NAME })).rcode, 'NOERROR');
    assert.equal(upstream.sessions.length, 3);
  });

  it('answer what they have begun after GOAWAY, and get the rest on another connection', async () => {
    const held: (() => void)[] = [];
    await using upstream = await start();
    using forwarder = forwarderTo(upstream.url);
    await forwarder.query({ name: NAME });
    upstream.script = (asked) =>
      held.push(() => {
        answerByHttps(asked, upstream);
      });
    const before = ask(forwarder, 5);
    await until(() => held.length === 5, 'the queries');
    const [first] = upstream.sessions;
    const last = upstream.asked[3].stream.id;
    first.goaway(0, last);
    await new Promise((resolve) => setTimeout(resolve, 100));
    upstream.script = answerByHttps;
    for (const answer of held) answer();
    await before;
    await forwarder.query({ name: 'later.example.org' });
    assert.equal(upstream.sessions.length, 2);
    // The queries that GOAWAY left out have come again.
    assert.deepEqual(
      upstream.asked.slice(6, -1).map(({ session }) => session === upstream.sessions[1]),
      [true, true],
    );
  });

  it('get queries again that a lost connection has left unanswered, and fail if they never answer', async () => {
    await using upstream = await start();
    using forwarder = forwarderTo(upstream.url, { maxAttempts: 1 });
    await forwarder.query({ name: NAME });
    let lost = 0;
    upstream.script = (asked) => {
      if (asked.session !== upstream.sessions[0]) answerByHttps(asked, upstream);
      else if (++lost === 3) asked.session.destroy();
    };
    await ask(forwarder, 3);
    assert.deepEqual([lost, upstream.sessions.length], [3, 2]);
    upstream.script = ({ session }) => {
      session.destroy();
    };
    await assert.rejects(forwarder.query({ name: NAME }), { code: 'ERR_MULTISOCKET_NO_ANSWER' });
  });

  it('are left after the idle time, and after the age of a connection', async () => {
    await using upstream = await start();
    using idle = forwarderTo(upstream.url, { expire: 100 });
    await idle.query({ name: NAME });
    await until(() => upstream.sessions[0].destroyed, 'the idle connection to close');
    using aged = forwarderTo(upstream.url, { expire: 150, maxAge: 150 });
    for (let i = 0; i < 6; i++) {
      await aged.query({ name: NAME });
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    assert.ok(upstream.sessions.length >= 3, `${upstream.sessions.length} connections`);
  });

  it('have answers that an HTTP cache has kept, whose TTLs are lowered by their age', async () => {
    await using upstream = await start(({ message, respond }) => {
      respond(replyTo(message), { age: 100 });
    });
    using forwarder = forwarderTo(upstream.url, { httpMethod: 'GET' });
    assert.equal((await forwarder.query({ name: NAME })).answers[0].ttl, 200);
    upstream.script = ({ message, respond }) => {
      respond(replyTo(message), { age: 301 });
    };
    assert.equal((await forwarder.query({ name: NAME })).answers[0].ttl, 0);
  });

  it('may answer with any ID', async () => {
    await using upstream = await start(({ message, respond }) => {
      const reply = replyTo(message);
      reply.writeUInt16BE(4711);
      respond(reply);
    });
    using forwarder = forwarderTo(upstream.url);
    assert.deepEqual((await forwarder.query({ name: NAME })).answers, ADDRESS);
  });

  it('are checked until they answer', async () => {
    const port = await freePort();
    using forwarder = forwarderTo(`https://127.0.0.1:${port}`, { maxFails: 1, healthCheck: { interval: 50 } });
    await assert.rejects(forwarder.query({ name: NAME }));
    await until(() => !forwarder.stats().upstreams[0].healthy, 'it to count as down');
    await using upstream = await start(answerByHttps, { port });
    await until(() => forwarder.stats().upstreams[0].healthy, 'it to count as healthy');
    assert.deepEqual(packet.decode(upstream.asked[0].message).questions, [{ type: 'NS', name: '.', class: 'IN' }]);
    assert.equal((await forwarder.query({ name: NAME })).rcode, 'NOERROR');
    const [{ upstream: name, answers, failedHealthChecks }] = forwarder.stats().upstreams;
    assert.deepEqual([name, answers], [`https://127.0.0.1:${port}/dns-query`, { NOERROR: 1 }]);
    assert.ok(failedHealthChecks >= 2);
  });

  it('are asked with a certificate of our own, if they want one', async () => {
    const ours = await makeCertificate('client.example');
    await using upstream = await start(answerByHttps, { requestCert: true, rejectUnauthorized: true, ca: ours.cert });
    using bare = forwarderTo(upstream.url, { maxAttempts: 1 });
    await assert.rejects(bare.query({ name: NAME }));
    using shown = forwarderTo(upstream.url, { tls: { ca: certificate.cert, cert: ours.cert, key: ours.key } });
    assert.equal((await shown.query({ name: NAME })).rcode, 'NOERROR');
  });
});
