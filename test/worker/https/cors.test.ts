import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { createRequire } from 'node:module';
import type DNS from 'dns2';
import { createServer, type HttpsOptions, type Query, type Server, type TlsSettings } from 'multisocket';
import { withMultisocket } from 'multisocket/adapters';
import { makeCertificate } from '../../support/certificate.js';
import { queryBytes } from '../../support/clients.js';

const dns2 = createRequire(import.meta.url)('dns2') as typeof DNS;
const question = queryBytes('a.test').toString('base64url');

describe('DNS over HTTPS for pages of other sites (CORS)', () => {
  let server: Server;
  let url: string;
  let seen: Query['http'];
  const start = async (https: HttpsOptions, tls: TlsSettings | null = null): Promise<void> => {
    server = createServer({
      listen: { transport: 'https', address: '127.0.0.1', port: 0, tls },
      sockets: 1,
      workers: 0,
      https,
      handler: (query, reply) => {
        seen = query.http;
        reply.rcode = 'NOERROR';
      },
    });
    await server.listen();
    url = `${tls === null ? 'http' : 'https'}://127.0.0.1:${server.addresses()[0].port}/dns-query`;
  };
  const fieldsOf = async (
    origin: string | undefined,
    path = `?dns=${question}`,
    method = 'GET',
  ): Promise<unknown[]> => {
    const response = await fetch(url + path, { method, headers: origin === undefined ? {} : { origin } });
    await response.arrayBuffer();
    const field = (name: string): string | null => response.headers.get(name);
    return [response.status, field('access-control-allow-origin'), field('vary')];
  };
  afterEach(() => server.close());

  it('none by default', async () => {
    await start({});
    assert.deepEqual(await fieldsOf('https://a.test'), [200, null, null]);
    assert.deepEqual(await fieldsOf('https://a.test', '', 'OPTIONS'), [405, null, null]);
  });

  it('true: every origin, errors included', async () => {
    await start({ cors: true });
    assert.deepEqual(await fieldsOf('https://a.test'), [200, '*', null]);
    assert.deepEqual(await fieldsOf(undefined), [200, '*', null]);
    assert.deepEqual(await fieldsOf('https://a.test', '/elsewhere'), [404, '*', null]);
    assert.deepEqual(await fieldsOf('https://a.test', ''), [400, '*', null]);
  });

  for (const cors of [
    'https://a.test',
    ['https://a.test', 'https://b.test'],
    (origin: string) => origin.endsWith('a.test'),
  ]) {
    it(`${typeof cors === 'function' ? 'a function' : JSON.stringify(cors)}: those`, async () => {
      await start({ cors });
      assert.deepEqual(await fieldsOf('https://a.test'), [200, 'https://a.test', 'origin']);
      assert.deepEqual(await fieldsOf('https://c.test'), [200, null, 'origin']);
      assert.deepEqual(await fieldsOf(undefined), [200, null, 'origin']);
    });
  }

  it('a preflight request gets what a browser may send', async () => {
    await start({ cors: true });
    const response = await fetch(url, { method: 'OPTIONS', headers: { origin: 'https://a.test' } });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get('access-control-allow-methods'), 'GET, HEAD, POST');
    assert.equal(response.headers.get('access-control-allow-headers'), 'content-type');
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
  });

  for (const version of ['1.1', '2']) {
    it(`handlers see the request, HTTP/${version}`, async () => {
      const { cert, key } = await makeCertificate();
      await start({ requests: true, cors: ['https://a.test'] }, version === '2' ? { cert, key } : null);
      if (version === '1.1') {
        const headers = { origin: 'https://a.test', 'x-forwarded-for': '192.0.2.9' };
        await (await fetch(`${url}?dns=${question}`, { headers })).arrayBuffer();
      } else {
        const session = connect(new URL(url).origin, { ca: cert });
        const stream = session.request({
          ':path': `/dns-query?dns=${question}`,
          origin: 'https://a.test',
          'x-forwarded-for': '192.0.2.9',
        });
        const [headers] = (await once(stream, 'response')) as [Record<string, string>];
        assert.equal(headers['access-control-allow-origin'], 'https://a.test');
        session.close();
      }
      assert.equal(seen?.method, 'GET');
      assert.equal(seen.target, `/dns-query?dns=${question}`);
      assert.equal(seen.headers['x-forwarded-for'], '192.0.2.9');
    });
  }

  it('a function needs workers: 0, and nonsense is an error', async () => {
    await start({});
    const https = { cors: () => true };
    const listen = 'dns://127.0.0.1:0';
    assert.throws(() => createServer({ listen, workers: 1, filename: 'x.js', https }), {
      code: 'ERR_INVALID_ARG_VALUE',
    });
    const nonsense = { cors: 1 } as unknown as HttpsOptions;
    assert.throws(() => createServer({ listen, workers: 0, handler: () => undefined, https: nonsense }), /https\.cors/);
  });

  for (const [what, module] of [
    ['dns2', dns2],
    ["dns2's face on this library", withMultisocket(dns2)],
  ] as const) {
    it(`${what}: its defaults, and the third argument`, async () => {
      await start({});
      const clients: Record<string, unknown>[] = [];
      const doh = module.createDOHServer({ cors: true });
      doh.on('request', (request: DNS.Packet, send: (response: DNS.Packet) => unknown, client: unknown) => {
        clients.push(client as Record<string, unknown>);
        send(dns2.Packet.createResponseFromRequest(request));
      });
      doh.listen(0, '127.0.0.1');
      const [{ port }] = (await once(doh, 'listening')) as [{ port: number }];
      url = `http://127.0.0.1:${port}/dns-query`;
      assert.deepEqual(await fieldsOf('https://a.test'), [200, '*', null]);
      const [{ url: target, method, headers, socket }] = clients as [
        { url: string; method: string; headers: Record<string, string>; socket: { remoteAddress: string } },
      ];
      assert.deepEqual(
        [target, method, headers.origin, socket.remoteAddress],
        [`/dns-query?dns=${question}`, 'GET', 'https://a.test', '127.0.0.1'],
      );
      const closed = once(doh, 'close');
      doh.close();
      await closed;
    });
  }
});
