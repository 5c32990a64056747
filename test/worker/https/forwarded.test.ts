/** Who the client is behind proxies: `Forwarded` (RFC 7239) and `X-Forwarded-For`. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createServer, type Endpoint, type Server, type ServerOptions } from 'multisocket';
import { hopsOfForwarded, hopsOfXForwardedFor, type Hop } from '../../../dist/worker/https/forwarded.js';
import { dnsParameter, doh, HTTP_VERSIONS, type HttpVersion } from '../../support/doh.js';

type Line = readonly [name: string, value: string];

const shown = (hop: Hop): string => (typeof hop === 'string' ? hop : `${hop.address} ${hop.port}`);

describe('the fields of proxies', () => {
  const forwarded: [lines: string[], hops: string[]][] = [
    [['for=192.0.2.1'], ['192.0.2.1 0']],
    [['For="192.0.2.1:4711";proto=https;by=203.0.113.43'], ['192.0.2.1 4711']],
    [['for=192.0.2.1, for="[2001:DB8:0:0::17]:4711"'], ['2001:db8::17 4711', '192.0.2.1 0']],
    [
      ['for="[2001:db8::17]"', 'FOR=192.0.2.2 , for=192.0.2.3'],
      ['192.0.2.3 0', '192.0.2.2 0', '2001:db8::17 0'],
    ],
    [['for="\\192.0.\\2.1"'], ['192.0.2.1 0']],
    [['for="2001:db8::1"'], ['2001:db8::1 0']],
    [['for="[::ffff:192.0.2.1]:53"'], ['192.0.2.1 53']],
    [['for=192.0.2.1:4711'], ['malformed']],
    [['for=unknown, for=Unknown'], ['hidden', 'hidden']],
    [['for=_gazonk, for="_a.b-c:_port", for="192.0.2.1:_port"'], ['192.0.2.1 0', 'hidden', 'hidden']],
    [['by=203.0.113.43;host=a.test'], ['hidden']],
    [['host="a, for=192.0.2.9";for=192.0.2.1'], ['192.0.2.1 0']],
    [[', for=192.0.2.1,, ;,'], ['192.0.2.1 0']],
    [['', '  '], []],
    [['for=192.0.2.1;for=192.0.2.2'], ['malformed']],
    [['for="[2001:db8::1"'], ['malformed']],
    [['for="[192.0.2.1]"'], ['malformed']],
    [['for="[fe80::1%eth0]"'], ['malformed']],
    [['for="192.0.2.1:65536"'], ['malformed']],
    [['for=192.000.2.1, for=192.0.2, for=a.test, for=""'], ['malformed', 'malformed', 'malformed', 'malformed']],
    // A quote that is left open does not hide what the proxy adds: nothing of the line is believed, and only that line.
    [['for="x, for=192.0.2.1'], ['malformed']],
    [['for="x, for="[2001:db8::1]"'], ['malformed']],
    [['for=198.51.100.1;by=", for="[2001:db8::1]";proto=https'], ['malformed']],
    [
      ['for="x', 'for=192.0.2.1'],
      ['192.0.2.1 0', 'malformed'],
    ],
    [['for = 192.0.2.1'], ['malformed']],
    [['192.0.2.1'], ['malformed']],
  ];
  for (const [lines, hops] of forwarded) {
    it(`Forwarded: ${JSON.stringify(lines)}`, () => {
      assert.deepEqual([...hopsOfForwarded(lines)].map(shown), hops);
    });
  }

  const xForwardedFor: [lines: string[], hops: string[]][] = [
    [['192.0.2.1'], ['192.0.2.1 0']],
    [['192.0.2.1, 2001:DB8::1,198.51.100.1 '], ['198.51.100.1 0', '2001:db8::1 0', '192.0.2.1 0']],
    [
      ['192.0.2.1', '192.0.2.2, 192.0.2.3'],
      ['192.0.2.3 0', '192.0.2.2 0', '192.0.2.1 0'],
    ],
    [['192.0.2.1:4711, [2001:db8::1]:4711, [2001:db8::2]'], ['2001:db8::2 0', '2001:db8::1 4711', '192.0.2.1 4711']],
    [['"[2001:db8::1]:4711", "192.0.2.1"'], ['192.0.2.1 0', '2001:db8::1 4711']],
    [['::ffff:192.0.2.1'], ['192.0.2.1 0']],
    [['unknown, _hidden'], ['hidden', 'hidden']],
    [[',, 192.0.2.1 ,', ''], ['192.0.2.1 0']],
    [['fe80::1%eth0'], ['malformed']],
    [['192.0.2.1:99999, 192.0.2.1:, :53, 1.2.3.4.5'], ['malformed', 'malformed', 'malformed', 'malformed']],
    [['<script>, \x1b[2J, 192.0.2.1 192.0.2.2'], ['malformed', 'malformed', 'malformed']],
  ];
  for (const [lines, hops] of xForwardedFor) {
    it(`X-Forwarded-For: ${JSON.stringify(lines)}`, () => {
      assert.deepEqual([...hopsOfXForwardedFor(lines)].map(shown), hops);
    });
  }

  it('whatever a client sends: the last element of a well-formed line is what its proxy has added', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc
        .array(fc.constantFrom('for=', '"', '\\', ',', ';', '192.0.2.1', '[2001:db8::1]', ' ', 'by=', '_x', ':'), {
          maxLength: 12,
        })
        .map((parts) => parts.join('')),
    );
    const honest = fc.constantFrom(
      ['for=198.51.100.7', '198.51.100.7 0'],
      ['for="[2001:db8::7]:53";by="[::1]";proto=https', '2001:db8::7 53'],
    );
    fc.assert(
      fc.property(text, honest, (sent, [added, hop]) => {
        const [last] = [...hopsOfForwarded([`${sent}, ${added}`])].map(shown);
        assert.ok(last === hop || last === 'malformed', `${last} of ${sent}`);
        assert.equal(shown([...hopsOfXForwardedFor([`${sent}, 198.51.100.7`])][0]), '198.51.100.7 0');
      }),
      { numRuns: 3000 },
    );
  });

  it('takes time in proportion to the length', () => {
    const size = 200_000;
    for (const part of [' ', '\t', '"', '\\', 'for=', ';', ',', 'a', '=', '"\\', ' ,', 'for="\\""']) {
      const line = part.repeat(size / part.length);
      for (const text of [line, `for=${line}`, `for="${line}`, `${line}x`, `x${line}`]) {
        const start = performance.now();
        for (const hops of [hopsOfForwarded([text]), hopsOfXForwardedFor([text])]) while (hops.next().done !== true);
        assert.ok(performance.now() - start < 1000, JSON.stringify(part));
      }
    }
  });
});

describe('a server behind proxies', () => {
  let server: Server | undefined;
  let url: string;
  let seen: { client: Endpoint; proxy: Endpoint | undefined; local: Endpoint } | undefined;
  const lastSeen = (): typeof seen => seen;
  const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
    server = createServer({
      listen: 'http://127.0.0.1:0',
      sockets: 1,
      workers: 0,
      trustedProxies: ['127.0.0.1', '10.0.0.0/8', '2001:db8:ffff::/48'],
      handler: (query, reply) => {
        seen = { client: query.client, proxy: query.connection.proxy, local: query.local };
        reply.rcode = 'NOERROR';
      },
      ...options,
    });
    await server.listen();
    url = `http://127.0.0.1:${server.addresses()[0].port}/dns-query${dnsParameter()}`;
  };
  /** The address of `query.client`, or the status of a refusal. */
  const clientOf = async (headers: Line[], version: HttpVersion = '1.1', localAddress?: string): Promise<unknown> => {
    seen = undefined;
    const { status } = await doh(url, { headers, version, ...(localAddress !== undefined && { localAddress }) });
    return status === 200 ? lastSeen()?.client.address : status;
  };
  const F = (value: string): Line => ['forwarded', value];
  const X = (value: string): Line => ['x-forwarded-for', value];

  afterEach(() => server?.close());

  const cases: [what: string, headers: Line[], client: string | number][] = [
    ['no field: the proxy itself', [], '127.0.0.1'],
    ['empty fields: the proxy itself', [X(''), F('')], '127.0.0.1'],
    ['one proxy', [X('192.0.2.1')], '192.0.2.1'],
    ['what the client has sent itself does not count', [X('198.51.100.9, 10.9.9.9, 192.0.2.1')], '192.0.2.1'],
    ['nor does its nonsense', [X('<b>, "x, unknown,, 192.0.2.1')], '192.0.2.1'],
    ['trusted proxies are passed', [X('192.0.2.1, 10.1.2.3, 10.0.0.1')], '192.0.2.1'],
    ['on several lines', [X('198.51.100.9'), X('192.0.2.1, 10.1.2.3'), X('10.0.0.1')], '192.0.2.1'],
    ['a trusted address may be the client', [X('10.0.0.9, 10.0.0.1')], '10.0.0.9'],
    ['IPv6, in any spelling', [X('2001:DB8:1:0::1, 2001:db8:ffff:0::2')], '2001:db8:1::1'],
    ['an IPv4-mapped address is IPv4', [X('::ffff:192.0.2.1, ::ffff:10.0.0.1')], '192.0.2.1'],
    ['Forwarded', [F('for=192.0.2.1, for=10.0.0.1;proto=https')], '192.0.2.1'],
    ['Forwarded with IPv6', [F('for="[2001:db8::1]:4711"')], '2001:db8::1'],
    ['an inner proxy that hides its client is the client', [F('for=192.0.2.1, for=unknown, for=10.0.0.1')], '10.0.0.1'],
    ['the proxy hides its client', [F('for=_secret')], '127.0.0.1'],
    ['both fields, one client', [X('192.0.2.1, 10.0.0.1'), F('for="192.0.2.1:4711"')], '192.0.2.1'],
    ['both fields, two clients', [X('192.0.2.1'), F('for=192.0.2.2')], 400],
    ['a field of the client beside the one of the proxy', [X('192.0.2.1'), F('for=unknown')], 400],
    ['malformed where the proxy writes', [X('192.0.2.1, x')], 400],
    ['a quote that swallows what the proxy writes', [F('for="x, for=192.0.2.1')], 400],
    ['more proxies than there can be', [X(`192.0.2.1${', 10.0.0.1'.repeat(40)}`)], 400],
    ['a hundred fields before it', [...Array<Line>(100).fill(['a', '']), X('192.0.2.1')], '192.0.2.1'],
  ];
  for (const version of HTTP_VERSIONS) {
    for (const [what, headers, client] of cases) {
      it(`HTTP/${version}: ${what}`, async () => {
        await start();
        assert.equal(await clientOf(headers, version), client);
      });
    }

    it(`HTTP/${version}: of others the fields are ignored`, async () => {
      await start();
      for (const field of [X('192.0.2.1'), F('for=192.0.2.1'), F('for="'), X('x'), X('10.0.0.1')])
        assert.equal(await clientOf([field], version, '127.0.0.2'), '127.0.0.2');
      assert.equal(seen?.proxy, undefined);
    });

    it(`HTTP/${version}: without the option nobody is trusted`, async () => {
      await start({ trustedProxies: [] });
      assert.equal(await clientOf([X('192.0.2.1')], version), '127.0.0.1');
    });

    it(`HTTP/${version}: a header of thousands of fields does not hide that of the proxy`, async () => {
      await start();
      // 4 octets in HTTP/1.1: more of them than Node keeps by default, and less than 16 KiB.
      const client = await clientOf(
        [...Array<Line>(version === '1.1' ? 2500 : 400).fill(['a', '']), X('192.0.2.1')],
        version,
      );
      assert.ok(client === '192.0.2.1' || client === 431, String(client));
      assert.equal(await clientOf([['a', 'x'.repeat(20_000)], X('192.0.2.1')], version), 431);
    });
  }

  it('ports: that of the client, if its proxy says so, else 0; and the proxy is named', async () => {
    await start();
    await clientOf([X('192.0.2.1:4711')]);
    assert.deepEqual(seen?.client, { address: '192.0.2.1', port: 4711, family: 'IPv4' });
    assert.equal(seen.proxy?.address, '127.0.0.1');
    assert.ok(seen.proxy.port > 0);
    assert.equal(seen.local.address, '127.0.0.1');
    await clientOf([X('192.0.2.1')]);
    assert.equal(seen.client.port, 0);
  });

  it('the caps on connections are per client, not per proxy', async () => {
    const release: (() => void)[] = [];
    await start({
      tcp: { maxConnectionsPerClient: 2 },
      handler: (query, reply) =>
        new Promise((resolve) => {
          reply.rcode = 'NOERROR';
          release.push(resolve);
          seen = { client: query.client, proxy: undefined, local: query.local };
        }),
    });
    const asked = ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3'].map((client) =>
      doh(url, { headers: [X(client)] }),
    );
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (release.length < 4) return;
        clearInterval(timer);
        resolve();
      }, 5);
    });
    const refused = await doh(url, { headers: [X('192.0.2.1')] });
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1']);
    for (const resolve of release.splice(0)) resolve();
    assert.deepEqual(
      (await Promise.all(asked)).map(({ status }) => status),
      [200, 200, 200, 200],
    );
    const again = doh(url, { headers: [X('192.0.2.1')] });
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const resolve of release.splice(0)) resolve();
    assert.equal((await again).status, 200);
    assert.equal(server?.stats().totals.tcpRefusedClient, 1);
  });

  it('the option is checked', () => {
    for (const trustedProxies of ['127.0.0.1', 1, [1]])
      assert.throws(
        () => createServer({ listen: ':0', workers: 0, handler: () => undefined, trustedProxies } as never),
        {
          code: 'ERR_INVALID_ARG_TYPE',
          message: /"trustedProxies"/,
        },
      );
    for (const network of ['', 'localhost', '10.0.0.0/33', '10.0.0/8', '*'])
      assert.throws(
        () => createServer({ listen: ':0', workers: 0, handler: () => undefined, trustedProxies: [network] }),
        { code: 'ERR_INVALID_ARG_VALUE', message: /"trustedProxies".*'192\.0\.2\.0\/24'/ },
      );
  });
});
