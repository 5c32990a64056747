import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type DNS from 'dns2';
import { createServer, type HttpsOptions, type Server, type TlsSettings } from 'multisocket';
import { withMultisocket } from 'multisocket/adapters';
import { checkOptions } from '../../../dist/server/options/check-options.js';
import { queryBytes } from '../../support/clients.js';

const dns2 = createRequire(import.meta.url)('dns2') as typeof DNS;
const question = queryBytes('a.test').toString('base64url');

/** Throws the error of the options. */
function checkHttps(https: HttpsOptions): void {
  checkOptions({ listen: ':0', workers: 0, handler: () => undefined, https });
}

describe('DNS over HTTPS for pages of other sites (CORS)', () => {
  let server: Server;
  let url: string;
  const start = async (https: HttpsOptions, tls: TlsSettings | null = null): Promise<void> => {
    server = createServer({
      listen: { transport: 'https', address: '127.0.0.1', port: 0, tls },
      sockets: 1,
      workers: 0,
      https,
      handler: (_, reply) => {
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

  for (const cors of [true, '*']) {
    it(`${JSON.stringify(cors)}: every origin, errors included`, async () => {
      await start({ cors });
      assert.deepEqual(await fieldsOf('https://a.test'), [200, '*', null]);
      assert.deepEqual(await fieldsOf(undefined), [200, '*', null]);
      assert.deepEqual(await fieldsOf('https://a.test', '/elsewhere'), [404, '*', null]);
      assert.deepEqual(await fieldsOf('https://a.test', ''), [400, '*', null]);
    });
  }

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

  it('a preflight request of another site, and one for another path, get no permission', async () => {
    await start({ cors: ['https://a.test'] });
    assert.deepEqual(await fieldsOf('https://a.test', '', 'OPTIONS'), [204, 'https://a.test', 'origin']);
    assert.deepEqual(await fieldsOf('https://c.test', '', 'OPTIONS'), [204, null, 'origin']);
    assert.deepEqual(await fieldsOf('https://a.test', '/elsewhere', 'OPTIONS'), [404, 'https://a.test', 'origin']);
  });

  for (const origin of [
    ...[
      '',
      '*.a.test',
      'a.test',
      'https://a.test/',
      'https://A.test',
      'https://a.test:443',
      'http://a.test:80',
      'https://',
    ],
    ...['https://a.test/path', 'https://user@a.test', 'HTTPS://a.test', 'https://a b.test', 'chrome-extension://A/'],
  ]) {
    it(`an origin that no browser sends is an error: ${JSON.stringify(origin)}`, () => {
      for (const cors of [origin, ['https://b.test', origin]])
        assert.throws(
          () => {
            checkHttps({ cors });
          },
          {
            code: 'ERR_INVALID_ARG_VALUE',
            message: new RegExp(
              `"https\\.cors" .*'https://example\\.org'\\. Received '${origin.replace(/[*.]/g, '\\$&')}`,
            ),
          },
        );
    });
  }

  it('origins of all schemes', () => {
    for (const cors of ['https://a.test:8443', 'http://[::1]:8080', 'chrome-extension://abcdef', 'null', []])
      checkHttps({ cors });
  });

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
