import assert from 'node:assert/strict';
import packet from 'dns-packet';
import type { DirectiveDefinition } from '../../dist/corefile/directive.js';
import { template } from '../../dist/directives/template/setup.js';
import { ask } from '../support/clients.js';
import { configOf, registryOf, serveChain } from '../support/chain.js';
import { answers } from '../support/zone-of-one.js';

const registry = registryOf(...([template, answers] as DirectiveDefinition<never>[]));
const serve = (lines: string, key?: string): ReturnType<typeof serveChain> =>
  serveChain(registry, `${lines}\nanswers`, key);

describe('the directive template', () => {
  it('makes answers from groups of the name', async () => {
    const { server, port } = await serve(
      String.raw`template IN A example {
        match "^ip-(?P<a>[0-9]*)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$"
        answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
        additional "{{ .Name }} IN TXT \"{{ .Type }} {{ .Class }} {{ .Zone }} {{ index .Match 1 }} {{ index .Group \"d\" }}\""
        fallthrough
      }`,
    );
    const answer = await ask(port, 'ip-10-1-2-3.example', 'A');
    assert.deepEqual(answer.answers, [
      { name: 'ip-10-1-2-3.example', type: 'A', ttl: 60, class: 'IN', flush: false, data: '10.1.2.3' },
    ]);
    assert.equal(String((answer.additionals?.[0] as unknown as { data: Buffer[] }).data[0]), 'A IN example. 10 3');
    assert.equal(answer.flag_aa, true);
    assert.equal((await ask(port, 'other.example', 'A')).answers?.[0].type, 'TXT');
    assert.equal((await ask(port, 'ip-10-1-2-3.example', 'AAAA')).answers?.[0].type, 'TXT');
    await server.close();
  });

  it('gives a response code, an authority and an extended error', async () => {
    const { server, port } = await serve(
      'template ANY ANY internal {\nrcode NXDOMAIN\nauthority "{{ .Zone }} 60 IN SOA ns.{{ .Zone }} admin.{{ .Zone }} (1 60 60 60 60)"\nederror 15 "not here"\n}',
    );
    const answer = await ask(port, 'a.internal', 'MX', {
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 1232,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    });
    assert.equal(answer.rcode, 'NXDOMAIN');
    const [soa] = answer.authorities as packet.SoaAnswer[];
    assert.deepEqual([soa.name, soa.data.mname], ['internal', 'ns.internal']);
    const [option] = (answer.additionals?.[0] as packet.OptAnswer).options as unknown as {
      code: number;
      data: Buffer;
    }[];
    assert.deepEqual([option.code, option.data.toString('latin1', 2)], [15, 'not here']);
    assert.equal((await ask(port, 'example.org', 'TXT')).answers?.length, 1);
    await server.close();
  });

  it('fails names of its zone that match nothing, and tries the templates in order', async () => {
    const { server, port } = await serve(
      'template IN A a.test {\nmatch ^one\nanswer "{{ .Name }} A 192.0.2.1"\nfallthrough\n}\ntemplate IN A a.test {\nmatch (?i)^TWO\nanswer "{{ .Name }} A 192.0.2.2"\n}',
    );
    const first = async (name: string): Promise<unknown> =>
      ((await ask(port, name, 'A')).answers?.[0] as packet.StringAnswer).data;
    assert.equal(await first('one.a.test'), '192.0.2.1');
    assert.equal(await first('two.a.test'), '192.0.2.2');
    assert.equal((await ask(port, 'three.a.test', 'A')).rcode, 'SERVFAIL');
    await server.close();
  });

  it('answers SERVFAIL, with a warning, if the output is not a record', async () => {
    const { server, port, warnings } = await serve(
      'template IN A . {\nmatch ^(.*)[.]$\nanswer "{{ .Name }} A {{ index .Match 1 }}"\n}',
    );
    assert.equal((await ask(port, 'no-address', 'A')).rcode, 'SERVFAIL');
    assert.match(warnings[0].message, /no-address/);
    await server.close();
  });

  const faults: [string, number, string][] = [
    ['template IN', 2, "Wrong argument count or unexpected line ending after 'IN'"],
    ['template XX A', 2, 'invalid query class XX'],
    ['template IN XX', 2, 'invalid RR class XX'],
    ['template IN A {\n match (\n}', 3, 'could not parse regex: (, error parsing regexp: missing closing ): `(`'],
    ['template IN A {\n rcode MAYBE\n}', 3, 'unknown rcode MAYBE'],
    [
      'template IN A {\n answer "{{ nope }}"\n}',
      3,
      'could not compile template: {{ nope }}, template: answer:1: function "nope" not defined',
    ],
    ['template IN A {\n ederror 70000\n}', 3, 'error parsing extended DNS error code 70000'],
    ['template IN A {\n color\n}', 3, "unknown property 'color'"],
  ];
  for (const [text, line, message] of faults) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => configOf(registry, text), {
        message: new RegExp(
          `^plugin/template: Corefile:${line} - Error during parsing: ${message.replaceAll(/[()/{}.[\]|]/g, '\\$&')}`,
        ),
      });
    });
  }
});
