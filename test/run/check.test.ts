import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import { checkCorefile } from '../../dist/run/check.js';
import { makeCertificate } from '../support/certificate.js';
import { finish } from '../support/program.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const directory = temporaryDirectory();

async function faultsOf(text: string): Promise<string[]> {
  const { faults } = await checkCorefile(text, { environment: {} });
  return faults.map(({ message }) => message.replace('Error during parsing: ', ''));
}

describe('-check', () => {
  it('warns of a file of weights that is missing and will be read again, as the server does', async () => {
    const check = (reload: string): ReturnType<typeof checkCorefile> =>
      checkCorefile(`. {\n loadbalance weighted nowhere {\n  reload ${reload}\n }\n whoami\n}`, { environment: {} });
    const { faults, corefile } = await check('10s');
    assert.deepEqual(faults, []);
    assert.match(
      corefile.warnings[0].message,
      /Warning: plugin\/loadbalance: Failed to open weight file: ENOENT.*Will try again in 10s$/,
    );
    assert.match((await check('0')).faults[0].message, /ENOENT/);
  });

  it('reports all faults at once, each with its place, in the order of the file', async () => {
    const text = [
      'a..b {',
      ' whoami',
      '}',
      'example.org:99 {',
      ' kubernetes cluster.local {',
      '  pods insecure {',
      '   more',
      '  }',
      ' }',
      ' multisocket 0',
      ' bufsize 5',
      ' forwrad . 192.0.2.1',
      ' reload 1s',
      '}',
      'example.org:99 {',
      '}',
      'quic://example.net {',
      '}',
    ].join('\n');
    const faults = await faultsOf(text);
    const transport = faults.pop();
    assert.deepEqual(faults, [
      'Corefile:1 - zone is not a valid domain name: a..b',
      "Corefile:5 - Unknown directive 'kubernetes': CoreDNS has it (https://coredns.io/plugins/kubernetes/), " +
        'multisocket has not; remove it, or forward to a CoreDNS',
      'plugin/multisocket: Corefile:10 - num sockets can not be zero or negative: 0',
      'plugin/bufsize: Corefile:11 - bufsize must be within 512 - 4096: 5',
      "Corefile:12 - Unknown directive 'forwrad', did you mean 'forward'?",
      'plugin/reload: Corefile:13 - interval value must be greater or equal to 2s',
      'Corefile:15 - cannot serve dns://example.org.:99 - it is already defined',
    ]);
    assert.match(transport ?? '', /^Corefile:17 - quic:\/\/:853 cannot be served: /);
  });

  it('names imported files', async () => {
    const folder = mkdtempSync(join(directory, 'i-'));
    writeFileSync(join(folder, 'part'), 'whoami\n\nnomad\n');
    writeFileSync(join(folder, 'Corefile'), '. {\n import part\n bufsize x\n}\n');
    const { code, out, err } = await finish(['-check', '-conf', join(folder, 'Corefile')]);
    assert.deepEqual([code, out], [1, '']);
    const [first, second, ...rest] = err.trimEnd().split('\n');
    assert.ok(
      first.includes(`${join(folder, 'part')}:3 - Error during parsing: Unknown directive 'nomad': CoreDNS has it`),
    );
    assert.ok(second.includes(`${join(folder, 'Corefile')}:3 - `), second);
    assert.deepEqual(rest, []);
  });

  it('reads certificates and files of weights', async () => {
    const { file } = await makeCertificate();
    const other = await makeCertificate();
    const key = join(dirname(file), 'key.pem');
    const weights = join(directory, 'weights');
    writeFileSync(weights, 'www.example.org\n192.0.2.1 many\n');
    const block = (line: string): string => `tls://. {\n ${line}\n whoami\n}\n`;
    for (const [line, fault] of [
      [`tls ${file} ${key}`, undefined],
      [`tls ${file} ${key}.none`, /plugin\/tls: Corefile:2 - ENOENT.*key\.pem\.none/],
      [`tls ${other.file} ${key}`, /plugin\/tls: Corefile:2 - invalid certificate or key in .*cert\.pem, .*key\.pem: /],
      [`tls ${key} ${key}`, /plugin\/tls: Corefile:2 - invalid certificate or key in /],
      [
        `loadbalance weighted ${weights}`,
        /plugin\/loadbalance: Corefile:2 - wrong weight value: "many" in weight file .*, line 2/,
      ],
    ] as const) {
      const faults = await faultsOf(block(line));
      if (fault === undefined) assert.deepEqual(faults, []);
      else assert.match(faults.join(), fault);
    }
  });

  for (const [name, said] of [
    ['kubernetes', /CoreDNS has it \(https:\/\/coredns\.io\/plugins\/kubernetes\/\)/],
    ['dns64', /CoreDNS has it \(https:\/\/coredns\.io\/plugins\/dns64\/\)/],
    ['k8s_gateway', /it is an external plugin of CoreDNS \(https:\/\/coredns\.io\/explugins\/k8s_gateway\/\)/],
    ['unbound', /it is an external plugin of CoreDNS/],
    ['Whoami', /did you mean 'whoami'\?/],
    ['chace', /did you mean 'cache'\?/],
    ['templates', /did you mean 'template'\?/],
    ['somethingelse', /^Corefile:2 - Unknown directive 'somethingelse'$/],
  ] as const) {
    it(`explains the unknown directive ${name}`, async () => {
      assert.match((await faultsOf(`. {\n ${name} a b {\n  c\n }\n}`)).join(), said);
    });
  }

  it('a Corefile without a server block is whoami with a log, as in CoreDNS', () => {
    for (const text of ['', '# nothing\n', '(unused) {\n cache\n}\n']) {
      const { blocks, addresses } = loadCorefile(text);
      assert.deepEqual(
        blocks.map(({ directives }) => directives.map(({ name }) => name)),
        [['log', 'whoami']],
      );
      assert.deepEqual(addresses[0].zones, [{ zone: '.', block: 0 }]);
    }
  });

  for (const [lines, warning] of [
    ['whoami\n whoami', /plugin\/whoami: it is ignored: the one of line 2 counts/],
    ['any\n any', /plugin\/any: it is ignored/],
    ['bufsize 600\n bufsize 700', /plugin\/bufsize: it is ignored/],
    ['bufsize 600 {\n x\n }', /plugin\/bufsize: its braces have no effect/],
    ['reload 2s 0s\n reload', /plugin\/reload: it is ignored/],
    ['loop', undefined],
    ['acl {\n BLOCK type A\n Allow\n }', undefined],
    ['health :1\n health :2 {\n lameduck 1s\n }', undefined],
  ] as const) {
    it(`takes ${JSON.stringify(lines)}, as CoreDNS does`, async () => {
      const { corefile, faults } = await checkCorefile(`.:5301 {\n ${lines}\n}`, { environment: {} });
      assert.deepEqual(faults, []);
      const warnings = corefile.warnings.map(({ message }) => message).join();
      if (warning === undefined) assert.equal(warnings, '');
      else assert.match(warnings, warning);
    });
  }
});
