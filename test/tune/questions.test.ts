import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packet from 'dns-packet';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import '../../dist/directives/index.js';
import { encodeQuestion, questionsFor, readQuestions } from '../../dist/tune/questions.js';
import { corefileQuestions, forMeasuring } from '../../dist/tune/served-corefile.js';

describe('the questions of a load', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'multisocket-'))));
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });
  const file = (text: string): string => {
    const path = join(directory, 'questions');
    writeFileSync(path, text);
    return path;
  };

  it('are those of a file as dnsperf has it', () => {
    const messages = readQuestions(file('; a comment\nwww.example.org A\n\nexample.org. mx\n  . NS \na.b TYPE65280\n'));
    const asked = messages.map((message) => {
      const { questions, flags, additionals, type } = packet.decode(message);
      assert.deepEqual([type, (flags ?? 0) & packet.RECURSION_DESIRED], ['query', packet.RECURSION_DESIRED]);
      assert.equal(additionals?.[0].type, 'OPT');
      return `${questions?.[0].name} ${questions?.[0].type}`;
    });
    assert.deepEqual(asked, ['www.example.org A', 'example.org MX', '. NS', 'a.b UNKNOWN_65280']);
  });

  for (const [text, message] of [
    ['www.example.org\n', /:1: not a name and a type: www\.example\.org$/],
    ['a A\nb NOTHING\n', /:2: not a name and a type: b NOTHING$/],
    ['a A B\n', /:1: not a name and a type/],
    ['a..b A\n', /not a name: a\.\.b/],
    [`${'x'.repeat(64)} A\n`, /not a name: xxx/],
    ['; nothing\n', /has no questions$/],
  ] as const) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => {
      assert.throws(() => readQuestions(file(text)), { code: 'ERR_MULTISOCKET_QUESTIONS', message });
    });
  }

  it('are made for zones, below example.org for the root', () => {
    const names = questionsFor(['example.com', '']).map(({ name }) => name);
    assert.ok(names.includes('example.com') && names.includes('www.example.com') && names.includes('www.example.org'));
    for (const question of questionsFor(['example.com'])) encodeQuestion(question);
  });

  it('are what zone files have, and what may be asked for in other zones of the first address', () => {
    const zone = join(directory, 'db');
    writeFileSync(zone, '@ 60 SOA ns hostmaster 1 60 60 60 60\n@ NS ns\nns A 192.0.2.1\nns A 192.0.2.2\nx TXT "y"\n');
    const corefile = loadCorefile(
      `example.net:5301 {\n file ${zone}\n}\n.:5301 {\n whoami\n health\n}\nother:5302 {\n whoami\n}\n`,
    );
    const asked = corefileQuestions(corefile).map(({ name, type }) => `${name.replace(/\.$/, '')} ${type}`);
    assert.deepEqual(asked.slice(0, 4), ['example.net SOA', 'example.net NS', 'ns.example.net A', 'x.example.net TXT']);
    assert.ok(asked.includes('www.example.org A') && !asked.some((question) => question.includes('other')));
    forMeasuring(corefile, { sockets: 3, address: '127.0.0.1', port: 0 });
    assert.deepEqual(
      corefile.addresses.map(({ address, port, sockets, zones }) => [address, port, sockets, zones.length]),
      [['127.0.0.1', 0, 3, 2]],
    );
    assert.deepEqual(
      corefile.blocks.map(({ directives }) => directives.map(({ name }) => name)),
      [['file'], ['whoami'], ['whoami']],
    );
  });

  it('need an address that speaks plain DNS', () => {
    const corefile = loadCorefile('tls://. {\n tls a b\n whoami\n}\n');
    assert.throws(() => corefileQuestions(corefile), { code: 'ERR_MULTISOCKET_TUNE' });
  });
});
