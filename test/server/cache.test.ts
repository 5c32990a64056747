import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import packet from 'dns-packet';
import type { Handler, Server, ServerOptions } from 'multisocket';
import { opt, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { serve as start, until } from '../support/server.js';

const counting = new URL('./fixtures/counting.js', import.meta.url);
const cache = { maxBytes: 1 << 20 };

/** On the calling thread, with a handler that says how often it was called. */
async function serve(
  answer: (reply: Parameters<Handler>[1], query: Parameters<Handler>[0]) => void,
  options: Partial<ServerOptions> = {},
): Promise<{ server: Server; port: number; calls: () => number }> {
  let calls = 0;
  const handler: Handler = (query, reply) => {
    calls++;
    answer(reply, query);
  };
  const { server, port } = await start({ workers: 0, handler, cache, ...options });
  return { server, port, calls: () => calls };
}

const address: Parameters<typeof serve>[0] = (reply, query) => {
  const { name } = query;
  if (query.type === 'AAAA') reply.answer({ type: 'AAAA', name, ttl: 300, data: '2001:db8::1' });
  else reply.answer({ type: 'A', name, ttl: 300, data: '192.0.2.1' });
};
const exchange = async (port: number, message: Buffer, to = '127.0.0.1'): Promise<Buffer> => {
  const answered = await udpExchange(message, port, to);
  assert.ok(answered);
  return answered.reply;
};

describe('the answer cache', () => {
  it('gives the same bytes as the handler, save ID and spelling', async () => {
    const { server, port, calls } = await serve(address);
    for (const more of [{}, { additionals: [opt(1232, { flags: 0x8000 })] }, { additionals: [opt(4096)] }]) {
      const before = calls();
      const first = await exchange(port, queryBytes('example.org', 'A', { id: 1, ...more }));
      const second = await exchange(port, queryBytes('EXAMPLE.org', 'A', { id: 2, ...more }));
      assert.equal(calls(), before + 1);
      assert.equal(second.readUInt16BE(0), 2);
      assert.equal(second.toString('latin1', 13, 20), 'EXAMPLE');
      second.writeUInt16BE(1);
      second.write('example', 13);
      assert.deepEqual(second, first);
    }
    await server.close();
  });

  const base = { name: 'example.org', type: 'A' as packet.RecordType, more: {} as packet.Packet };
  const subnet = (ip: string): packet.Packet => ({
    additionals: [opt(1232, { options: [{ code: 8, ip, sourcePrefixLength: 24 } as never] })],
  });
  const RD = packet.RECURSION_DESIRED;
  const others: [string, Partial<typeof base>][] = [
    ['name', { name: 'example.net' }],
    ['type', { type: 'AAAA' }],
    ['class', { more: { questions: [{ name: 'example.org', type: 'A', class: 'CH' }] } }],
    ['RD', { more: { flags: 0 } }],
    ['CD', { more: { flags: RD | packet.CHECKING_DISABLED } }],
    ['AD', { more: { flags: RD | packet.AUTHENTIC_DATA } }],
    ['EDNS', { more: { additionals: [opt(1232)] } }],
    ['DO', { more: { additionals: [opt(1232, { flags: 0x8000 })] } }],
    ['payload size', { more: { additionals: [opt(700)] } }],
    ['client subnet', { more: subnet('192.0.2.0') }],
    ['another client subnet', { more: subnet('198.51.100.0') }],
  ];
  it('keeps apart queries that differ in anything that an answer may depend on', async () => {
    const { server, port, calls } = await serve(address);
    const queries = [base, ...others.map(([, other]) => ({ ...base, ...other }))];
    for (const [i, { name, type, more }] of queries.entries()) {
      await exchange(port, queryBytes(name, type, more));
      assert.equal(calls(), i + 1, others[i - 1]?.[0] ?? 'the first');
    }
    for (const { name, type, more } of queries) await exchange(port, queryBytes(name, type, more));
    assert.equal(calls(), queries.length);
    const client = await TcpClient.connect(port);
    for (let i = 0; i < 2; i++) {
      await client.exchange(queryBytes('example.org'));
      assert.equal(calls(), queries.length + 1, 'by TCP');
    }
    client.close();
    await server.close();
  });

  it('never stores a reply with ttl 0', async () => {
    const { server, port, calls } = await serve((reply, query) => {
      reply.answer({ type: 'A', name: query.name, ttl: query.key === 'zero' ? 0 : 300, data: '192.0.2.1' });
      if (query.key === 'never') reply.cache({ ttl: 0 });
      if (query.key === 'servfail') reply.rcode = 'SERVFAIL';
      if (query.key === 'drop') reply.drop();
    });
    const twice: [string, packet.Packet][] = [
      ['zero', {}],
      ['never', {}],
      ['servfail', {}],
    ];
    for (const [name, more] of twice) {
      const before = calls();
      for (let i = 0; i < 2; i++) await exchange(port, queryBytes(name, 'A', more));
      assert.equal(calls(), before + 2, name);
    }
    assert.equal(server.stats().cache?.entries, 0);
    await server.close();
  });

  it('keeps nothing that was truncated, nor failures of the handler', async () => {
    const { server, port } = await start({ workers: 1, sockets: 1, cache });
    for (const name of ['big.example.org', 'throw.example.org', 'silent.example.org']) {
      await exchange(port, queryBytes(name));
    }
    assert.equal(server.stats().cache?.entries, 0);
    await server.close();
  });

  it('counts TTLs down, and asks the handler again when they are over', async () => {
    const { server, port, calls } = await serve((reply, query) => {
      reply.answer({ type: 'A', name: query.name, ttl: 2, data: '192.0.2.1' });
    });
    const ttl = async (): Promise<number> =>
      (packet.decode(await exchange(port, queryBytes('example.org'))).answers?.[0] as packet.StringAnswer).ttl ?? -1;
    assert.equal(await ttl(), 2);
    await until(() => calls() === 1, 'the first call');
    const seen = new Set<number>();
    for (const end = Date.now() + 3500; calls() === 1 && Date.now() < end;) {
      seen.add(await ttl());
      await wait(50);
    }
    assert.equal(calls(), 2);
    assert.ok(seen.has(1), [...seen].join(' '));
    await server.close();
  });

  it('keeps negative answers as long as their SOA says, and none without one', async () => {
    const soa = {
      mname: 'ns.example.org',
      rname: 'admin.example.org',
      serial: 1,
      refresh: 1,
      retry: 1,
      expire: 1,
      minimum: 60,
    };
    const { server, port, calls } = await serve((reply, query) => {
      reply.rcode = 'NXDOMAIN';
      if (query.key === 'with.example.org') reply.authority({ type: 'SOA', name: 'example.org', ttl: 300, data: soa });
    });
    for (let i = 0; i < 2; i++) await exchange(port, queryBytes('with.example.org'));
    assert.equal(calls(), 1);
    for (let i = 0; i < 2; i++) await exchange(port, queryBytes('without.example.org'));
    assert.equal(calls(), 3);
    await server.close();
  });

  it('varies by what the handler names', async () => {
    const { server, port, calls } = await serve(
      (reply, query) => {
        reply
          .answer({ type: 'TXT', name: query.name, ttl: 300, data: query.local.address })
          .cache({ varyBy: ['localAddress'] });
      },
      { listen: '0.0.0.0:0' },
    );
    for (let i = 0; i < 2; i++) {
      for (const to of ['127.0.0.1', '127.0.0.2']) {
        assert.ok((await exchange(port, queryBytes('example.org', 'TXT'), to)).includes(to));
      }
    }
    assert.equal(calls(), 2);
    await server.close();
  });

  it('varies by client over UDP and TCP alike', async () => {
    const { server, port, calls } = await serve((reply, query) => {
      reply
        .answer({ type: 'TXT', name: query.name, ttl: 300, data: query.client.address })
        .cache({ varyBy: ['client'] });
    });
    const from = async (address: string): Promise<string> => {
      const socket = createSocket('udp4');
      socket.bind(0, address);
      await once(socket, 'listening');
      const answered = once(socket, 'message') as Promise<[Buffer]>;
      socket.send(queryBytes('example.org', 'TXT'), port, '127.0.0.1');
      const [reply] = await answered;
      socket.close();
      return String((packet.decode(reply).answers?.[0] as packet.TxtAnswer).data);
    };
    for (let i = 0; i < 2; i++)
      for (const client of ['127.0.0.1', '127.0.0.9']) assert.equal(await from(client), client);
    assert.equal(calls(), 2);
    await server.close();
  });

  it('is one for all workers, warm for each as soon as one has answered, and counts', async () => {
    const { server, port } = await start({ sockets: 4, workers: 2, filename: counting, cache });
    const names = Array.from({ length: 50 }, (_, i) => `host${i}.example.org`);
    for (let round = 0; round < 3; round++) for (const name of names) await exchange(port, queryBytes(name));
    const { totals, workers, cache: counters } = server.stats();
    assert.ok(workers.every(({ received }) => received > 0));
    assert.equal(totals.handled, 50);
    assert.equal(totals.cacheHits, 100);
    assert.ok(counters);
    const { hits, misses, stores, entries, evictions } = counters;
    assert.deepEqual(
      { hits, misses, stores, entries, evictions },
      { hits: 100, misses: 50, stores: 50, entries: 50, evictions: 0 },
    );
    await server.close();
  });

  it('stays within its bytes, and makes room', async () => {
    const { server, port } = await serve(address, { cache: { maxBytes: 65_536 } });
    for (let i = 0; i < 1000; i++) await exchange(port, queryBytes(`host${i}.example.org`));
    const counters = server.stats().cache;
    assert.ok(counters && counters.evictions > 0 && counters.entries > 0 && counters.bytes <= 65_536);
    await server.close();
  });

  it('forgets all, a name, or a name and what is below it', async () => {
    const { server, port, calls } = await serve(address);
    const names = ['example.org', 'a.example.org', 'b.a.example.org', 'example.net'];
    const fill = async (): Promise<number> => {
      const before = calls();
      for (const name of names) await exchange(port, queryBytes(name));
      return calls() - before;
    };
    await fill();
    assert.equal(server.cache?.clear('A.example.org.'), 1);
    assert.equal(await fill(), 1);
    assert.equal(server.cache.clear('example.org', { subtree: true }), 3);
    assert.equal(await fill(), 3);
    assert.equal(server.cache.clear(), 4);
    assert.equal(await fill(), 4);
    await server.close();
  });

  it('with serveStale gives an expired answer, while one query renews it', async () => {
    const { server, port, calls } = await serve(
      (reply, query) => {
        reply.answer({ type: 'A', name: query.name, ttl: 1, data: '192.0.2.1' });
        if (calls() > 1) reply.send({ flags: 2 });
      },
      { cache: { ...cache, serveStale: 3600 } },
    );
    await exchange(port, queryBytes('example.org'));
    await wait(2100);
    const renewal = await exchange(port, queryBytes('example.org'));
    assert.equal(renewal[3] & 0x0f, 2);
    const stale = packet.decode(await exchange(port, queryBytes('example.org')));
    assert.equal((stale.answers?.[0] as packet.StringAnswer).ttl, 1);
    assert.equal(calls(), 2);
    assert.equal(server.stats().cache?.staleHits, 1);
    await server.close();
  });

  it('is emptied by reload()', async () => {
    const { server, port } = await start({ sockets: 2, workers: 1, filename: counting, cache });
    await exchange(port, queryBytes('example.org'));
    assert.equal(server.stats().cache?.entries, 1);
    await server.reload();
    assert.equal(server.stats().cache?.entries, 0);
    await server.close();
  });

  it('refuses invalid options', async () => {
    for (const [wrong, code] of [
      [{ maxBytes: 1 }, 'ERR_OUT_OF_RANGE'],
      [{ maxBytes: '1' }, 'ERR_INVALID_ARG_TYPE'],
      [{ ...cache, serveStale: -1 }, 'ERR_OUT_OF_RANGE'],
      [{ ...cache, prefetch: { hits: 0, percent: 10 } }, 'ERR_OUT_OF_RANGE'],
      ['1', 'ERR_INVALID_ARG_TYPE'],
    ] as const) {
      await assert.rejects(start({ cache: wrong as never }), { code });
    }
  });
});
