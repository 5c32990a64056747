import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import packet from 'dns-packet';
import type { DirectiveDefinition } from '../../dist/corefile/directive.js';
import { evaluate } from '../../dist/directives/template/go/evaluate.js';
import { FUNCTION_NAMES } from '../../dist/directives/template/go/functions.js';
import { parseTemplate } from '../../dist/directives/template/go/parse.js';
import { Struct, type Value } from '../../dist/directives/template/go/values.js';
import { fromOutside, unmarked } from '../../dist/directives/template/outside-text.js';
import { template } from '../../dist/directives/template/setup.js';
import { configOf, registryOf, serveChain } from '../support/chain.js';
import { ask } from '../support/clients.js';

/** Templates with what Go 1.26 makes of them: an error of its parser, an error as it runs, or text. */
const cases = JSON.parse(readFileSync(new URL('../../test/fixtures/go-templates.json', import.meta.url), 'utf8')) as {
  template: string;
  result: 'ok' | 'parse' | 'run';
  text?: string;
}[];

const question = new Struct('dns.Question', { Name: fromOutside('A.b.c.'), Qtype: 1n, Qclass: 1n });
const groups = { 0: 'a.b', 1: 'a', 2: 'b', a: 'a', b: 'b', e: '' };
const data = new Struct('template.templateData', {
  Name: fromOutside('a.b.c.'),
  Match: ['a.b', 'a', 'b'].map(fromOutside),
  Group: new Map(Object.entries(groups).map(([name, text]): [string, Value] => [name, fromOutside(text)])),
  Type: 'A',
  Message: new Struct('dns.Msg', { Id: 7n, RecursionDesired: true, Question: [question] }),
  Question: question,
  Var: new Map([['v', fromOutside('x')]]),
  Meta: () => '',
});

describe('templates of Go', () => {
  for (const { template: text, result, text: expected } of cases) {
    it(`have Go's result: ${JSON.stringify(text)}`, () => {
      const parse = (): ReturnType<typeof parseTemplate> => parseTemplate('answer', text, FUNCTION_NAMES);
      if (result === 'parse') assert.throws(parse, { message: expected });
      else if (result === 'run') assert.throws(() => evaluate(parse(), data), Error);
      else assert.equal(unmarked(evaluate(parse(), data)), expected);
    });
  }
});

const registry = registryOf(...([template] as DirectiveDefinition<never>[]));

/** The first record of the answer to `name` as text, or the response code. */
async function answerOf(lines: string, name: string, type: packet.RecordType = 'A'): Promise<unknown> {
  const { server, port } = await serveChain(registry, `template ANY ANY {\n${lines}\n}`);
  const { answers = [], rcode } = await ask(port, name, type);
  await server.close();
  const [answer] = answers as [packet.StringAnswer?];
  const value = answer?.data as unknown;
  return answer === undefined ? rcode : Array.isArray(value) ? value.map(String).join(' ') : value;
}

describe('the lines var and expr of template', () => {
  const txt = 'answer "{{ .Name }} 60 IN TXT \\"{{ .Var.v }}\\""';
  const values: [expression: string, value: string][] = [
    ["replace(group('ip'), '-', '.')", '10.1.2.3'],
    ['group(1) + "!"', '10-1-2-3!'],
    ['group("none")', ''],
    ["split(group('ip'), '-')[1]", '1'],
    ["join(split(group('ip'), '-'), '.')", '10.1.2.3'],
    ["len(split(group('ip'), '-'))", '4'],
    ['int(split(group(1), "-")[0]) * 2 + 1', '21'],
    ['7 / 2', '3.5'],
    ['7 % 4 ** 2', '7'],
    ['type() + class() + proto()', 'AINudp'],
    ['name() startsWith "10-" ? "y" : "n"', 'y'],
    ['1 in [1, 2] and not (3 in [1, 2]) && 3 not in [1]', 'true'],
    ['name() matches "^(a+)+$" || name() contains "3.x" || false', 'true'],
    ["incidr('10.1.2.3', '10.0.0.0/8')", 'true'],
    ["incidr('::1', '10.0.0.0/8')", 'false'],
    ["any(['10.0.0.0/8', '::/0'], incidr('10.1.2.3', #))", 'true'],
    ['filter(1..9, {# % 2 == 0}) | map(# * 10) | len()', '4'],
    ['all([1, 2], # > 0) && none([1], # > 1) && one([1, 2], # > 1)', 'true'],
    ['{"a": "b", c: 1}.a', 'b'],
    ['{a: 1}?.b ?? "none"', 'none'],
    ['upper(trim("  x ")) + lower("Y") + repeat("z", 2)', 'Xyzz'],
    ['[1, 2, 3][1:][0] + [1][-1]', '3'],
    ['string(max(1, 2)) + string(1.5)', '21.5'],
    ['client_ip() == "127.0.0.1" && port() != "" && id() >= 0 && !do() && bufsize() == 512', 'true'],
    ['-2 + +3', '1'],
    ['`a\\nb`', 'a\\nb'],
  ];
  for (const [expression, value] of values) {
    it(`give the value of ${expression}`, async () => {
      const lines = `match ^(?P<ip>[0-9-]+)[.]x[.]$\nvar v "${expression.replaceAll('"', '\\"')}"\n${txt}`;
      assert.equal(await answerOf(lines, '10-1-2-3.x', 'A'), value.replaceAll('\\n', 'n'));
    });
  }

  it('keep variables for those after them, and for templates', async () => {
    const lines = 'var a 1\nvar b a + 1\nvar v "a + b"\nexpr v == 3\n' + txt;
    assert.equal(await answerOf(lines, 'x'), '3');
  });

  it('answer only where all conditions are true, and fail else', async () => {
    assert.equal(
      await answerOf(`expr "name() == 'x.'"\nexpr type() == \\'A\\'\n${txt}`.replaceAll("\\'", "'"), 'y'),
      'SERVFAIL',
    );
    assert.equal(await answerOf(`expr "int('x') == 1"\nfallthrough\n${txt}`, 'y'), 'SERVFAIL');
  });

  it('are data in the record, whatever they make of a name', async () => {
    const lines = 'var v "name() + \' 1 IN A 192.0.2.1\'"\nanswer "x. 60 IN TXT {{ .Var.v }}"';
    assert.equal(await answerOf(lines, 'a"\n$x;(.y'), 'a"\n$x;(.y. 1 IN A 192.0.2.1');
  });

  const faults: [line: string, message: string][] = [
    ['var x', "Wrong argument count or unexpected line ending after 'x'"],
    ['var x-y 1', 'invalid variable name "x-y"'],
    ['var len 1', 'variable name "len" is reserved'],
    ['var true 1', 'variable name "true" is reserved'],
    ['var client_ip 1', 'variable name "client_ip" is reserved'],
    ['var x nope', 'could not compile expression: x, unknown name nope (1:1)'],
    ['expr nope()', 'could not compile expression: unknown name nope (1:1)'],
    ['expr 1 +', 'could not compile expression: unexpected token EOF'],
    ['expr (1', 'could not compile expression: unexpected token EOF'],
    ['expr 1 ~ 2', 'could not compile expression: unrecognized character "~" (1:3)'],
    [`expr ${'('.repeat(300)}`, 'could not compile expression: the expression is nested more than 200 deep'],
  ];
  for (const [line, message] of faults) {
    it(`refuse ${line.slice(0, 30)}`, () => {
      assert.throws(() => configOf(registry, `template IN A {\n${line}\n}`), {
        message: `plugin/template: Corefile:3 - Error during parsing: ${message}`,
      });
    });
  }
});

describe('the directive template, beside the language', () => {
  it('sees the name in lower case, and answers other classes than IN', async () => {
    assert.equal(
      await answerOf('match ^ip-1[.]example[.]$\nanswer "{{ .Name }} 60 IN A 192.0.2.1"', 'iP-1.exAmple'),
      '192.0.2.1',
    );
    const { server, port } = await serveChain(
      registry,
      'template CH TXT version.bind {\nanswer "version.bind. 0 CH TXT \\"1.0\\""\n}',
    );
    const { answers = [] } = await ask(port, 'version.bind', 'TXT', {
      questions: [{ name: 'version.bind', type: 'TXT', class: 'CH' }],
    });
    assert.deepEqual([answers.length, (answers[0] as packet.TxtAnswer).class], [1, 'CH']);
    await server.close();
  });

  it('gives one record, whatever fields an operator writes in one action or in several', async () => {
    assert.equal(
      await answerOf(
        'answer "{{ if true }}{{ .Name }} 60 IN {{ end }}A {{ printf \\"%s.%d\\" \\"192.0.2\\" 7 }}"',
        'x',
      ),
      '192.0.2.7',
    );
    assert.equal(await answerOf('answer "{{ printf \\"%s 60 IN A 192.0.2.8\\" .Name }}"', 'x'), '192.0.2.8');
    for (const text of [
      '',
      '; x',
      'a. 60 IN A 192.0.2.1\nb. 60 IN A 192.0.2.2',
      '$INCLUDE /etc/passwd',
      '$GENERATE 1-2 a$ A 192.0.2.$',
    ]) {
      assert.equal(await answerOf(`answer "${text}"`, 'x'), 'SERVFAIL');
    }
  });
});
