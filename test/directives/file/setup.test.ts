import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadCorefile, type Corefile } from '../../../dist/corefile/corefile.js';
import { DirectiveRegistry } from '../../../dist/corefile/registry.js';
import { createServer } from '../../../dist/index.js';
import { file } from '../../../dist/directives/file/setup.js';
import { ask } from '../../support/clients.js';

const registry = new DirectiveRegistry();
registry.register(file);
const load = (text: string): Corefile => loadCorefile(text, { registry, environment: {} });
const configOf = (lines: string): unknown =>
  load(`example.org 10.0.0.0/8 {\n${lines}\n}`).blocks[0].directives[0].config;

describe('the directive file', () => {
  const defaults = { file: resolve('db'), zones: ['example.org', '10.in-addr.arpa'], reload: 60_000, fallthrough: [] };

  it('serves the zones of its block, or those that it names', () => {
    assert.deepEqual(configOf('file db'), [defaults]);
    assert.deepEqual(configOf('file db Example.NET. 192.0.2.0/24'), [
      { ...defaults, zones: ['example.net', '2.0.192.in-addr.arpa'] },
    ]);
    assert.deepEqual(configOf('file db a\nfile /db b'), [
      { ...defaults, zones: ['a'] },
      { ...defaults, file: '/db', zones: ['b'] },
    ]);
    // As in CoreDNS, the last file of a zone counts.
    assert.deepEqual(configOf('file db a b\nfile /db b'), [
      { ...defaults, zones: ['a'] },
      { ...defaults, file: '/db', zones: ['b'] },
    ]);
  });

  it('takes reload, reload_by_mtime and fallthrough', () => {
    assert.deepEqual(configOf('file db {\n reload 2s ignored\n reload_by_mtime\n}'), [
      { ...defaults, reload: 2000, byTime: true },
    ]);
    assert.deepEqual(configOf('file db {\n reload 1m30.5s\n fallthrough\n}'), [
      { ...defaults, reload: 90_500, fallthrough: ['.'] },
    ]);
    assert.deepEqual(configOf('file db {\n reload 0\n fallthrough A.example.org b\n}'), [
      { ...defaults, reload: 0, fallthrough: ['a.example.org', 'b'] },
    ]);
  });

  const faults: [string, number, string][] = [
    ['file', 2, "Wrong argument count or unexpected line ending after 'file'"],
    ['file {\n}', 2, "Unexpected token '{', expecting argument"],
    ['file db {\n reload\n}', 3, 'reload duration value is expected'],
    ['file db {\n reload 1 2\n}', 3, 'invalid duration "1"'],
    ['file db {\n reload_by_mtime 5\n}', 3, "Wrong argument count or unexpected line ending after '5'"],
    ['file db {\n reload 5\n}', 3, 'invalid duration "5"'],
    ['file db {\n reload -5s\n}', 3, 'negative duration "-5s"'],
    ['file db {\n transfer to *\n}', 3, "unknown property 'transfer'"],
  ];
  for (const [text, line, message] of faults) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => configOf(text), {
        code: 'ERR_MULTISOCKET_COREFILE',
        message: `plugin/file: Corefile:${line} - Error during parsing: ${message}`,
      });
    });
  }

  it('tells all faults of its zone files at once', () => {
    const folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
    try {
      const db = join(folder, 'db');
      writeFileSync(
        db,
        '$TTL 60\n@ SOA a b 1 2 3 4 5\na A 192.0.2\nb MX mail\nc CNAME d\nc A 192.0.2.1\nout.example.net. A 192.0.2.1\n' +
          '$INCLUDE nowhere\nd LOC 91 N 0 E 0\ne TXT "x\n',
      );
      const check = (lines: string): string[] => {
        const { blocks } = load(lines);
        return file.setup.check?.(blocks[0].directives[0].config as never) as string[];
      };
      assert.throws(
        () => check(`example.org {\n file ${db}\n}`),
        (error: AggregateError) => {
          const lines = (error.errors as Error[]).map(({ message }) => /^.*db:(\d+): /.exec(message)?.[1]);
          assert.deepEqual(lines, ['3', '4', '6', '8', '9', '10']);
          return true;
        },
      );
      writeFileSync(db, '$TTL 60\n@ SOA a b 1 2 3 4 5\nout.example.net. A 192.0.2.1\n');
      assert.match(check(`example.org {\n file ${db}\n}`).join(), /^.*db:3: out.example.net A: .* left out$/);
      assert.match(check(`example.org {\n file ${db}.gone\n}`).join(), /ENOENT/);
      assert.throws(() => check(`example.org {\n file ${db}.gone {\n reload 0\n }\n}`), AggregateError);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  for (const workers of [0, 2]) {
    it(`answers in a chain, with workers: ${workers}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
      try {
        const db = join(folder, 'db');
        writeFileSync(db, '$TTL 60\n@ SOA a b 1 2 3 4 5\nwww A 192.0.2.1\n');
        const corefile = `example.org:0 {\n bind 127.0.0.1\n file ${db}\n}`;
        await using server = createServer({ corefile, workers });
        await server.listen();
        const { port } = server.addresses()[0];
        const reply = await ask(port, 'www.example.org');
        assert.deepEqual(
          reply.answers!.map((record) => (record as { data: unknown }).data),
          ['192.0.2.1'],
        );
        assert.equal(((await ask(port, 'example.net')) as unknown as { rcode: string }).rcode, 'REFUSED');
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
