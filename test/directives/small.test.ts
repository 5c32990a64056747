import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import packet from 'dns-packet';
import type { DirectiveDefinition } from '../../dist/corefile/directive.js';
import { acl } from '../../dist/directives/acl/setup.js';
import { any } from '../../dist/directives/any/setup.js';
import { bufsize } from '../../dist/directives/bufsize/setup.js';
import { loadbalance } from '../../dist/directives/loadbalance/setup.js';
import { nsid } from '../../dist/directives/nsid/setup.js';
import { rewrite } from '../../dist/directives/rewrite/setup.js';
import { ask, dig, opt, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { configOf, registryOf, serveChain } from '../support/chain.js';
import { serveCorefile } from '../support/corefile-server.js';
import { readOpt, withOpt } from '../support/edns.js';
import { answers } from '../support/zone-of-one.js';

const registry = registryOf(
  ...([acl, any, bufsize, loadbalance, nsid, rewrite, answers] as DirectiveDefinition<never>[]),
);
const serve = (lines: string): ReturnType<typeof serveChain> => serveChain(registry, `${lines}\nanswers`);
const strings = (answer: packet.DecodedPacket): string[] =>
  (answer.answers ?? []).flatMap((record) => (record as unknown as { data: Buffer[] }).data.map(String));

function refuses(directive: string, faults: [text: string, line: number, message: string][]): void {
  for (const [text, line, message] of faults) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => configOf(registry, text), {
        code: 'ERR_MULTISOCKET_COREFILE',
        message: `plugin/${directive}: Corefile:${line} - ${message}`,
      });
    });
  }
}
const PARSING = 'Error during parsing: ';
const count = (word: string): string => `${PARSING}Wrong argument count or unexpected line ending after '${word}'`;

describe('the directive any', () => {
  it('answers ANY with HINFO (RFC 8482), and leaves other types alone', async () => {
    const { server, port } = await serve('any');
    const output = await dig(
      '@127.0.0.1',
      '-p',
      String(port),
      '+norecurse',
      '+noall',
      '+answer',
      '+notcp',
      'example.org',
      'ANY',
    );
    assert.match(output, /^example\.org\.\s+8482\s+IN\s+HINFO\s+"ANY obsoleted" "See RFC 8482"$/m);
    assert.deepEqual(strings(await ask(port, 'example.org', 'TXT')), ['example.org', 'TXT']);
    await server.close();
  });
  refuses('any', [
    ['any all', 2, count('all')],
    ['any {\n}', 2, `${PARSING}Unexpected token '{', expecting argument`],
  ]);
});

describe('the directive bufsize', () => {
  it('truncates UDP replies at its size, whatever the client takes, and TCP never', async () => {
    for (const [line, size] of [
      ['bufsize 600', 600],
      ['bufsize', 1232],
    ] as const) {
      const { server, port } = await serve(line);
      const answered = await udpExchange(queryBytes('many.example.org', 'A', { additionals: [opt(4096)] }), port);
      assert.ok(answered && answered.reply.length <= size);
      assert.equal(packet.decode(answered.reply).flag_tc, size < 1000);
      const client = await TcpClient.connect(port);
      assert.equal(packet.decode((await client.exchange(queryBytes('many.example.org')))!).answers?.length, 60);
      client.close();
      await server.close();
    }
  });
  refuses('bufsize', [
    ['bufsize 511', 2, `${PARSING}bufsize must be within 512 - 4096: 511`],
    ['bufsize 4097', 2, `${PARSING}bufsize must be within 512 - 4096: 4097`],
    ['bufsize x', 2, `${PARSING}bufsize must be within 512 - 4096: x`],
    ['bufsize 1 2', 2, count('2')],
  ]);
});

describe('the directive acl', () => {
  const outcome = async (port: number, name: string, type: packet.RecordType, to = '127.0.0.1'): Promise<string> => {
    const answered = await udpExchange(queryBytes(name, type, { additionals: [opt()] }), port, to, 150);
    if (answered === undefined) return 'nothing';
    const { answers: records, additionals } = packet.decode(answered.reply);
    const options = (additionals?.[0] as packet.OptAnswer | undefined)?.options ?? [];
    const ede = (options[0] as { data?: Buffer } | undefined)?.data?.readUInt16BE(0);
    const { rcode } = packet.decode(answered.reply) as unknown as { rcode: string };
    return `${rcode} ${records?.length ?? 0} ${ede ?? 'no error'}`;
  };

  it('does what the first policy that holds says, and else lets through', async () => {
    const { server, port } = await serve(
      [
        'acl {',
        'allow type TXT net 127.0.0.0/8',
        'block type A AAAA',
        'filter type MX',
        'drop type NS net *',
        '}',
      ].join('\n'),
    );
    assert.equal(await outcome(port, 'example.org', 'TXT'), 'NOERROR 1 no error');
    assert.equal(await outcome(port, 'example.org', 'A'), 'REFUSED 0 15');
    assert.equal(await outcome(port, 'example.org', 'MX'), 'NOERROR 0 17');
    assert.equal(await outcome(port, 'example.org', 'NS'), 'nothing');
    assert.equal(await outcome(port, 'example.org', 'SOA'), 'NOERROR 1 no error');
    await server.close();
  });

  it('tells networks apart, and holds for its zones alone', async () => {
    const { server, port } = await serve('acl a.example.org {\nallow net 10.0.0.0/8 ::1\nblock\n}');
    assert.equal(await outcome(port, 'x.a.example.org', 'TXT'), 'REFUSED 0 15');
    assert.equal(await outcome(port, 'b.example.org', 'TXT'), 'NOERROR 1 no error');
    await server.close();
  });
  refuses('acl', [
    ['acl {\n forbid\n}', 3, `${PARSING}unexpected token "forbid"; expect 'allow', 'block', 'filter' or 'drop'`],
    ['acl {\n block A\n}', 3, `${PARSING}unexpected token "A"; expect 'type | net'`],
    ['acl {\n block type X\n}', 3, `${PARSING}unexpected token "X"; expect legal QTYPE`],
    ['acl {\n block net 1.2.3\n}', 3, `${PARSING}illegal CIDR notation "1.2.3"`],
    ['acl {\n block net 1.2.3.4/33\n}', 3, `${PARSING}illegal CIDR notation "1.2.3.4/33"`],
    ['acl {\n block net\n}', 3, `${PARSING}no token specified in "net" section`],
  ]);
});

describe('the directive loadbalance', () => {
  it('changes the order of addresses, keeps all of them, and aliases first', async () => {
    const { server, port } = await serve('loadbalance round_robin');
    const orders = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const [alias, ...addresses] = (await ask(port, 'alias.example.org', 'A')).answers ?? [];
      assert.equal(alias.type, 'CNAME');
      const data = addresses.map((record) => (record as packet.StringAnswer).data);
      assert.deepEqual(
        [...data].sort(),
        Array.from({ length: 8 }, (_, n) => `192.0.2.${n}`),
      );
      orders.add(data.join());
    }
    assert.ok(orders.size > 10);
    await server.close();
  });
  refuses('loadbalance', [
    ['loadbalance weighted', 2, `${PARSING}missing weight file argument`],
    ['loadbalance weighted f g', 2, `${PARSING}unexpected argument(s)`],
    ['loadbalance weighted f {\n reload\n}', 3, `${PARSING}reload duration value is missing`],
    ['loadbalance {\n reload 1s\n}', 3, `${PARSING}unknown property 'reload'`],
    [
      'loadbalance {\n prefer 10.0.0.0\n}',
      3,
      `${PARSING}invalid CIDR "10.0.0.0": an address with the length of its prefix is expected`,
    ],
    ['loadbalance fastest', 2, `${PARSING}unknown policy: fastest`],
    ['loadbalance round_robin 1', 2, `${PARSING}unknown property for round_robin`],
  ]);
});

describe('the directive rewrite', () => {
  const cases: [lines: string, asked: string, type: packet.RecordType, answer: string[]][] = [
    ['rewrite name a.example.org b.example.org', 'A.example.org', 'TXT', ['b.example.org', 'TXT']],
    ['rewrite name exact a.example.org b.example.org', 'c.example.org', 'TXT', ['c.example.org', 'TXT']],
    ['rewrite name prefix old- new-', 'old-host.example.org', 'TXT', ['new-host.example.org', 'TXT']],
    ['rewrite name suffix .coffee.rocks .example.org', 'a.coffee.rocks', 'TXT', ['a.example.org', 'TXT']],
    ['rewrite name substring east west', 'east.us-east.example', 'TXT', ['west.us-west.example', 'TXT']],
    ['rewrite name regex (.*)\\.(us)\\.example {1}.{2}.test', 'a.us.example', 'TXT', ['a.us.test', 'TXT']],
    ['rewrite type ANY TXT', 'a.example.org', 'ANY' as packet.RecordType, ['a.example.org', 'TXT']],
    ['rewrite continue name a.x b.x\nrewrite name b.x c.x', 'a.x', 'TXT', ['c.x', 'TXT']],
    ['rewrite stop name a.x b.x\nrewrite name b.x c.x', 'a.x', 'TXT', ['b.x', 'TXT']],
    ['rewrite stop {\nname regex (.*)\\.x {1}.y\nanswer name (.*)\\.y {1}.x\n}', 'a.x', 'TXT', ['a.y', 'TXT']],
  ];
  for (const [lines, asked, type, expected] of cases) {
    it(`${JSON.stringify(lines)} asks for ${expected.join(' ')}, and answers the question that was asked`, async () => {
      const { server, port } = await serve(lines);
      const answer = await ask(port, asked, type, { additionals: [opt()] });
      assert.equal(answer.questions?.[0].name, asked);
      assert.equal(answer.answers?.[0].name, asked);
      assert.deepEqual(strings(answer), expected);
      assert.equal(answer.additionals?.[0].type, 'OPT');
      await server.close();
    });
  }

  it('rewrites the owners of the answer, and the names in its data, with answer rules', async () => {
    const { server, port } = await serve(
      'rewrite name regex (.*)\\.x alias.{1}.y answer name target\\.(.*) {1} answer value target\\.(.*) {1}',
    );
    const records = (await ask(port, 'a.x', 'A')).answers ?? [];
    assert.equal(records[0].name, 'a.x');
    assert.equal((records[0] as packet.StringAnswer).data, 'example.org');
    assert.equal(records[1].name, 'example.org');
    await server.close();
  });
  refuses('rewrite', [
    ['rewrite', 2, count('rewrite')],

    ['rewrite color a b', 2, `${PARSING}invalid rule type "color"`],
    ['rewrite type A X', 2, `${PARSING}invalid type "X"`],
    [
      'rewrite name a b answer',
      2,
      `${PARSING}name rule supports only exact, prefix, suffix, substring, and regex name matching, received: a`,
    ],
  ]);
});

describe('the directive nsid', () => {
  const identifierOf = async (port: number, options: [number][] = [[3]]): Promise<string | undefined> => {
    const reply = await udpExchange(withOpt(options), port);
    return readOpt(reply!.reply)?.options.get(3)?.toString();
  };

  it('sends the identifier to clients that ask for it, also from the cache; by default that of the host', async () => {
    for (const [line, expected] of [
      ['nsid frankfurt 3', 'frankfurt 3'],
      ['nsid "frankfurt  3"', 'frankfurt  3'],
      ['nsid', hostname()],
    ]) {
      const { server, port } = await serveCorefile(`.:0 {\n${line}\ncache\nwhoami\n}`, { dnsPort: 0 });
      for (let i = 0; i < 2; i++) {
        assert.equal(await identifierOf(port), expected);
        assert.equal(await identifierOf(port, []), undefined);
      }
      await server.close();
    }
  });

  it('belongs to its server block, with a cache as without', async () => {
    const corefile = 'org:0 {\nnsid one\ncache\nwhoami\n}\ncom:0 {\ncache\nwhoami\n}';
    const { server, port } = await serveCorefile(corefile);
    for (let i = 0; i < 2; i++) assert.equal(await identifierOf(port), 'one');
    const reply = await udpExchange(withOpt([[3]], { name: 'example.com' }), port);
    assert.equal(readOpt(reply!.reply)!.options.size, 0);
    await server.close();
  });

  refuses('nsid', [
    ['nsid a\nnsid b', 3, `${PARSING}this plugin can only be used once per Server Block`],
    ['nsid {\n}', 2, `${PARSING}Unexpected token '{', expecting argument`],
    [`nsid ${'x'.repeat(256)}`, 2, `${PARSING}an identifier has 1 to 255 octets, not 256`],
    ['nsid ""', 2, `${PARSING}an identifier has 1 to 255 octets, not 0`],
  ]);
});
