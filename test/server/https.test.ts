import assert from 'node:assert/strict';
import { request as httpsRequest } from 'node:https';
import { connect, type ClientHttp2Session } from 'node:http2';
import { once } from 'node:events';
import packet from 'dns-packet';
import { createServer, type Server } from 'multisocket';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { queryBytes, run } from '../support/clients.js';
import { atMost } from '../support/server.js';
import { dnsperf } from '../support/dnsperf.js';

const fixture = new URL('../fixtures/addresses.js', import.meta.url);

describe('DNS over HTTPS (RFC 8484)', () => {
  let certificate: Certificate;
  let server: Server;
  let port: number;
  let session: ClientHttp2Session;

  interface Answer {
    status: number;
    headers: Record<string, unknown>;
    body: Buffer;
  }
  const exchange = async (headers: Record<string, string>, body?: Uint8Array): Promise<Answer> => {
    const stream = session.request(headers);
    stream.end(body);
    const [received] = (await once(stream, 'response')) as [Record<string, unknown>];
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { status: Number(received[':status']), headers: received, body: Buffer.concat(chunks) };
  };
  const post = (message: Uint8Array, type = 'application/dns-message', path = '/dns-query'): Promise<Answer> =>
    exchange({ ':method': 'POST', ':path': path, 'content-type': type }, message);
  const get = (path: string): Promise<Answer> => exchange({ ':method': 'GET', ':path': path });

  before(async () => {
    certificate = await makeCertificate();
    const listen = { transport: 'https' as const, address: '127.0.0.1', port: 0 };
    server = createServer({ listen, sockets: atMost(2), workers: 2, filename: fixture, tls: certificate });
    await server.listen();
    port = server.addresses()[0].port;
    session = connect(`https://127.0.0.1:${port}`, { ca: certificate.cert });
  });
  after(async () => {
    session.destroy();
    assert.deepEqual(await server.close(), { queries: 0, connections: 0 });
  });

  it('answers POST, with the media type and the age that HTTP may keep it', async () => {
    const { status, headers, body } = await post(queryBytes('example.org', 'A', { id: 0 }));
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/dns-message');
    assert.equal(headers['cache-control'], 'max-age=300');
    assert.equal(headers['content-length'], String(body.length));
    const [answer] = packet.decode(body).answers ?? [];
    assert.equal((answer as packet.StringAnswer).data, '192.0.2.1');
  });

  it('answers GET with base64url', async () => {
    const dns = queryBytes('example.org', 'A', { id: 0 }).toString('base64url');
    const { status, body } = await get(`/dns-query?dns=${dns}`);
    assert.equal(status, 200);
    assert.equal(packet.decode(body).answers?.length, 1);
  });

  it('gives whole answers however long they are', async () => {
    const { body } = await post(queryBytes('big.example.org'));
    assert.equal(packet.decode(body).answers?.length, 100);
  });

  it('answers asynchronous handlers', async () => {
    const { body } = await post(queryBytes('async.example.org', 'TXT'));
    assert.equal(packet.decode(body).answers?.length, 1);
  });

  it('answers queries with faults as DNS does, with status 200 (RFC 8484 s.4.2.1)', async () => {
    const { status, body } = await post(queryBytes('throw.example.org'));
    assert.equal(status, 200);
    assert.equal(body[3] & 0x0f, 2);
    const notify = await post(queryBytes('example.org', 'A', { flags: 4 << 11 }));
    assert.equal(notify.status, 200);
    assert.equal(notify.body[3] & 0x0f, 4);
  });

  const failures: [name: string, status: number, () => Promise<Answer>][] = [
    ['another path', 404, () => post(queryBytes('example.org'), undefined, '/other')],
    ['another method', 405, () => exchange({ ':method': 'PUT', ':path': '/dns-query' })],
    ['another media type', 415, () => post(queryBytes('example.org'), 'application/json')],
    ['no parameter', 400, () => get('/dns-query')],
    ['what is not base64url', 400, () => get('/dns-query?dns=a+b/')],
    ['no query', 400, () => post(Buffer.from('GET /'))],
    ['a response', 400, () => post(queryBytes('example.org', 'A', { type: 'response' }))],
    ['a body that is too long', 413, () => post(Buffer.alloc(65_536))],
  ];
  for (const [name, status, act] of failures) {
    it(`answers ${name} with ${status}`, async () => {
      assert.equal((await act()).status, status);
    });
  }

  it('speaks HTTP/1.1', async () => {
    const request = httpsRequest({
      host: '127.0.0.1',
      port,
      path: '/dns-query',
      method: 'POST',
      ca: certificate.cert,
      headers: { 'content-type': 'application/dns-message' },
    });
    request.end(queryBytes('example.org'));
    const [response] = (await once(request, 'response')) as [
      NodeJS.ReadableStream & { statusCode: number; httpVersion: string },
    ];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    assert.equal(response.httpVersion, '1.1');
    assert.equal(packet.decode(Buffer.concat(chunks)).answers?.length, 1);
  });

  it('answers kdig +https, and dnsperf -m doh', async () => {
    const output = await run('kdig', [
      '@127.0.0.1',
      '-p',
      String(port),
      '+https',
      `+tls-ca=${certificate.file}`,
      'example.org',
    ]);
    assert.match(output, /192\.0\.2\.1/);
    const uri = `https://127.0.0.1:${port}/dns-query`;
    const performance = await dnsperf(port, ['-m', 'doh', '-O', `doh-uri=${uri}`, '-l', '1', '-c', '1', '-q', '1']);
    assert.match(performance, /Queries lost:\s+0 /);
  });
});
