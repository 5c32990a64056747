import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../support/clients.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Which file a program loads the addon from, or why it loads none. */
const script = `
  import { loadNative } from '${join(root, 'dist/native/load.js')}';
  import { readFileSync } from 'node:fs';
  const loaded = loadNative();
  const file = /\\S+\\.node$/m.exec(readFileSync('/proc/self/maps', 'utf8'));
  console.log(loaded instanceof Error ? loaded.message : file[0]);
`;

/** What it prints with these variables in its environment. */
const loadedWith = async (...variables: string[]): Promise<string> =>
  (await run('env', [...variables, process.execPath, '--input-type=module', '-e', script])).trimEnd();

describe('the file of the addon', () => {
  const directory = temporaryDirectory();
  const copy = join(directory, 'copy.node');
  const broken = join(directory, 'broken.node');

  before(() => {
    cpSync(join(root, 'build/Release/multisocket.node'), copy);
    writeFileSync(broken, 'no library');
  });

  it('is the one of the package', async () => {
    assert.equal(await loadedWith('-u', 'MULTISOCKET_ADDON'), join(root, 'build/Release/multisocket.node'));
  });
  it('is that of MULTISOCKET_ADDON, and no other in its place', async () => {
    assert.equal(await loadedWith(`MULTISOCKET_ADDON=${copy}`), copy);
    assert.match(await loadedWith(`MULTISOCKET_ADDON=${broken}`), /broken\.node/);
    assert.match(await loadedWith(`MULTISOCKET_ADDON=${join(directory, 'none.node')}`), /none\.node/);
  });
  it('is none with MULTISOCKET_NATIVE=0', async () => {
    assert.match(await loadedWith('MULTISOCKET_NATIVE=0', `MULTISOCKET_ADDON=${copy}`), /forbids it/);
  });
});
