/** DNS over HTTPS. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect } from 'node:net';
import { holds, type Rule } from '../rule.js';
import type { HttpAnswer, Site } from '../site.js';
import { header, queryOf, readReply } from '../wire.js';

const WWW = ['www.example.org 300 IN A 192.0.2.80', 'www.example.org 300 IN A 192.0.2.81'];

/** A rule for the status of an HTTP request. */
function status(
  rfc: number,
  section: string,
  rule: string,
  expected: number,
  ask: (site: Site) => Promise<{ status: number }>,
): Rule {
  return holds(rfc, section, rule, async (site) => {
    assert.equal((await ask(site)).status, expected);
  });
}

const dns = (message: Buffer): string => `/dns-query?dns=${message.toString('base64url')}`;
const get = (site: Site, path: string): ReturnType<Site['request']> =>
  site.request({ ':method': 'GET', ':path': path });

/** A rule for how long HTTP may keep the reply to a name. */
function fresh(rfc: number, section: string, rule: string, name: string, seconds: number): Rule {
  return holds(rfc, section, rule, async (site) => {
    const { headers } = await get(site, dns(queryOf({ id: 0, name })));
    assert.equal(headers['cache-control'], `max-age=${seconds}`);
  });
}

/** The answer to a request by HTTP/1.1. */
async function http1(site: Site, options: RequestOptions, body?: Buffer): Promise<HttpAnswer> {
  const { port, ca } = { port: site.ports.https, ca: site.certificate.cert };
  const request = httpsRequest({ host: '127.0.0.1', port, ca, ...options });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  assert.equal(response.httpVersion, '1.1');
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

export const rules: readonly Rule[] = [
  holds(8484, '4.1', 'a message by POST is answered', async (site) => {
    const { status: code, headers, body } = await site.post(queryOf({ id: 0 }));
    assert.deepEqual([code, headers['content-type']], [200, 'application/dns-message']);
    assert.deepEqual(readReply(body).answer, WWW);
  }),
  holds(8484, '4.1', 'a message by GET gets the same answer', async (site) => {
    const [posted, got] = [await site.post(queryOf({ id: 0 })), await get(site, dns(queryOf({ id: 0 })))];
    assert.equal(got.status, 200);
    assert.deepEqual(got.body, posted.body);
  }),
  holds(8484, '4.1', 'an ID of 0, which HTTP caches need, is valid', async (site) => {
    assert.equal((await site.post(queryOf({ id: 0 }))).body.readUInt16BE(0), 0);
  }),
  holds(8484, '4.1', 'other parameters are ignored', async (site) => {
    const { body } = await get(site, dns(queryOf()).replace('?', '?ct&x=1&') + '&dns=AAAA');
    assert.deepEqual(readReply(body).answer, WWW);
  }),
  holds(9110, '8.6', 'the response has content-length', async (site) => {
    const { headers, body } = await site.post(queryOf());
    assert.equal(headers['content-length'], String(body.length));
  }),
  holds(9110, '9.3.2', 'HEAD is GET without content', async (site) => {
    const path = dns(queryOf({ id: 0 }));
    const [head, got] = [await site.request({ ':method': 'HEAD', ':path': path }), await get(site, path)];
    const said = ({ status: code, headers }: HttpAnswer): unknown[] => [
      code,
      ...['content-type', 'content-length', 'cache-control'].map((name) => headers[name]),
    ];
    assert.deepEqual(said(head), said(got));
    assert.equal(head.body.length, 0);
    const { status: code, headers, body } = await http1(site, { method: 'HEAD', path });
    assert.deepEqual(said({ status: code, headers, body }), said(got));
    assert.equal(body.length, 0);
  }),
  holds(9110, '9.3.2', 'errors of HEAD have no content', async (site) => {
    const { status: code, body } = await site.request({ ':method': 'HEAD', ':path': '/dns-query' });
    assert.deepEqual([code, body.length], [400, 0]);
  }),
  holds(9110, '10.1.1', 'a client that expects 100 (Continue) gets it', async (site) => {
    const headers = { 'content-type': 'application/dns-message', expect: '100-continue' };
    const { port, ca } = { port: site.ports.https, ca: site.certificate.cert };
    const request = httpsRequest({ host: '127.0.0.1', port, ca, method: 'POST', path: '/dns-query', headers });
    request.flushHeaders();
    await once(request, 'continue');
    request.end(queryOf());
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    assert.equal(response.statusCode, 200);
    response.resume();
    await once(response, 'end');
  }),
  fresh(8484, '5.1', 'max-age is the TTL of the reply', 'www.example.org', 300),
  fresh(8484, '5.1', 'max-age is the smallest TTL', 'ttl-17.test', 17),
  fresh(8484, '5.1', 'max-age of a denial is from its SOA', 'nothing.child.example.org', 5),
  fresh(8484, '5.1', 'max-age of a denial is MINIMUM if it is lower than the TTL of SOA', 'none-7.test', 7),
  fresh(8484, '5.1', 'max-age of a denial is the TTL of SOA if it is lower than MINIMUM', 'nodata-20.test', 20),
  fresh(8484, '5.1', 'max-age of SERVFAIL is 0', 'throw.test', 0),
  fresh(8484, '5.1', 'max-age of a denial without SOA is 0', 'none.test', 0),
  fresh(2181, '8', 'max-age of a reply with a TTL above 2^31 - 1 is 0', 'huge.test', 0),
  holds(8484, '4.2.1', 'every response code of DNS has status 200', async (site) => {
    for (const [name, rcode] of [
      ['throw.test', 2],
      ['nothing.example.org', 3],
      ['example.com', 5],
    ] as const) {
      const answer = await site.post(queryOf({ name }));
      assert.deepEqual([answer.status, readReply(answer.body).rcode], [200, rcode]);
    }
  }),
  status(8484, '6', 'another media type is 415', 415, (site) => site.post(queryOf(), 'application/json')),
  status(8484, '6', 'the media type can be in upper or lower case, and have parameters', 200, (site) =>
    site.post(queryOf(), 'Application/DNS-Message; charset=utf-8'),
  ),
  status(8484, '4.1', 'another method is 405', 405, (site) =>
    site.request({ ':method': 'PUT', ':path': '/dns-query' }),
  ),
  status(8484, '6', 'a missing media type is 415', 415, (site) =>
    site.request({ ':method': 'POST', ':path': '/dns-query' }, queryOf()),
  ),
  holds(9110, '15.5.6', '405 names the methods that are allowed', async (site) => {
    const { headers } = await site.request({ ':method': 'DELETE', ':path': '/dns-query' });
    assert.equal(headers.allow, 'GET, HEAD, POST');
  }),
  status(8484, '4.1', 'another path is 404', 404, (site) => site.post(queryOf(), undefined, '/other')),
  status(8484, '4.1', 'GET without the parameter is 400', 400, (site) => get(site, '/dns-query')),
  status(8484, '6', 'base64url with padding is 400', 400, (site) => get(site, '/dns-query?dns=AAAA=')),
  status(8484, '6', 'characters of base64 that base64url does not have are 400', 400, (site) =>
    get(site, '/dns-query?dns=a+b/'),
  ),
  status(8484, '6', 'an invalid message is 400', 400, (site) => get(site, '/dns-query?dns=AAAA')),
  status(8484, '4.1', 'an empty parameter is 400', 400, (site) => get(site, '/dns-query?dns=')),
  status(8484, '4.1', 'POST without a body is 400', 400, (site) => site.post(Buffer.alloc(0))),
  status(8484, '6', 'a response is 400', 400, (site) =>
    site.post(Buffer.from(header(1, 0x8100, 1) + '0000010001', 'hex')),
  ),
  holds(8484, '4.2.1', 'an error in a query is a DNS message with status 200', async (site) => {
    const answer = await site.post(Buffer.from(header(1, 0x0100, 1), 'hex'));
    assert.deepEqual([answer.status, answer.body.toString('hex')], [200, '000181010000000000000000']);
  }),
  status(8484, '6', 'a body of more than 65,535 octets is 413', 413, (site) => site.post(Buffer.alloc(65_536))),
  holds(8484, '5.2', 'ALPN selects HTTP/2, which carries many requests at a time', async (site) => {
    const [late, soon] = [site.post(queryOf({ name: 'late.test' })), site.post(queryOf())];
    const first = await Promise.race([late.then(() => 'late'), soon.then(() => 'soon')]);
    assert.equal(first, 'soon');
    assert.equal((await late).status, 200);
  }),
  holds(9112, '2.3', 'HTTP/1.1 is answered', async (site) => {
    const { status, body } = await http1(site, { path: dns(queryOf()) });
    assert.equal(status, 200);
    assert.deepEqual(readReply(body).answer, WWW);
  }),
  holds(9112, '2.3', 'HTTP/1.1 answers POST and GET alike', async (site) => {
    const type = { 'content-type': 'application/dns-message' };
    const { status, body } = await http1(site, { method: 'POST', path: '/dns-query', headers: type }, queryOf());
    assert.equal(status, 200);
    assert.deepEqual(readReply(body).answer, WWW);
  }),
  holds(9112, '3.2.2', 'the target can be the whole URI', async (site) => {
    const { status, body } = await http1(site, { path: `https://localhost${dns(queryOf())}` });
    assert.equal(status, 200);
    assert.deepEqual(readReply(body).answer, WWW);
  }),
  holds(8484, '5', 'HTTP without TLS is not answered', async (site) => {
    const socket = connect(site.ports.https, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`GET ${dns(queryOf())} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    let answered = '';
    socket.on('data', (chunk: Buffer) => (answered += chunk.toString('latin1')));
    await once(socket, 'close');
    assert.ok(!answered.includes('200'), answered);
  }),
];
