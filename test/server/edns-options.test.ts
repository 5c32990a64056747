/** EDNS options of a handler, and Client Subnet with the answer cache (RFC 7871). */
import assert from 'node:assert/strict';
import packet, { type OptAnswer, type Packet } from 'dns-packet';
import fc from 'fast-check';
import type { Handler, Server, ServerOptions } from 'multisocket';
import { cookieOption, dig, opt, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { serve } from '../support/server.js';

type Option = readonly [code: number, data: Buffer];

/** A query with these options. */
const queryWith = (options: readonly Option[], more: Packet = {}, name = 'example.org'): Buffer =>
  queryBytes(name, 'A', {
    ...more,
    additionals: [
      opt(1232, { options: options.map(([code, data]) => ({ code, data }) as unknown as packet.PacketOpt) }),
    ],
  });

/** A Client Subnet option. */
function subnet(address: readonly number[], source: number, scope = 0, family = 1): Option {
  const octets = Buffer.from(address.slice(0, Math.ceil(source / 8)));
  if (source % 8 !== 0) octets[octets.length - 1] &= 0xff00 >> (source % 8);
  return [8, Buffer.concat([Buffer.of(0, family, source, scope), octets])];
}

/** The options of a reply in their order. */
function optionsOf(message: Buffer): [number, string][] {
  const { additionals = [] } = packet.decode(message);
  assert.equal(additionals.at(-1)?.type, 'OPT', 'OPT is last');
  return (additionals.at(-1) as OptAnswer).options.map((option) => {
    const { code, data } = option as unknown as { code: number; data: Buffer };
    return [code, data.toString('hex')];
  });
}

describe('EDNS options of a handler', () => {
  let server: Server;
  let port: number;
  let handler: Handler;
  let handled: number;

  async function start(options: Partial<ServerOptions> = {}): Promise<void> {
    handled = 0;
    ({ server, port } = await serve({
      workers: 0,
      sockets: 1,
      handler: (query, reply) => {
        handled++;
        return handler(query, reply);
      },
      ...options,
    }));
  }
  afterEach(() => server.close());

  async function exchange(query: Buffer): Promise<Buffer> {
    const answered = await udpExchange(query, port);
    assert.ok(answered !== undefined, 'no answer');
    return answered.reply;
  }

  const address = (reply: Parameters<Handler>[1], data = '192.0.2.1'): void => {
    reply.answer({ type: 'A', name: 'example.org', ttl: 300, data });
  };

  it('reach clients that use EDNS, in the order given, and no others', async () => {
    await start();
    handler = (_query, reply) => {
      address(reply);
      reply
        .option(65001, Buffer.of(1))
        .option(65002, Buffer.alloc(0))
        .ede(22, 'x')
        .ede(23, 'y')
        .option(65001, Buffer.of(2));
    };
    assert.deepEqual(optionsOf(await exchange(queryWith([]))), [
      [65002, ''],
      [15, '001678'],
      [15, '001779'],
      [65001, '02'],
    ]);
    assert.equal(packet.decode(await exchange(queryBytes('example.org'))).additionals?.length, 0);
  });

  it('are checked', async () => {
    await start();
    const codes: string[] = [];
    handler = (_query, reply) => {
      address(reply);
      const attempts: (() => unknown)[] = [
        () => reply.option(-1, Buffer.alloc(0)),
        () => reply.option(65536, Buffer.alloc(0)),
        () => reply.option(1.5, Buffer.alloc(0)),
        () => reply.option(10, Buffer.alloc(24)),
        () => reply.option(11, Buffer.alloc(2)),
        () => reply.option(12, Buffer.alloc(9)),
        () => reply.option(3, Buffer.alloc(0)),
        () => reply.option(3, Buffer.alloc(256)),
        () => reply.clientSubnet({ scope: 129 }),
        () => reply.clientSubnet({ scope: -1 }),
      ];
      for (const attempt of attempts)
        assert.throws(attempt, (error: { code?: string }) => codes.push(String(error.code)) > 0);
      assert.throws(() => reply.option(65001, 'text' as unknown as Buffer), TypeError);
    };
    assert.deepEqual(optionsOf(await exchange(queryWith([]))), []);
    assert.deepEqual(codes, Array<string>(10).fill('ERR_OUT_OF_RANGE'));
  });

  it('stand before those of the server: NSID, keepalive, cookie, and padding last (RFC 7830)', async () => {
    await start({ nsid: 'server', cookies: true, listen: '127.0.0.1:0' });
    handler = (_query, reply) => {
      address(reply);
      reply.option(65001, Buffer.of(1)).ede(22);
    };
    const client = await TcpClient.connect(port);
    try {
      const asked: Option[] = [
        [12, Buffer.alloc(4)],
        [10, Buffer.alloc(8, 7)],
        [11, Buffer.alloc(0)],
        [3, Buffer.alloc(0)],
      ];
      const reply = await client.exchange(queryWith(asked));
      // Without TLS there is no padding (RFC 7830 s.6).
      assert.deepEqual(
        optionsOf(reply!).map(([code]) => code),
        [65001, 15, 3, 11, 10],
      );
    } finally {
      client.close();
    }
    const nsid = optionsOf(await exchange(queryWith([[3, Buffer.alloc(0)]])));
    assert.deepEqual(nsid.at(-1), [3, Buffer.from('server').toString('hex')]);
    handler = (_query, reply) => {
      address(reply);
      reply.option(3, Buffer.from('mine'));
    };
    assert.deepEqual(optionsOf(await exchange(queryWith([[3, Buffer.alloc(0)]]))), [
      [3, Buffer.from('mine').toString('hex')],
    ]);
    assert.deepEqual(optionsOf(await exchange(queryWith([]))), []); // it was not asked for
  });

  it('of a sent packet are kept, but for those of the server', async () => {
    await start({ cookies: true });
    const sent: Packet = {
      type: 'response',
      answers: [{ type: 'A', name: 'example.org', ttl: 300, data: '192.0.2.1' }],
      additionals: [
        opt(4096, {
          options: [
            { code: 65001, data: Buffer.of(1, 2) } as unknown as packet.PacketOpt,
            { code: 'PADDING' as unknown as 12, length: 30 },
            cookieOption('00'.repeat(24)),
            { code: 15, data: Buffer.of(0, 3) } as unknown as packet.PacketOpt,
          ],
        }),
      ],
    };
    const encoded = packet.encode({ ...sent, questions: [{ name: 'example.org', type: 'A', class: 'IN' }] });
    for (const message of [sent, packet.decode(encoded), encoded, packet.encode(sent)]) {
      handler = (_query, reply) => void reply.send(message);
      assert.deepEqual(optionsOf(await exchange(queryWith([]))), [
        [65001, '0102'],
        [15, '0003'],
      ]);
      const withCookie = optionsOf(await exchange(queryWith([[10, Buffer.alloc(8, 7)]])));
      assert.deepEqual(
        withCookie.map(([code]) => code),
        [65001, 15, 10],
      );
      assert.match(withCookie[2][1], /^0707070707070707/);
    }
  });

  it('have their room before records, and Extended DNS Errors after them', async () => {
    await start();
    const record = (i: number) =>
      ({ type: 'TXT', name: 'example.org', ttl: 1, data: `${i}`.padEnd(100, 'x') }) as const;
    handler = (_query, reply) => {
      reply.option(65001, Buffer.alloc(300, 1)).ede(22, 'a text');
      reply.answer(...[1, 2, 3].map(record));
    };
    const small = (options: Option[]): Buffer => queryBytes('example.org', 'TXT', { additionals: [opt(512, { options: options.map(([code, data]) => ({ code, data }) as unknown as packet.PacketOpt) })] }); // prettier-ignore
    const reply = await exchange(small([]));
    assert.ok(reply.length <= 512);
    assert.equal(packet.decode(reply).flag_tc, true);
    assert.deepEqual(
      optionsOf(reply).map(([code]) => code),
      [65001],
    );
    handler = (_query, longer) =>
      void longer.option(65001, Buffer.alloc(600)).option(65002, Buffer.of(1)).answer(record(1));
    const without = await exchange(small([]));
    assert.ok(without.length <= 512);
    assert.equal(packet.decode(without).flag_tc, true);
    assert.deepEqual(optionsOf(without), [[65002, '01']]);
  });

  describe('Client Subnet (RFC 7871)', () => {
    it('of the query is read', async () => {
      await start();
      const seen: unknown[] = [];
      handler = (query, reply) => {
        address(reply);
        seen.push(query.clientSubnet);
      };
      const server6 = [0x20, 0x01, 0x0d, 0xb8, 0, 1];
      for (const options of [
        [],
        [subnet([192, 0, 2], 24)],
        [subnet([10, 1, 255], 17)],
        [subnet(server6, 48, 0, 2)],
        [subnet([], 0)],
        [subnet([], 0, 0, 0)],
      ]) {
        await exchange(queryWith(options));
      }
      assert.deepEqual(seen, [
        undefined,
        { address: '192.0.2.0', sourcePrefix: 24, scopePrefix: 0 },
        { address: '10.1.128.0', sourcePrefix: 17, scopePrefix: 0 },
        { address: '2001:db8:1::', sourcePrefix: 48, scopePrefix: 0 },
        { address: '0.0.0.0', sourcePrefix: 0, scopePrefix: 0 },
        { address: '0.0.0.0', sourcePrefix: 0, scopePrefix: 0 },
      ]);
    });

    it('that is malformed is a format error (s.7.1.2)', async () => {
      await start();
      handler = (_query, reply) => {
        address(reply);
      };
      const malformed: Option[] = [
        [8, Buffer.alloc(0)],
        [8, Buffer.of(0, 1, 0)],
        [8, Buffer.of(0, 1, 24, 0, 192, 0)], // too few octets
        [8, Buffer.of(0, 1, 24, 0, 192, 0, 2, 0)], // too many
        [8, Buffer.of(0, 1, 24, 24, 192, 0, 2)], // a scope
        [8, Buffer.of(0, 1, 20, 0, 192, 0, 2)], // a bit behind the prefix
        [8, Buffer.of(0, 1, 33, 0, 1, 2, 3, 4, 0)],
        [8, Buffer.of(0, 2, 129, 0, ...Array<number>(17).fill(0))],
        [8, Buffer.of(0, 3, 0, 0)],
        [8, Buffer.of(0, 0, 8, 0, 1)],
      ];
      for (const option of malformed) {
        const reply = await exchange(queryWith([[65001, Buffer.of(1)], option]));
        assert.equal(reply[3] & 15, 1, option[1].toString('hex'));
      }
      assert.equal(handled, 0);
    });

    it('of a reply repeats that of the query, with the scope, only to clients that sent one (s.7.2.1)', async () => {
      await start();
      handler = (_query, reply) => {
        address(reply);
        reply.option(65001, Buffer.of(1)).clientSubnet({ scope: 28 });
      };
      assert.deepEqual(optionsOf(await exchange(queryWith([subnet([192, 0, 2], 24)]))), [
        [65001, '01'],
        [8, '0001181cc00002'],
      ]);
      assert.deepEqual(optionsOf(await exchange(queryWith([subnet([], 0)]))), [
        [65001, '01'],
        [8, '00010000'],
      ]);
      assert.deepEqual(optionsOf(await exchange(queryWith([]))), [[65001, '01']]);
      assert.match(
        await dig('@127.0.0.1', '-p', String(port), 'example.org', '+subnet=198.51.100.0/24'),
        /CLIENT-SUBNET: 198\.51\.100\.0\/24\/28/,
      );
      assert.match(
        await dig('@127.0.0.1', '-p', String(port), 'example.org', '+subnet=2001:db8::/56'),
        /CLIENT-SUBNET: 2001:db8::\/56\/28/,
      );
      assert.match(
        await dig('@127.0.0.1', '-p', String(port), 'example.org', '+subnet=0'),
        /CLIENT-SUBNET: 0(?:\.0\.0\.0)?\/0\/0/,
      );
    });

    it('decides which queries get an answer of the cache (s.7.3.1)', async () => {
      await start({ cache: { maxBytes: 1 << 20 } });
      handler = (query, reply) => {
        address(reply, `192.0.2.${handled}`);
        reply.option(65001, Buffer.from(query.clientSubnet?.address ?? 'none'));
        reply.clientSubnet({ scope: 24 });
      };
      const ask = async (...options: Option[]): Promise<string> => {
        const before = handled;
        const reply = await exchange(queryWith(options));
        const echoed = optionsOf(reply).find(([code]) => code === 8)?.[1];
        assert.equal(
          echoed,
          options.length === 0
            ? undefined
            : options[0][1].toString('hex').replace(/^(......)00/, options[0][1][2] === 0 ? '$100' : '$118'),
        );
        return handled === before ? 'cache' : 'handler';
      };
      assert.equal(await ask(subnet([10, 0, 0, 1], 32)), 'handler');
      assert.equal(await ask(subnet([10, 0, 0, 1], 32)), 'cache');
      assert.equal(await ask(subnet([10, 0, 0, 200], 32)), 'cache'); // in the same /24
      assert.equal(await ask(subnet([10, 0, 0, 128], 25)), 'cache');
      assert.equal(await ask(subnet([10, 0, 0], 24)), 'cache');
      assert.equal(await ask(subnet([10, 0, 1], 24)), 'handler'); // another /24
      assert.equal(await ask(subnet([10, 0], 16)), 'handler'); // wider than the scope
      assert.equal(await ask(subnet([10, 0], 16)), 'cache'); // its own answer
      assert.equal(await ask(subnet([10, 0, 2], 24)), 'handler'); // the answer to a wider query is for that query alone
      assert.equal(await ask(), 'handler');
      assert.equal(await ask(), 'cache');
      assert.equal(await ask(subnet([], 0)), 'handler'); // nothing is known of this client
      assert.equal(await ask(subnet([10, 0, 0], 24, 0, 2)), 'handler'); // IPv6
    });

    it('with scope 0 makes an answer for all', async () => {
      await start({ cache: { maxBytes: 1 << 20 } });
      handler = (_query, reply) => {
        address(reply);
        reply.clientSubnet({ scope: 0 });
      };
      for (const options of [
        [subnet([10, 0, 0], 24)],
        [subnet([11, 0, 0], 24)],
        [subnet([], 0)],
        [],
        [subnet([0x20, 1], 16, 0, 2)],
        [subnet([], 0, 0, 0)],
      ]) {
        const reply = await exchange(queryWith(options));
        assert.deepEqual(
          optionsOf(reply),
          options.map(([code, data]) => [code, data.toString('hex')]),
        );
      }
      assert.equal(handled, 1);
    });

    it('without a scope is part of the question', async () => {
      await start({ cache: { maxBytes: 1 << 20 } });
      handler = (_query, reply) => {
        address(reply);
      };
      for (const options of [[subnet([10, 0, 0], 24)], [subnet([10, 0, 0, 1], 32)], []]) {
        for (let i = 0; i < 2; i++) await exchange(queryWith(options));
      }
      assert.equal(handled, 3);
    });

    it('is cached as a model of s.7.3.1 says', async () => {
      await start({ cache: { maxBytes: 4 << 20 } });
      let scope = 0;
      let name = 0;
      handler = ({ name: owner }, reply) => {
        reply.answer({ type: 'A', name: owner, ttl: 300, data: '192.0.2.1' });
        reply.clientSubnet({ scope });
      };
      const bits = (octets: readonly number[], count: number): string =>
        octets
          .map((octet) => octet.toString(2).padStart(8, '0'))
          .join('')
          .slice(0, count);
      const asked = fc.record({
        address: fc.tuple(
          fc.constantFrom(10, 11),
          fc.constantFrom(0, 128),
          fc.constantFrom(0, 1, 129),
          fc.constantFrom(0, 3, 255),
        ),
        source: fc.constantFrom(0, 1, 8, 9, 16, 20, 24, 31, 32),
        scope: fc.constantFrom(0, 1, 8, 12, 16, 23, 24, 32),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(asked, { minLength: 1, maxLength: 12 }), async (queries) => {
          const owner = `n${name++}.example.org`;
          const kept: { exact?: string; prefix?: string }[] = [];
          for (const each of queries) {
            const own = bits(each.address, each.source);
            const expected = kept.some(
              ({ exact, prefix }) => exact === `${own}/` || (prefix !== undefined && own.startsWith(prefix)),
            );
            const before = handled;
            scope = each.scope;
            await exchange(queryWith([subnet(each.address, each.source)], {}, owner));
            assert.equal(handled === before, expected, JSON.stringify({ each, kept }));
            if (expected) continue;
            kept.push(each.scope <= each.source ? { prefix: bits(each.address, each.scope) } : { exact: `${own}/` });
          }
        }),
        { numRuns: 150, seed: 7871 },
      );
    });
  });
});
