import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LookupAnswer } from 'multisocket';
import packet from 'dns-packet';
import { ask, dig } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { serve } from '../support/server.js';

const folder = temporaryDirectory();

function zone(name: string, lines: string): string {
  const file = join(folder, name);
  writeFileSync(file, `$TTL 60\n@ SOA ns host 1 2 3 4 5\n@ NS ns.elsewhere.example.\n${lines}`);
  return file;
}

/** The response code, and `NAME TYPE DATA` of the answers. */
function shown(message: packet.DecodedPacket): string[] {
  const { rcode } = message as unknown as { rcode: string };
  const records = (message.answers ?? []) as { name: string; type: string; data: unknown }[];
  return [rcode, ...records.map(({ name, type, data }) => `${name} ${type} ${String(data)}`)];
}

describe('aliases', () => {
  const a = zone(
    'a.test',
    [
      'www CNAME www.b.a.test.',
      'block CNAME www.c.test.',
      'local CNAME host.hosts.test.',
      'made CNAME made.template.test.',
      'far CNAME www.elsewhere.example.',
      'gone CNAME gone.c.test.',
      'empty CNAME empty.c.test.',
      'down CNAME x.down.test.',
      'round CNAME round.c.test.',
      'first CNAME second',
      'second CNAME www.c.test.',
      'tree DNAME c.test.',
      '*.wild CNAME www.c.test.',
      'cut CNAME www.delegated.a.test.',
      'delegated NS ns.delegated',
      'ns.delegated A 192.0.2.53',
      'deep CNAME c1.c.test.',
    ].join('\n') + '\n',
  );
  const b = zone('b.a.test', 'www A 192.0.2.1\n');
  const c = zone(
    'c.test',
    [
      'www A 192.0.2.2',
      'www AAAA 2001:db8::2',
      'empty TXT x',
      'round CNAME round.a.test.',
      ...Array.from({ length: 12 }, (_, i) => `c${i + 1} CNAME d${i + 1}.d.test.`),
    ].join('\n') + '\n',
  );
  const d = zone('d.test', Array.from({ length: 12 }, (_, i) => `d${i + 1} CNAME c${i + 2}.c.test.`).join('\n') + '\n');
  let server: Awaited<ReturnType<typeof serveCorefile>>;

  before(async () => {
    server = await serveCorefile(
      `a.test:0 {\n cache 60\n file ${a} a.test\n file ${b} b.a.test\n}\n` +
        `c.test:0 {\n file ${c}\n}\n` +
        `d.test:0 {\n file ${d}\n}\n` +
        'hosts.test:0 {\n hosts /dev/null {\n 192.0.2.3 host.hosts.test\n }\n}\n' +
        'template.test:0 {\n template IN A {\n answer "{{ .Name }} 60 IN A 192.0.2.4"\n }\n' +
        ' template IN AAAA {\n answer "{{ .Name }} 60 IN CNAME www.c.test."\n }\n}\n' +
        'down.test:0 {\n template IN A {\n rcode SERVFAIL\n }\n}\n',
      { workers: 1 },
    );
  });
  after(() => server.server.close());

  for (const [name, expected] of [
    ['www', ['NOERROR', 'www.a.test CNAME www.b.a.test', 'www.b.a.test A 192.0.2.1']],
    ['block', ['NOERROR', 'block.a.test CNAME www.c.test', 'www.c.test A 192.0.2.2']],
    ['local', ['NOERROR', 'local.a.test CNAME host.hosts.test', 'host.hosts.test A 192.0.2.3']],
    ['made', ['NOERROR', 'made.a.test CNAME made.template.test', 'made.template.test A 192.0.2.4']],
    ['far', ['NOERROR', 'far.a.test CNAME www.elsewhere.example']],
    ['gone', ['NXDOMAIN', 'gone.a.test CNAME gone.c.test']],
    ['empty', ['NOERROR', 'empty.a.test CNAME empty.c.test']],
    ['down', ['SERVFAIL', 'down.a.test CNAME x.down.test']],
    ['round', ['SERVFAIL', 'round.a.test CNAME round.c.test', 'round.c.test CNAME round.a.test']],
    [
      'first',
      ['NOERROR', 'first.a.test CNAME second.a.test', 'second.a.test CNAME www.c.test', 'www.c.test A 192.0.2.2'],
    ],
    ['www.tree', ['NOERROR', 'tree.a.test DNAME c.test', 'www.tree.a.test CNAME www.c.test', 'www.c.test A 192.0.2.2']],
    ['any.wild', ['NOERROR', 'any.wild.a.test CNAME www.c.test', 'www.c.test A 192.0.2.2']],
    ['cut', ['NOERROR', 'cut.a.test CNAME www.delegated.a.test']],
  ] as const) {
    it(`lead ${name}.a.test to what this server has, twice the same`, async () => {
      for (let i = 0; i < 2; i++) {
        const reply = await ask(server.port, `${name}.a.test`, 'A');
        assert.deepEqual(shown(reply), expected);
        assert.equal(reply.flag_aa, true);
      }
    });
  }

  it('bring the SOA of the zone where they end', async () => {
    for (const name of ['gone', 'empty']) {
      const { authorities } = await ask(server.port, `${name}.a.test`, 'A');
      assert.deepEqual(
        authorities!.map(({ name: owner, type }) => `${owner} ${type}`),
        ['c.test SOA'],
      );
    }
  });

  it('end after a bound', async () => {
    const reply = await ask(server.port, 'deep.a.test', 'A');
    const [rcode, ...records] = shown(reply);
    assert.equal(rcode, 'SERVFAIL');
    assert.ok(records.length >= 5 && records.length <= 9, String(records.length));
  });

  it('are followed from `template`, too', async () => {
    assert.deepEqual(shown(await ask(server.port, 'alias.template.test', 'AAAA')), [
      'NOERROR',
      'alias.template.test CNAME www.c.test',
      'www.c.test AAAA 2001:db8::2',
    ]);
    assert.deepEqual(shown(await ask(server.port, 'alias.template.test', 'CNAME')), ['SERVFAIL']);
  });

  it('are not followed for CNAME itself', async () => {
    assert.deepEqual(shown(await ask(server.port, 'block.a.test', 'CNAME')), [
      'NOERROR',
      'block.a.test CNAME www.c.test',
    ]);
  });
});

describe('an alias of `file` in the cache', () => {
  it('is kept for each client if what it leads to is made for each', async () => {
    const from = zone('from.test', 'www CNAME client.made.test.\n');
    const { server, port } = await serveCorefile(
      `from.test:0 {\n cache 60\n file ${from}\n}\n` +
        'made.test:0 {\n template IN A {\n answer "{{ .Name }} 60 IN A {{ .Remote }}"\n }\n}\n',
      { workers: 0 },
    );
    for (const source of ['127.0.0.1', '127.0.0.2', '127.0.0.1', '127.0.0.2']) {
      const output = await dig('-b', source, '+short', '@127.0.0.1', '-p', String(port), 'www.from.test', 'A');
      assert.deepEqual(output.trim().split('\n'), ['client.made.test.', source]);
    }
    await server.close();
  });
});

describe('a query outside of all zones of `file`', () => {
  it('is REFUSED, whatever stands before it', async () => {
    const file = zone('only.test', 'www A 192.0.2.1\n');
    for (const lines of ['', 'cache\n', 'log\nerrors\n', 'loadbalance\nprometheus 127.0.0.1:0\n']) {
      const { server, port } = await serveCorefile(`.:0 {\n${lines} file ${file} only.test\n}`, {
        workers: 1,
      });
      const { rcode } = (await ask(port, 'other.test', 'A')) as unknown as { rcode: string };
      assert.equal(rcode, 'REFUSED', lines);
      await server.close();
    }
  });
});

describe('query.lookup', () => {
  it('asks the handler of the server itself', async () => {
    const { server, port, warnings } = await serve({
      workers: 0,
      sockets: 1,
      handler: async (query, reply) => {
        if (query.key === 'target.test') {
          reply.answer({ type: 'A', name: query.name, ttl: 5, data: query.client.address });
          return;
        }
        const found = await query.lookup('Target.test');
        reply.answer({ type: 'CNAME', name: query.name, ttl: 5, data: 'target.test' }, ...found.answers);
      },
    });
    const reply = await ask(port, 'alias.test', 'A');
    assert.deepEqual(shown(reply), ['NOERROR', 'alias.test CNAME target.test', 'target.test A 127.0.0.1']);
    assert.deepEqual(warnings, []);
    await server.close();
  });

  it('says SERVFAIL for a circle, a chain without end, and a question without an answer', async () => {
    const found: LookupAnswer[] = [];
    let asked = 0;
    const { server, port } = await serve({
      workers: 0,
      sockets: 1,
      handler: async (query, reply) => {
        asked++;
        if (query.key === 'silent.test') return;
        if (query.key === 'dropped.test') {
          reply.drop();
          return;
        }
        const next = /^n(\d+)/.exec(query.key);
        const name = next === null ? query.key.replace(/^ask-/, '') : `n${Number(next[1]) + 1}.test`;
        const answer = await query.lookup(name, 'A');
        if (query.key.startsWith('ask-') || query.key === 'n0.test') found.push(answer);
        reply.rcode = answer.rcode;
      },
    });
    for (const name of ['ask-silent.test', 'ask-dropped.test', 'ask-circle.test', 'n0.test']) {
      asked = 0;
      const { rcode } = (await ask(port, name, 'A')) as unknown as { rcode: string };
      assert.equal(rcode, 'SERVFAIL', name);
      assert.ok(asked <= 9, `${asked} for ${name}`);
    }
    assert.deepEqual(
      found.map(({ rcode, answers }) => [rcode, answers.length]),
      Array.from({ length: 4 }, () => ['SERVFAIL', 0]),
    );
    await server.close();
  });

  it('rejects with what the handler throws, and for an invalid name or type', async () => {
    const { server, port } = await serve({
      workers: 0,
      sockets: 1,
      handler: async (query, reply) => {
        if (query.key === 'bad.test') throw new Error('it is bad');
        await assert.rejects(query.lookup('bad.test'), /it is bad/);
        await assert.rejects(query.lookup('a..b'), /empty label/);
        await assert.rejects(query.lookup('a.test', 'NONSENSE'), /unknown type "NONSENSE"/);
        reply.rcode = 'NXDOMAIN';
      },
    });
    const { rcode } = (await ask(port, 'alias.test', 'A')) as unknown as { rcode: string };
    assert.equal(rcode, 'NXDOMAIN');
    await server.close();
  });

  it('does not restrict how long the reply of its handler is kept', async () => {
    let count = 0;
    const { server, port } = await serve({
      workers: 0,
      sockets: 1,
      cache: { maxBytes: 1 << 20 },
      handler: async (query, reply) => {
        count++;
        reply.answer({ type: 'A', name: query.name, ttl: 60, data: '192.0.2.1' });
        if (query.key === 'part.test') reply.cache({ ttl: 0 });
        else reply.additional(...(await query.lookup('part.test')).answers);
      },
    });
    await ask(port, 'whole.test', 'A');
    await ask(port, 'whole.test', 'A');
    assert.equal(count, 2, 'lookup alone does not tell the cache');
    await server.close();
  });
});
