/** SECURITY.md, as far as it can be compared with the code. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './support/temporary-directory.js';
import { run } from './support/clients.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const text = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');

/** The environment variables that a source reads by name. */
function variablesOf(source: string): string[] {
  const direct = [...source.matchAll(/\b(?:process\.env|environment)\.([A-Z][A-Z_]+)/g)].map(([, name]) => name);
  const taken = [...source.matchAll(/\{([^{}]*)\}(?:: [\w.]+)? = (?:process\.env|environment);/g)];
  return [...direct, ...taken.flatMap(([, names]) => names.split(',').map((name) => name.split(':')[0].trim()))];
}

describe('SECURITY.md', () => {
  it('names each environment variable that the library reads', () => {
    const ours = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    );
    const sources = ours.map((path) => join(ROOT, 'lib', path));
    const names = new Set(sources.flatMap((path) => variablesOf(readFileSync(path, 'utf8'))));
    assert.ok(names.size >= 5, [...names].join());
    for (const name of [...names, 'MULTISOCKET_PREBUILD', 'NODE_OPTIONS', 'LD_PRELOAD'])
      assert.ok(text.includes(`\`${name}\``) || text.includes(`\`${name}=`), `${name} is missing`);
  });

  it('is right that MULTISOCKET_PREBUILD has no say in which addon is loaded', async () => {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, 'build/Release'), { recursive: true });
    writeFileSync(join(folder, 'build/Release/other.node'), 'not an addon');
    const module = new URL('../dist/native/load.js', import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then(({ nativeMissing }) => console.log(nativeMissing?.message))`;
    const heard = await run('env', [`MULTISOCKET_PREBUILD=${folder}`, process.execPath, '-e', script]);
    assert.doesNotMatch(heard, /other\.node/);
  });

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\(([^)#]+)/g)].map(([, path]) => path);
    assert.ok(links.length > 2);
    for (const path of links) assert.ok(existsSync(join(ROOT, path)), path);
  });
});
