/** Upstreams by HTTPS that do not do what they should: the next one answers, and the error says why. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createForwarder, type Forwarder } from 'multisocket/forward';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { freePort } from '../support/free-port.js';
import { answerByHttps, HttpsUpstream, type HttpsAsked, type HttpsScript } from '../support/https-upstream.js';
import { malformed } from '../support/odd-answers.js';
import { replyTo } from '../support/upstream.js';

const NAME = 'www.example.org';

const respondWith =
  (headers: Record<string, string | number>): HttpsScript =>
  ({ message, respond }) => {
    respond(replyTo(message), headers);
  };
const bodyOf =
  (make: (asked: HttpsAsked) => Uint8Array): HttpsScript =>
  (asked) => {
    asked.respond(make(asked));
  };
const startOfBody = ({ stream, message }: HttpsAsked): void => {
  stream.respond({ ':status': 200, 'content-type': 'application/dns-message' });
  stream.write(replyTo(message).subarray(0, 20));
};

/** What an upstream does, and the reason that the error gives. */
const FAULTS: [what: string, script: HttpsScript, reason: RegExp][] = [
  ...[400, 404, 415, 429, 500, 502, 503].map((status): [string, HttpsScript, RegExp] => [
    `answers ${status}`,
    respondWith({ ':status': status }),
    new RegExp(`: status ${status}$`),
  ]),
  ['redirects', respondWith({ ':status': 302, location: '/elsewhere' }), /: status 302$/],
  [
    'answers 204 without a body',
    ({ stream }) => {
      stream.respond({ ':status': 204 }, { endStream: true });
    },
    /status 204$/,
  ],
  ['answers a web page', respondWith({ 'content-type': 'text/html' }), /: content type "text\/html", not app/],
  ['answers JSON', respondWith({ 'content-type': 'application/dns-json' }), /: content type "application\/dns-json"/],
  ['gives no content type', respondWith({ 'content-type': '' }), /: content type "", not/],
  ['answers nothing', bodyOf(() => Buffer.alloc(0)), /: a body of 0 octets$/],
  ['answers 11 octets', bodyOf(({ message }) => message.subarray(0, 11)), /: a body of 11 octets$/],
  ['answers 65,536 octets', bodyOf(() => Buffer.alloc(65_536)), /: a body of more than 65535 octets$/],
  ['answers 16 MiB', bodyOf(() => Buffer.alloc(16 << 20)), /: a body of more than 65535 octets$/],
  [
    'answers garbage',
    bodyOf(() => Buffer.alloc(100, 0xc0)),
    /: (an answer to another question|dns: malformed answer)$/,
  ],
  ['returns the query', bodyOf(({ message }) => message), /: an answer to another question$/],
  [
    'answers another name',
    bodyOf(({ message }) => replyTo(message, { questions: [{ type: 'A', name: 'www.example.net' }] })),
    /: an answer to another question$/,
  ],
  [
    'answers another type',
    bodyOf(({ message }) => replyTo(message, { questions: [{ type: 'MX', name: NAME }] })),
    /: an answer to another question$/,
  ],
  ['truncates', bodyOf(({ message }) => replyTo(message, { flags: 0x0200 })), /: dns: malformed answer$/],
  ...malformed.map(([what, make]): [string, HttpsScript, RegExp] => [
    `answers ${what}`,
    bodyOf(make),
    /: (an answer to another question|dns: malformed answer)$/,
  ]),
  [
    'resets the stream',
    ({ stream }) => {
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    },
    /: stream error: INTERNAL_ERROR$/,
  ],
  [
    'refuses the stream',
    ({ stream }) => {
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    },
    /: stream error: REFUSED_STREAM$/,
  ],
  [
    'resets the stream within the body',
    (asked) => {
      startOfBody(asked);
      setTimeout(() => {
        asked.stream.destroy(new Error('within the body'));
      }, 20);
    },
    /: stream error: INTERNAL_ERROR$/,
  ],
  [
    'stops within the body',
    (asked) => {
      startOfBody(asked);
    },
    /: context deadline exceeded \(Client\.Timeout exceeded while awaiting headers\)$/,
  ],
  ['is silent', () => undefined, /: context deadline exceeded \(Client\.Timeout exceeded while awaiting headers\)$/],
  [
    'closes the connection',
    ({ session }) => {
      session.destroy();
    },
    /: (EOF|stream error: \w+)$/,
  ],
  [
    'sends GOAWAY with an error',
    ({ session }) => {
      session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    },
    /: http2: Session closed with error code \d+$/,
  ],
];

describe('an upstream by HTTPS that', function () {
  this.timeout(30_000);
  let certificate: Certificate;
  let good: HttpsUpstream;
  before(async () => {
    certificate = await makeCertificate('dns.example');
    good = await HttpsUpstream.start(certificate);
  });
  after(() => good.close());

  const forwarderTo = (...upstreams: string[]): Forwarder =>
    createForwarder({
      upstreams,
      policy: 'sequential',
      readTimeout: 300,
      maxFails: 0,
      maxAttempts: upstreams.length,
      tls: { ca: certificate.cert },
    });

  /** That one fails for a reason, and that another one answers in its place. */
  async function fails(url: string, reason: RegExp): Promise<void> {
    using alone = forwarderTo(url);
    await assert.rejects(alone.query({ name: NAME }), ({ code, message }: Error & { code?: string }) => {
      assert.equal(code, 'ERR_MULTISOCKET_NO_ANSWER');
      assert.ok(message.startsWith(`no answer to ${NAME} A from ${url}: `), message);
      assert.match(message, reason);
      return true;
    });
    using both = forwarderTo(url, good.url);
    const { rcode, answers } = await both.query({ name: NAME });
    assert.deepEqual([rcode, answers.length], ['NOERROR', 1]);
  }

  for (const [what, script, reason] of FAULTS) {
    it(what, async () => {
      await using upstream = await HttpsUpstream.start(certificate, script);
      await fails(upstream.url, reason);
    });
  }

  it('redirects is not followed', async () => {
    await using upstream = await HttpsUpstream.start(certificate, respondWith({ ':status': 301, location: good.url }));
    const before = good.asked.length;
    using forwarder = forwarderTo(upstream.url);
    await assert.rejects(forwarder.query({ name: NAME }), /status 301/);
    assert.equal(good.asked.length, before);
  });

  it('has begun to answer before other queries fail: these are asked elsewhere, the connection stays', async () => {
    await using upstream = await HttpsUpstream.start(certificate);
    using forwarder = forwarderTo(upstream.url);
    await forwarder.query({ name: NAME });
    upstream.script = respondWith({ ':status': 500 });
    await assert.rejects(forwarder.query({ name: NAME }), /status 500/);
    upstream.script = answerByHttps;
    await forwarder.query({ name: NAME });
    assert.equal(upstream.sessions.length, 1);
  });

  it('does not listen', async () => {
    const port = await freePort();
    await fails(
      `https://127.0.0.1:${port}/dns-query`,
      new RegExp(`: dial tcp 127\\.0\\.0\\.1:${port}: connect: connection refused$`),
    );
  });

  async function listening(server: Server): Promise<{ url: string; stop: () => Promise<unknown> }> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { url: `https://127.0.0.1:${port}/dns-query`, stop: () => new Promise((done) => server.close(done)) };
  }

  it('speaks HTTP/1.1 alone', async () => {
    const { url, stop } = await listening(createHttpsServer(certificate, (_, response) => response.end()));
    await fails(url, /: (the upstream does not speak HTTP\/2|remote error: tls: no application protocol)$/);
    await stop();
  });

  it('speaks no TLS', async () => {
    const { url, stop } = await listening(
      createServer((socket) =>
        socket
          .on('error', () => undefined)
          .resume()
          .end('220\r\n'),
      ),
    );
    await fails(url, /: (tls: first record does not look like a TLS handshake|EOF)$/);
    await stop();
  });

  it('accepts and says nothing', async () => {
    const sockets: { destroy: () => void }[] = [];
    const { url, stop } = await listening(createServer((socket) => sockets.push(socket)));
    await fails(url, /: context deadline exceeded/);
    for (const socket of sockets) socket.destroy();
    await stop();
  });

  it('has a certificate of another name, or of nobody that is trusted', async () => {
    using other = forwarderTo(`https://127.0.0.1%other.example:${good.port}/dns-query`);
    await assert.rejects(
      other.query({ name: NAME }),
      /: tls: failed to verify certificate: x509: certificate is valid for dns\.example, not other\.example$/,
    );
    const stranger = await makeCertificate('dns.example');
    await using untrusted = await HttpsUpstream.start(stranger);
    await fails(untrusted.url, /: tls: failed to verify certificate: x509: certificate signed by unknown authority$/);
  });
});
