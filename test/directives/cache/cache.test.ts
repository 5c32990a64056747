import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { loadCorefile, type Corefile } from '../../../dist/corefile/corefile.js';
import { DirectiveRegistry } from '../../../dist/corefile/registry.js';
import { createServer, type Handler, type Query } from '../../../dist/index.js';
import { CacheHandler } from '../../../dist/directives/cache/handler.js';
import type { CacheOptions } from '../../../dist/directives/cache/options.js';
import { cache } from '../../../dist/directives/cache/setup.js';
import { ask, opt } from '../../support/clients.js';
import { until } from '../../support/server.js';

const registry = new DirectiveRegistry();
registry.register(cache);
const load = (text: string): Corefile => loadCorefile(text, { registry, environment: {} });
const configOf = (lines: string): CacheOptions =>
  load(`example.org {\n${lines}\n}`).blocks[0].directives[0].config as CacheOptions;

const SOA = { type: 'SOA' as const, name: 'example.org', ttl: 900 };
const soa = (minimum: number) => ({
  ...SOA,
  data: { mname: 'a.example.org', rname: 'b.example.org', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
});

describe('cache', () => {
  const closing: (() => Promise<unknown>)[] = [];
  /** Questions that reached the handler behind the cache. */
  let reached: string[];
  let behind: Handler;
  const address =
    (ttl: number, data = '192.0.2.1'): Handler =>
    ({ name }, reply) => {
      reply.answer({ type: 'A', name, ttl, data });
    };

  beforeEach(() => {
    reached = [];
    behind = address(300);
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** Serves what the lines of a Corefile say, `workers` times with one cache; the first one's port. */
  async function serve(lines: string, workers = 1): Promise<number[]> {
    const options = configOf(lines);
    return Promise.all(
      Array.from({ length: workers }, async () => {
        const handler = new CacheHandler(options, console, 1232);
        const next = async (query: Query, reply: Parameters<Handler>[1]): Promise<void> => {
          reached.push(`${query.name} ${query.type}`);
          await behind(query, reply);
        };
        const handle: Handler = (query, reply) => handler.handle(query, reply, next);
        const server = createServer({ listen: '127.0.0.1:0', sockets: 1, workers: 0, handler: handle });
        closing.push(() => server.close());
        await server.listen();
        return server.addresses()[0].port;
      }),
    );
  }

  const ttls = (message: Awaited<ReturnType<typeof ask>>): number[] =>
    [...message.answers!, ...message.authorities!].map((record) => (record as { ttl: number }).ttl);
  const data = (message: Awaited<ReturnType<typeof ask>>): unknown[] =>
    message.answers!.map((record) => (record as { data: unknown }).data);

  it('answers again what was answered, with its own ID, spelling and EDNS, and TTLs that run down', async () => {
    const [port] = await serve('cache');
    await ask(port, 'www.example.org');
    await wait(1100);
    const again = await ask(port, 'WWW.Example.org');
    assert.equal(again.questions![0].name, 'WWW.Example.org');
    assert.deepEqual(data(again), ['192.0.2.1']);
    assert.ok(ttls(again)[0] < 300 && ttls(again)[0] >= 297);
    assert.deepEqual(reached, ['www.example.org A']);
    await ask(port, 'www.example.org', 'A', { additionals: [opt()] });
    const edns = await ask(port, 'www.example.org', 'A', { additionals: [opt()] });
    assert.equal(edns.additionals!.length, 1);
    assert.deepEqual(reached, ['www.example.org A', 'www.example.org A'], 'EDNS is another question');
  });

  it('is one for all workers of a server block', async () => {
    const [one, two] = await serve('cache', 2);
    await ask(one, 'www.example.org');
    await ask(two, 'www.example.org');
    assert.equal(reached.length, 1);
  });

  it('leaves names outside of its zones alone', async () => {
    const [port] = await serve('cache sub.example.org');
    for (const name of ['www.example.org', 'www.example.org', 'a.sub.example.org', 'a.sub.example.org']) {
      await ask(port, name);
    }
    assert.deepEqual(reached, ['www.example.org A', 'www.example.org A', 'a.sub.example.org A']);
  });

  it('bounds TTLs, from the first answer on', async () => {
    const [port] = await serve('cache {\n success 1000 60 20\n}');
    assert.deepEqual(ttls(await ask(port, 'a.example.org')), [60]);
    behind = address(0);
    assert.deepEqual(ttls(await ask(port, 'b.example.org')), [20]);
    await ask(port, 'b.example.org');
    assert.equal(reached.length, 2);
  });

  it('keeps denials for as long as SOA says, and not without one', async () => {
    behind = ({ name }, reply) => {
      reply.rcode = name.startsWith('no') ? 'NXDOMAIN' : 'NOERROR';
      if (!name.startsWith('no-soa')) reply.authority(soa(7));
    };
    const [port] = await serve('cache');
    for (const name of ['no.example.org', 'data.example.org', 'no-soa.example.org']) {
      for (let i = 0; i < 2; i++) await ask(port, name);
    }
    assert.deepEqual(reached, [
      'no.example.org A',
      'data.example.org A',
      'no-soa.example.org A',
      'no-soa.example.org A',
    ]);
  });

  it('keeps failures for 5 s, or not at all with servfail 0; REFUSED never', async () => {
    behind = ({ name }, reply) => {
      reply.rcode = name.startsWith('refused') ? 'REFUSED' : 'SERVFAIL';
    };
    const [port] = await serve('cache');
    for (let i = 0; i < 2; i++) assert.equal((await ask(port, 'www.example.org')).rcode, 'SERVFAIL');
    assert.equal(reached.length, 1);
    for (let i = 0; i < 2; i++) assert.equal((await ask(port, 'refused.example.org')).rcode, 'REFUSED');
    assert.equal(reached.length, 3);
    const [none] = await serve('cache {\n servfail 0\n}');
    for (let i = 0; i < 2; i++) await ask(none, 'www.example.org');
    assert.equal(reached.length, 5);
  });

  it('keeps nothing of a kind that is disabled, in the zones that are named', async () => {
    const [port] = await serve('cache {\n disable success a.example.org\n disable denial\n}');
    for (const name of ['x.a.example.org', 'x.b.example.org']) {
      for (let i = 0; i < 2; i++) await ask(port, name);
    }
    behind = (_, reply) => {
      reply.rcode = 'NXDOMAIN';
      reply.authority(soa(60));
    };
    for (let i = 0; i < 2; i++) await ask(port, 'no.example.org');
    assert.equal(reached.length, 2 + 1 + 2);
  });

  it('keeps answers, however large or small the capacity is', async () => {
    for (const capacity of ['1', '100000000', '9223372036854775807']) {
      reached.length = 0;
      const [port] = await serve(`cache {\n success ${capacity}\n denial ${capacity}\n}`);
      for (let i = 0; i < 2; i++) await ask(port, 'www.example.org');
      assert.equal(reached.length, 1, capacity);
    }
  });

  it('gives TTLs as they came with keepttl', async () => {
    const [port] = await serve('cache {\n keepttl\n}');
    await ask(port, 'www.example.org');
    await wait(1100);
    assert.deepEqual(ttls(await ask(port, 'www.example.org')), [300]);
    assert.equal(reached.length, 1);
  });

  it('renews what is asked for often before its end, while clients get what is there', async () => {
    const [port] = await serve('cache {\n success 1000 10\n prefetch 2 1m 90%\n}');
    await ask(port, 'www.example.org');
    behind = address(300, '192.0.2.2');
    // The cache counts whole seconds: after one, no more than 90% of the ten are left.
    await wait(1100);
    for (let i = 0; i < 2; i++) assert.deepEqual(data(await ask(port, 'www.example.org')), ['192.0.2.1']);
    await until(() => reached.length === 2, 'a renewal');
    assert.deepEqual(data(await ask(port, 'www.example.org')), ['192.0.2.2']);
    assert.equal(reached.length, 2);
  });

  describe('with serve_stale', () => {
    const failing: Handler = (_, reply) => {
      reply.rcode = 'SERVFAIL';
    };
    const short = 'success 1000 1 1';

    it('gives what is past its end at once, and has it renewed', async () => {
      const [port] = await serve(`cache {\n ${short}\n serve_stale\n}`);
      await ask(port, 'www.example.org');
      await wait(2100);
      behind = address(300, '192.0.2.2');
      const stale = await ask(port, 'www.example.org');
      assert.deepEqual(data(stale), ['192.0.2.1']);
      assert.ok(ttls(stale)[0] <= 30);
      await until(() => reached.length === 2, 'a renewal');
      assert.deepEqual(data(await ask(port, 'www.example.org')), ['192.0.2.2']);
    });

    it('verify: gives it only when there is nothing else', async () => {
      const [port] = await serve(`cache {\n ${short}\n serve_stale 1h verify\n servfail 0\n}`);
      await ask(port, 'www.example.org');
      await wait(2100);
      behind = failing;
      assert.deepEqual(data(await ask(port, 'www.example.org')), ['192.0.2.1']);
      behind = address(300, '192.0.2.2');
      assert.deepEqual(data(await ask(port, 'www.example.org')), ['192.0.2.2']);
    });

    it('and not longer than it says; and never without it', async () => {
      const [one] = await serve(`cache {\n ${short}\n serve_stale 1s\n}`);
      const [none] = await serve(`cache {\n ${short}\n}`);
      for (const port of [one, none]) await ask(port, 'www.example.org');
      behind = failing;
      await wait(3100);
      for (const port of [one, none]) assert.equal((await ask(port, 'www.example.org')).rcode, 'SERVFAIL');
    });
  });
});

describe('the directive cache', () => {
  it('has defaults', () => {
    const { shared, ...rest } = configOf('cache');
    assert.equal(shared.byteLength, 4);
    assert.deepEqual(rest, {
      zones: ['example.org'],
      capacity: 2 * 9984,
      success: { most: 3600, least: 5 },
      denial: { most: 1800, least: 5 },
      servfail: 5,
      prefetch: { hits: 0, gap: 60, percent: 10 },
      staleFor: 0,
      verify: false,
      verifyTimeout: 0,
      staleTtl: 30,
      recheck: 30,
      preferData: false,
      keepTtl: false,
      disabled: { success: [], denial: [] },
      misses: undefined,
    });
  });

  it('has room for at least 1,024 answers of each kind, as in CoreDNS', () => {
    for (const few of ['0', '-1', '1', '1024']) {
      assert.equal(configOf(`cache {\n success ${few}\n denial ${few}\n}`).capacity, 2048);
    }
  });

  it('takes all options', () => {
    const { shared, misses, ...rest } = configOf(`cache 100 a.example.org 10.0.0.0/8 {
      success 5000 200 10
      denial 2500 3
      prefetch 3 2m 20%
      serve_stale 2h verify 100ms 20s 1m
      serve_stale_policy prefer_positive
      servfail 1m
      disable denial b
      keepttl
      share_misses 2s
    }`);
    assert.equal(shared.byteLength, 4);
    assert.deepEqual(rest, {
      zones: ['a.example.org', '10.in-addr.arpa'],
      capacity: 7500,
      success: { most: 200, least: 10 },
      denial: { most: 3, least: 3 },
      servfail: 60,
      prefetch: { hits: 3, gap: 120, percent: 20 },
      staleFor: 7200,
      verify: true,
      verifyTimeout: 100,
      staleTtl: 20,
      recheck: 60,
      preferData: true,
      keepTtl: true,
      disabled: { success: [], denial: ['b'] },
    });
    assert.equal(misses?.longest, 2000);
  });

  const faults: [string, number, string][] = [
    ['cache 0', 2, 'cache TTL can not be zero or negative: 0'],
    ['cache -1', 2, 'cache TTL can not be zero or negative: -1'],
    ['cache\ncache', 3, 'this plugin can only be used once per Server Block'],
    ['cache {\n unknown\n}', 3, "unknown property 'unknown'"],
    ['cache {\n success\n}', 3, "Wrong argument count or unexpected line ending after 'success'"],
    ['cache {\n success many\n}', 3, 'invalid capacity "many": it must be a whole number'],
    ['cache {\n denial 10 0\n}', 3, 'cache TTL can not be zero or negative: 0'],
    ['cache {\n prefetch 3 1m 20\n}', 3, 'last character of percentage should be %, and it a number: 20'],
    ['cache {\n prefetch 3 1m 5%\n}', 3, 'percentage should fall in range [10, 90]: 5'],
    ['cache {\n serve_stale 1h soon\n}', 3, 'invalid value for serve_stale refresh mode: soon'],
    ['cache {\n servfail 6m\n}', 3, 'caching SERVFAIL responses over 5 minutes is not permitted: 6m'],
    ['cache {\n disable all\n}', 3, 'cache type for disable must be "success" or "denial"'],
    ['cache {\n share_misses\n}', 3, "Wrong argument count or unexpected line ending after 'share_misses'"],
    ['cache {\n share_misses 61s\n}', 3, 'share_misses can not exceed 1m: 61s'],
    ['cache {\n keepttl yes\n}', 3, "Wrong argument count or unexpected line ending after 'yes'"],
  ];
  for (const [lines, line, message] of faults) {
    it(`refuses ${JSON.stringify(lines)}`, () => {
      assert.throws(() => configOf(lines), {
        code: 'ERR_MULTISOCKET_COREFILE',
        message: `plugin/cache: Corefile:${line} - Error during parsing: ${message}`,
      });
    });
  }
});
