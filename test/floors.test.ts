import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outcome } from './support/checkout.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** What is planted into a copy of `lib/`. */
const planted: Record<string, string> = {
  'dns/value.ts': "import { createServer } from '../server/server.js';\nexport const value = createServer;\n",
  'message/type.ts': "import type { Server } from '../server/server.js';\nexport type Type = Server;\n",
  'dns/one.ts': "import type { Two } from './two.js';\nexport interface One {\n  two?: Two;\n}\n",
  'dns/two.ts': "import type { One } from './one.js';\nexport interface Two {\n  one?: One;\n}\n",
  'attic/attic.ts': "import type { Endpoint } from '../message/batch.js';\nexport type Attic = Endpoint;\n",
  'attic/plain.ts': 'export const plain = 1;\n',
  'cli/plain.ts': "export { plain } from '../attic/plain.js';\n",
};

describe('the floors of lib/', function () {
  this.timeout(120_000);
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    for (const part of ['package.json', 'tsconfig.json', '.dependency-cruiser.js', 'lib']) {
      cpSync(join(root, part), join(directory, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('lint refuses upward imports and cycles, of types too, and folders that are no floor; all else is right', async () => {
    for (const [name, text] of Object.entries(planted)) {
      mkdirSync(dirname(join(directory, 'lib', name)), { recursive: true });
      writeFileSync(join(directory, 'lib', name), text);
    }
    const [command] = scripts['lint:js'].split(' && ').filter((each) => each.startsWith('depcruise '));
    const { failed, output } = await outcome(directory, 'npx', ...command.split(' '), '--output-type', 'err');
    assert.equal(failed, true);
    const violations = [...output.matchAll(/^\s*error ([\w.-]+): (\S+)/gm)].map(([, rule, file]) => `${rule} ${file}`);
    assert.deepEqual(violations.sort(), [
      'a-floor-for-each-file lib/attic/attic.ts',
      'from-floors-only lib/cli/plain.ts',
      'no-cycle lib/dns/one.ts',
      'only-down-from-dns lib/dns/value.ts',
      'only-down-from-message lib/message/type.ts',
    ]);
  });
});
