import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { rewrite } from '../../dist/directives/rewrite/setup.js';
import { template } from '../../dist/directives/template/setup.js';
import type { DirectiveDefinition } from '../../dist/corefile/directive.js';
import { configOf, registryOf, serveChain } from '../support/chain.js';
import { ask, opt, udpExchange, queryBytes } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { ScriptedUpstream } from '../support/upstream.js';

/** Records under the names that are asked instead. */
const ANSWERS = String.raw`
template IN CNAME {
  answer "{{ .Name }} 60 IN CNAME target.{{ .Name }}"
  additional "below.{{ .Name }} 60 IN A 192.0.2.1"
}
template IN SRV {
  answer "{{ .Name }} 60 IN SRV 1 2 3 target.{{ .Name }}"
}
template IN MX {
  answer "{{ .Name }} 60 IN MX 10 target.{{ .Name }}"
}
template IN NAPTR {
  answer "{{ .Name }} 60 IN NAPTR 1 2 s p \"\" target.{{ .Name }}"
}
template IN SOA {
  answer "{{ .Name }} 60 IN SOA target.{{ .Name }} h. 1 1 1 1 1"
}
template IN A {
  match ^target[.]
  answer "{{ .Name }} 60 IN A 192.0.2.1"
  fallthrough
}
template IN A {
  match ^alias
  answer "{{ .Name }} 60 IN CNAME target.old."
  answer "target.old. 60 IN A 192.0.2.9"
  fallthrough
}
template IN A {
  rcode NXDOMAIN
  authority "z. 60 IN SOA ns.z. h.z. 1 1 1 1 1"
}`;

const registry = registryOf(...([rewrite, template] as DirectiveDefinition<never>[]));
const serve = (lines: string): ReturnType<typeof serveChain> => serveChain(registry, `${lines}\n${ANSWERS}`);

/** The names of a record: its owner's, and that in its data. */
function namesOf(record: packet.Answer): [string, string] {
  const data = (record as { data: unknown }).data as string | Partial<Record<string, string>>;
  return [
    record.name,
    typeof data === 'string' ? data : (data.target ?? data.exchange ?? data.replacement ?? data.mname ?? ''),
  ];
}

describe('the answer to a rewritten name', () => {
  const cases: [lines: string, asked: string, names: [string, string]][] = [
    ['rewrite name suffix .a .b answer auto', 'x.a', ['x.a', 'target.x.a']],
    ['rewrite name suffix .a .b', 'x.a', ['x.a', 'target.x.b']],
    ['rewrite name x.a x.b', 'x.a', ['x.a', 'target.x.a']],
    ['rewrite name exact x.a x.b', 'X.a', ['X.a', 'target.X.a']],
    ['rewrite name "@x.a" x.b', '@x.a', ['@x.a', 'target.@x.a']],
    ['rewrite name prefix x y answer auto', 'x.a', ['x.a', 'target.x.a']],
    ['rewrite name substring x y answer auto', 'x.a', ['x.a', 'target.x.a']],
    ['rewrite name regex (.*)[.]c[.] {1}.m.', 'x.c', ['x.c', 'target.x.m']],
    ['rewrite name regex (.*)[.]c[.] {1}.m. answer auto', 'x.c', ['x.c', 'target.x.c']],
    ['rewrite name regex (.*)[.]c[.] {1}.m answer name (.*)[.]m[.] {1}.w', 'x.c', ['x.w', 'target.x.m']],
    ['rewrite name regex (.*)[.]c[.] {1}.m answer value (.*)[.]m[.] {1}.w', 'x.c', ['x.c', 'target.x.w']],
    [
      'rewrite continue name suffix .a .b answer auto\nrewrite name suffix .b .c answer auto',
      'x.a',
      ['x.a', 'target.x.a'],
    ],
    ['REWRITE'.toLowerCase() + ' STOP NAME SUFFIX .a .b answer auto', 'x.a', ['x.a', 'target.x.a']],
  ];
  for (const [lines, asked, expected] of cases) {
    for (const type of ['CNAME', 'SRV', 'MX', 'NAPTR', 'SOA'] as const) {
      it(`has its names turned back in ${type}: ${lines.replaceAll('\n', '; ')}`, async () => {
        const { server, port } = await serve(lines);
        const { answers = [] } = await ask(port, asked, type);
        assert.deepEqual(namesOf(answers[0]), expected);
        await server.close();
      });
    }
  }

  it('has names below it turned back, in all sections', async () => {
    const { server, port } = await serve('rewrite name x.a y.b');
    const { additionals = [] } = await ask(port, 'x.a', 'CNAME');
    assert.equal(additionals[0].name, 'below.x.a');
    await server.close();
  });
});

describe('the directive rewrite', () => {
  const ttls: [lines: string, asked: string, ttl: number][] = [
    ['rewrite ttl target.x 30', 'target.x', 30],
    ['rewrite ttl exact target.x 30-40', 'target.x', 40],
    ['rewrite ttl suffix .x 90-', 'target.x', 90],
    ['rewrite ttl regex (.*)x -10', 'target.x', 10],
    ['rewrite ttl prefix no 30', 'target.x', 60],
    ['rewrite ttl substring get 50-70', 'target.x', 60],
  ];
  for (const [lines, asked, ttl] of ttls) {
    it(`bounds the TTL: ${lines}`, async () => {
      const { server, port } = await serve(lines);
      const { answers = [] } = await ask(port, asked, 'A');
      assert.equal((answers[0] as packet.StringAnswer).ttl, ttl);
      await server.close();
    });
  }

  it('changes response codes, by names and numbers', async () => {
    for (const line of ['rewrite rcode x.z NXDOMAIN NOERROR', 'rewrite continue rcode suffix .z 3 0']) {
      const { server, port } = await serve(line);
      assert.equal((await ask(port, 'x.z', 'A')).rcode, 'NOERROR');
      assert.equal((await ask(port, 'x.y', 'A')).rcode, 'NXDOMAIN');
      await server.close();
    }
  });

  it('changes the class', async () => {
    const { server, port } = await serve('rewrite class CH IN');
    const answer = await ask(port, 'target.x', 'A', { questions: [{ type: 'A', class: 'CH', name: 'target.x' }] });
    assert.deepEqual([answer.questions?.[0].class, answer.answers?.length], ['CH', 1]);
    await server.close();
  });

  it('follows another target of CNAME', async () => {
    const { server, port } = await serve('rewrite cname exact target.old. target.new.');
    const { answers = [] } = await ask(port, 'alias.x', 'A');
    assert.deepEqual(
      answers.map(({ name, type }) => [name, type]),
      [
        ['alias.x', 'CNAME'],
        ['target.new', 'A'],
      ],
    );
    assert.equal((answers[0] as packet.StringAnswer).data, 'target.new');
    await server.close();
  });

  const options: [lines: string, client: [number, string][], upstream: [number, string][]][] = [
    ['rewrite edns0 local set 0xffee abc', [], [[0xffee, '616263']]],
    ['rewrite edns0 local set 65518 0x0102', [[65518, '09']], [[65518, '0102']]],
    ['rewrite edns0 local replace 65518 0x0102', [], []],
    ['rewrite edns0 local append 65518 0x0102 revert', [], [[65518, '0102']]],
    ['rewrite edns0 local set 65518 {client_ip}', [], [[65518, '7f000001']]],
    ['rewrite edns0 local set 65518 {server_ip}', [], [[65518, '7f000001']]],
    ['rewrite edns0 local set 65518 {qname}', [], [[65518, Buffer.from('a.example.').toString('hex')]]],
    ['rewrite edns0 local set 65518 {qtype}', [], [[65518, '0001']]],
    ['rewrite edns0 local set 65518 {protocol}', [], [[65518, Buffer.from('udp').toString('hex')]]],
    ['rewrite edns0 nsid set', [], [[3, '']]],
    ['rewrite edns0 subnet set 24 56', [], [[8, '000118007f0000']]],
    ['rewrite edns0 subnet set 12 56', [[8, '0001200001020304']], [[8, '00010c007f00']]],
    ['rewrite edns0 subnet unset', [[8, '000118000a0000']], []],
    [
      'rewrite continue edns0 local set 1 a\nrewrite continue EDNS0 local set 2 b\nrewrite edns0 local unset 1',
      [],
      [[2, '62']],
    ],
  ];
  for (const [lines, client, expected] of options) {
    it(`shows upstreams EDNS options: ${lines.replaceAll('\n', '; ')}`, async () => {
      const upstream = await ScriptedUpstream.start();
      const { server, port } = await serveCorefile(`.:0 {\n${lines}\nforward . 127.0.0.1:${upstream.port}\n}`);
      const given = client.map(([code, hex]) => ({
        code,
        data: Buffer.from(hex, 'hex'),
      })) as unknown as packet.PacketOpt[];
      const additionals = given.length === 0 ? [] : [opt(1232, { options: given })];
      await udpExchange(queryBytes('a.example', 'A', { additionals }), port);
      const { decoded } = upstream.asked.find(({ decoded: { questions } }) => questions?.[0].name === 'a.example')!;
      const seen = (decoded.additionals as packet.OptAnswer[]).flatMap((record) => record.options);
      assert.deepEqual(
        seen.map((option) => [option.code, (option as unknown as { data: Buffer }).data.toString('hex')]),
        expected,
      );
      await server.close();
      await upstream.close();
    });
  }

  const invalid: [line: string, message: string][] = [
    ['rewrite answer name a b', 'response rewrites must begin with a name rule'],
    ['rewrite name regex ( a', 'invalid regex matching pattern: ('],
    [
      'rewrite name glob a b',
      'name rule supports only exact, prefix, suffix, substring, and regex name matching, received: glob',
    ],
    [
      'rewrite name regex (a) {1}{2}',
      'the rewrite regex pattern ({1}{2}) uses more subexpressions than its corresponding matching regex pattern ((a))',
    ],
    ['rewrite name suffix .a .b answer', 'invalid arguments for suffix rule'],
    [
      'rewrite name suffix .a .b auto x',
      'exceeded the number of arguments for a non-answer rule argument for suffix rule',
    ],
    ['rewrite name suffix .a .b answer color', 'invalid type "color" for answer rule for suffix rule'],
    ['rewrite name suffix .a .b answer name x', 'name answer rule for suffix rule: 2 arguments required'],
    ['rewrite class IN', 'class rules must have exactly two arguments'],
    ['rewrite class IN XX', 'invalid class "XX"'],
    ['rewrite type A', 'type rules must have exactly two arguments'],
    ['rewrite ttl a -', "invalid TTL '-' for a ttl rule"],
    ['rewrite ttl a 5-4', "invalid TTL '5-4' for a ttl rule"],
    ['rewrite rcode a NXDOMAIN MAYBE', "invalid replacement RCODE 'MAYBE' for a rcode rule"],
    ['rewrite edns0 local', 'too few arguments for an EDNS0 rule'],
    ['rewrite edns0 local turn 1 a', 'invalid action: "turn"'],
    ['rewrite edns0 other set 1 a', 'invalid rule type "other"'],
    ['rewrite edns0 local set 1', 'EDNS0 local rules require three or four args'],
    ['rewrite edns0 local set 1 {dummy}', 'unsupported variable name "{dummy}"'],
    ['rewrite edns0 nsid set x', 'EDNS0 NSID rules can accept no more than one arg'],
    ['rewrite edns0 subnet set 33 56', 'invalid IPv4 bit mask length 33'],
    ['rewrite edns0 subnet set 24 129', 'invalid IPv6 bit mask length 129'],
    [
      'rewrite cname glob a b',
      'cname rule supports only exact, prefix, suffix, substring, and regex name matching, received: glob',
    ],
  ];
  for (const [line, message] of invalid) {
    it(`refuses ${line}`, () => {
      assert.throws(() => configOf(registry, line), {
        message: `plugin/rewrite: Corefile:2 - Error during parsing: ${message}`,
      });
    });
  }
});
