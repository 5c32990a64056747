/** What is kept, and what stays: answers without data, failures, and what began before a clear. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { createServer, type Handler, type ResourceRecord, type Server } from 'multisocket';
import { CacheHandler } from '../../../dist/directives/cache/handler.js';
import type { CacheOptions } from '../../../dist/directives/cache/options.js';
import { ask } from '../../support/clients.js';
import { until } from '../../support/server.js';
import { OPTIONS } from './fixtures/cache-options.js';

const SOA = {
  type: 'SOA' as const,
  name: 'test',
  ttl: 900,
  data: { mname: 'a', rname: 'b', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 300 },
};
const cname = (name: string, data: string): ResourceRecord => ({ type: 'CNAME', name, ttl: 300, data });
const a = (name: string): ResourceRecord => ({ type: 'A', name, ttl: 300, data: '192.0.2.1' });

describe('cache keeps', () => {
  const closing: (() => Promise<unknown>)[] = [];
  let calls: number;
  let directive: CacheHandler;
  beforeEach(() => {
    calls = 0;
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** Serves a handler behind the directive, or behind the cache of the server; the port. */
  async function serve(behind: Handler, options: Partial<CacheOptions> | 'server'): Promise<number> {
    const next: Handler = (query, reply) => {
      calls++;
      return behind(query, reply);
    };
    const common = { listen: '127.0.0.1:0', sockets: 1, workers: 0 };
    let server: Server;
    if (options === 'server') {
      server = createServer({ ...common, handler: next, cache: { maxBytes: 1 << 20 } });
    } else {
      const handler = new CacheHandler({ ...OPTIONS, ...options, shared: new SharedArrayBuffer(4) }, console, 1232);
      directive = handler;
      server = createServer({ ...common, handler: (query, reply) => handler.handle(query, reply, next) });
    }
    closing.unshift(() => server.close());
    await server.listen();
    return server.addresses()[0].port;
  }

  const sections: [what: string, kept: boolean, answers: ResourceRecord[], authorities: ResourceRecord[]][] = [
    ['a record', true, [a('a.test')], []],
    ['a chain and the record at its end', true, [cname('A.test', 'b.test'), a('B.test')], []],
    ['a chain in any order', true, [a('c.test'), cname('b.test', 'c.test'), cname('a.test', 'b.test')], []],
    ['an alias alone', false, [cname('a.test', 'b.test')], []],
    ['an alias and the SOA of a denial', true, [cname('a.test', 'b.test')], [SOA]],
    ['two aliases', false, [cname('a.test', 'b.test'), cname('b.test', 'c.test')], []],
    ['a loop', false, [cname('a.test', 'b.test'), cname('b.test', 'a.test')], []],
    ['an alias with two targets', false, [cname('a.test', 'b.test'), cname('a.test', 'c.test'), a('c.test')], []],
    ['a record of another name', false, [a('b.test')], []],
    ['an alias, and a record of another name', false, [cname('a.test', 'b.test'), a('c.test')], []],
    ['a record of another type', false, [{ type: 'TXT', name: 'a.test', ttl: 300, data: 'x' }], []],
    ['nothing at all', false, [], []],
    ['nothing, and an SOA', true, [], [SOA]],
  ];
  for (const way of ['server', 'directive'] as const) {
    for (const [what, kept, answers, authorities] of sections) {
      it(`${kept ? '' : 'not '}${what} (by the ${way})`, async () => {
        const port = await serve(
          (_, reply) => {
            reply.rcode = 'NOERROR';
            reply.answer(...answers);
            reply.authority(...authorities);
          },
          way === 'server' ? 'server' : {},
        );
        for (let i = 0; i < 2; i++) await ask(port, 'a.test');
        assert.equal(calls, kept ? 1 : 2);
      });
    }
  }

  it('the alias that was asked for', async () => {
    const port = await serve((_, reply) => void reply.answer(cname('a.test', 'b.test')), {});
    for (let i = 0; i < 2; i++) await ask(port, 'a.test', 'CNAME');
    assert.equal(calls, 1);
  });

  for (const rcode of ['SERVFAIL', 'REFUSED', 'NOTIMP', 'FORMERR'] as const) {
    for (const verify of [false, true]) {
      it(`what is past its end, for as long as it says, when a renewal ends with ${rcode}${verify ? ' (verify)' : ''}`, async () => {
        let fails = false;
        const port = await serve(
          ({ name }, reply) => {
            if (fails) reply.fail(rcode, new Error('no'));
            else reply.answer({ type: 'A', name, ttl: 1, data: '192.0.2.1' });
          },
          { staleFor: 3600, verify, recheck: 0, servfail: 1 },
        );
        await ask(port, 'a.test');
        fails = true;
        await wait(1100);
        for (let i = 0; i < 12; i++) {
          const { rcode: got, answers } = await ask(port, 'a.test');
          assert.deepEqual([got, answers!.length], ['NOERROR', 1], `query ${i}`);
          await wait(200);
        }
        assert.ok(calls > 2, 'it was tried to renew it');
        fails = false;
        await ask(port, 'a.test');
        await wait(20);
        assert.equal((await ask(port, 'a.test')).rcode, 'NOERROR');
      });
    }
  }

  it('and gives it after the time that verify allows, while the renewal goes on', async () => {
    let answerLate = (): void => undefined;
    let ttl = 1;
    const port = await serve(
      async ({ name }, reply) => {
        if (ttl > 1) await new Promise<void>((resolve) => (answerLate = resolve));
        reply.answer({ type: 'A', name, ttl, data: `192.0.2.${ttl}` });
      },
      { staleFor: 3600, verify: true, verifyTimeout: 100 },
    );
    await ask(port, 'a.test');
    ttl = 60;
    await wait(1100);
    const began = performance.now();
    assert.deepEqual(
      (await ask(port, 'a.test')).answers!.map((each) => (each as { data: unknown }).data),
      ['192.0.2.1'],
    );
    const took = performance.now() - began;
    assert.ok(took > 90, `${took} ms`);
    answerLate();
    await wait(20);
    const { answers } = await ask(port, 'a.test');
    assert.deepEqual(
      answers!.map((each) => (each as { data: unknown }).data),
      ['192.0.2.60'],
    );
    assert.equal(calls, 2);
  });

  const modes: [how: string, options: Partial<CacheOptions>, stale: [healthy: number, failing: number]][] = [
    ['without serve_stale', {}, [0, 0]],
    ['with serve_stale', { staleFor: 3600 }, [2, 2]],
    ['with serve_stale verify', { staleFor: 3600, verify: true }, [0, 2]],
    ['with serve_stale verify and a time limit', { staleFor: 3600, verify: true, verifyTimeout: 500 }, [0, 2]],
  ];
  for (const [how, options, expected] of modes) {
    it(`count of the expired answers that clients got, ${how}`, async () => {
      const stale = [];
      for (const fails of [false, true]) {
        let renewed = false;
        const port = await serve(
          ({ name }, reply) => {
            if (renewed && fails) reply.fail('SERVFAIL', new Error('no'));
            else reply.answer({ type: 'A', name, ttl: 1, data: '192.0.2.1' });
          },
          { ...options, servfail: 0 },
        );
        for (const name of ['a.test', 'b.test', 'b.test']) await ask(port, name);
        renewed = true;
        await wait(1100);
        for (const name of ['a.test', 'b.test']) await ask(port, name);
        const sample = directive.metrics().find(({ name }) => name === 'cache_served_stale_total');
        stale.push((sample?.value as { number: number }).number);
      }
      assert.deepEqual(stale, expected);
    });
  }

  it('data in place of a denial that comes later, with serve_stale_policy prefer_positive', async () => {
    let denies = false;
    const port = await serve(
      ({ name }, reply) => {
        if (denies) {
          reply.rcode = 'NXDOMAIN';
          reply.authority(SOA);
        } else reply.answer({ type: 'A', name, ttl: 1, data: '192.0.2.1' });
      },
      { staleFor: 3600, preferData: true, recheck: 0 },
    );
    await ask(port, 'a.test');
    denies = true;
    await wait(1100);
    for (let i = 0; i < 4; i++) assert.equal((await ask(port, 'a.test')).rcode, 'NOERROR');
  });

  it('nothing whose handler began before a clear', async () => {
    let release = (): void => undefined;
    let row = 'old';
    const server = createServer({
      listen: '127.0.0.1:0',
      sockets: 1,
      workers: 0,
      cache: { maxBytes: 1 << 20 },
      handler: async ({ name }, reply) => {
        calls++;
        const read = row;
        if (read === 'old') await new Promise<void>((resolve) => (release = resolve));
        reply.answer({ type: 'TXT', name, ttl: 300, data: read });
      },
    });
    closing.push(() => server.close());
    await server.listen();
    const [{ port }] = server.addresses();
    const text = async (): Promise<string> =>
      String(((await ask(port, 'a.test', 'TXT')).answers![0] as { data: unknown }).data);
    for (const clear of [
      () => server.cache!.clear('a.test'),
      () => server.cache!.clear(),
      () => server.cache!.clear('test', { subtree: true }),
    ]) {
      row = 'old';
      const before = calls;
      const first = text();
      await until(() => calls === before + 1, 'the handler has read');
      row = 'new';
      clear();
      release();
      assert.equal(await first, 'old');
      assert.equal(await text(), 'new');
      assert.equal(await text(), 'new');
      assert.equal(calls, before + 2);
      clear();
    }
  });
});
