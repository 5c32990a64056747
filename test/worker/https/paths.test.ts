/** The option `https.paths`. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'multisocket';
import { Routes } from '../../../dist/worker/https/routes.js';
import { checkOptions } from '../../../dist/server/options/check-options.js';
import { dnsParameter, doh, HTTP_VERSIONS } from '../../support/doh.js';

describe('paths of DNS over HTTPS', () => {
  const matching: [paths: string[], path: string, params: Record<string, string> | undefined][] = [
    [['/dns-query'], '/dns-query', {}],
    [['/dns-query'], '/dns-query/', undefined],
    [['/dns-query'], '/DNS-query', undefined],
    [['/dns-query'], '//dns-query', undefined],
    [['/dns-query'], '', undefined],
    [['/dns-query'], '*', undefined],
    [['/'], '/', {}],
    [['/'], '', undefined],
    [['/a/b/c', '/a'], '/a/b/c', {}],
    [['/dns-query/:client'], '/dns-query/kitchen', { client: 'kitchen' }],
    [['/dns-query/:client'], '/dns-query', undefined],
    [['/dns-query/:client'], '/dns-query/', undefined],
    [['/dns-query/:client'], '/dns-query/a/b', undefined],
    [['/dns-query/:client'], '/dns-query/a%2Fb%20%C3%A9', { client: 'a/b é' }],
    [['/dns-query/:client'], '/dns-query/%', undefined],
    [['/dns-query/:client'], '/dns-query/%ff', undefined],
    [['/dns-query/:client'], '/dns-query/..', { client: '..' }],
    [['/dns-query/:client'], '/dns-query/:client', { client: ':client' }],
    [['/:tenant/dns-query/:client'], '/t/dns-query/c', { tenant: 't', client: 'c' }],
    [['/:tenant/dns-query/:client'], '/t/other/c', undefined],
    [['/:a/x', '/x/:a'], '/x/x', { a: 'x' }],
    [['/:__proto__/:constructor'], '/a/b', JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>],
    [["/~a.b-c_d!$&'()*+,;=:@%2F"], "/~a.b-c_d!$&'()*+,;=:@%2F", {}],
  ];
  for (const [paths, path, params] of matching) {
    it(`${paths.join(' ')}: ${path === '' ? 'nothing' : path}`, () => {
      assert.deepEqual(new Routes(paths).match(path), params);
    });
  }

  const faulty: [paths: unknown, message: RegExp][] = [
    ['/dns-query', /"https\.paths" option must be an array of strings/],
    [[1], /"https\.paths" option must be an array of strings/],
    [[], /"https\.paths" option must have 1 to 64 elements. Received 0/],
    [Array.from({ length: 65 }, (_, i) => `/${i}`), /must have 1 to 64 elements. Received 65/],
    [['/a', 'b'], /a path begins with a slash. Received 'b'/],
    [['/a', ''], /a path begins with a slash. Received ''/],
    [['https://a.test/dns-query'], /a path begins with a slash/],
    [['/a/'], /a segment is empty. Received '\/a\/'/],
    [['/a//b'], /a segment is empty/],
    [['/a b'], /"a b" is neither text of a path nor ":name". Received '\/a b'/],
    [['/dns-query{?dns}'], /"dns-query\{\?dns\}" is neither/],
    [['/dns-query?dns'], /is neither/],
    [['/a#b'], /is neither/],
    [['/é'], /is neither/],
    [['/%zz'], /is neither/],
    [['/%2f'], /is neither/],
    [['/:'], /":" is neither/],
    [['/:1'], /":1" is neither/],
    [['/:a-b'], /":a-b" is neither/],
    [['/:a/b/:a'], /":a" stands twice. Received '\/:a\/b\/:a'/],
    [['/a', '/a'], /never matches, because "\/a" comes first. Received '\/a'/],
    [['/a/:b', '/a/:c'], /because "\/a\/:b" comes first. Received '\/a\/:c'/],
    [['/:a', '/b'], /because "\/:a" comes first. Received '\/b'/],
  ];
  for (const [paths, message] of faulty) {
    it(`${JSON.stringify(paths).slice(0, 60)} is an error that says which and why`, () => {
      const options = { listen: ':0', workers: 0, handler: () => undefined, https: { paths } };
      assert.throws(() => checkOptions(options as never), { message });
    });
  }

  it('paths that differ in length or text may follow one another', () => {
    const https = { paths: ['/', '/dns-query', '/dns-query/:client', '/b', '/:a', '/:a/c'] };
    checkOptions({ listen: ':0', workers: 0, handler: () => undefined, https });
  });

  for (const version of HTTP_VERSIONS) {
    describe(`HTTP/${version}`, () => {
      let server: Server;
      let origin: string;
      let seen: unknown;

      before(async () => {
        server = createServer({
          listen: 'http://127.0.0.1:0',
          sockets: 1,
          workers: 0,
          https: { paths: ['/dns-query', '/dns-query/:client'] },
          handler: (query, reply) => {
            seen = query.connection.http?.params;
            reply.rcode = 'NOERROR';
          },
        });
        await server.listen();
        origin = `http://127.0.0.1:${server.addresses()[0].port}`;
      });
      after(() => server.close());

      it('handlers get the parameters', async () => {
        for (const [path, params] of [
          ['/dns-query', {}],
          ['/dns-query/kitchen', { client: 'kitchen' }],
          ['/dns-query/%1b%5B2J%0a', { client: '\x1b[2J\n' }],
        ] as const) {
          assert.equal((await doh(origin + path + dnsParameter(), { version })).status, 200);
          assert.deepEqual(seen, params);
        }
      });

      it('other paths are 404, and the answer does not name those that there are', async () => {
        for (const path of ['/', '/dns-query/', '/dns-query/a/b', '/DNS-QUERY', '/dns-query/%', '/secret']) {
          const { status, body } = await doh(origin + path + dnsParameter(), { version });
          assert.equal(status, 404, path);
          assert.doesNotMatch(String(body), /dns-query/);
        }
        const { status } = await doh(`${origin}/elsewhere`, { version, method: 'DELETE' });
        assert.equal(status, 404);
      });
    });
  }
});
