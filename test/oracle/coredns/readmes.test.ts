/** The examples in the documentation of CoreDNS's plugins, as it is in the cache of Go's modules after `go install`. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { knownDirectives } from '../../../dist/corefile/registry.js';
import '../../../dist/directives/index.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { findCoredns } from './find-coredns.js';
import { ourVerdict, theirVerdict, writeFiles } from './verdicts.js';

const modules = join(process.env.GOPATH ?? join(homedir(), 'go'), 'pkg/mod/github.com/coredns');
const ZONE = '@ 60 IN SOA ns admin 1 7200 1800 86400 60\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\n';
/** What `-check` says of properties that CoreDNS has and this library has not: see the documentation of each directive. */
const LACKING = / (is|are) not supported/;

/** The folder of the plugins of the newest version; undefined: there is none. */
function findPlugins(): string | undefined {
  const versions = existsSync(modules) ? readdirSync(modules).filter((name) => name.startsWith('coredns@')) : [];
  const newest = versions.sort(new Intl.Collator('en', { numeric: true }).compare).at(-1);
  return newest && join(modules, newest, 'plugin');
}

/** The blocks of a text that are marked as Corefiles. */
function corefilesIn(text: string): string[] {
  return [...text.matchAll(/^(~~~|```) *corefile\n([^]*?)^\1/gm)].map(([, , block]) => block);
}

/** The words that a Corefile's lines begin with inside of server blocks. */
function directivesIn(text: string): string[] {
  let depth = 0;
  const names: string[] = [];
  for (const line of text.split('\n')) {
    const [word = ''] = line.trim().split(/\s+/);
    if (depth === 1 && /^[a-z]/.test(word)) names.push(word);
    depth += (/\{$/.exec(line.trim())?.length ?? 0) - (/^\}/.exec(line.trim())?.length ?? 0);
  }
  return names;
}

describe("the examples of CoreDNS's plugins", function () {
  this.timeout(300_000);
  const program = findCoredns();
  const plugins = findPlugins();
  const home = process.cwd();
  const known = new Set(knownDirectives.names());

  before(async function () {
    if (program === undefined || plugins === undefined) this.skip();
    process.chdir(temporaryDirectory());
    await writeFiles(process.cwd());
  });
  after(() => {
    process.chdir(home);
  });

  it('are accepted where CoreDNS accepts them, but for directives and properties that are not here', async () => {
    const differences: string[] = [];
    let compared = 0;
    for (const plugin of readdirSync(plugins ?? '').filter((name) => known.has(name))) {
      for (const block of corefilesIn(readFileSync(join(plugins ?? '', plugin, 'README.md'), 'utf8'))) {
        if (!/^\S.*\{/m.test(block) || directivesIn(block).some((name) => !known.has(name))) continue;
        for (const [file] of block.matchAll(/(?<=\s(?:\.\/)?)db\.[\w.]*\w/g)) writeFileSync(file, ZONE);
        const corefile = { directive: plugin, text: block, environment: {} };
        const ours = await ourVerdict(corefile);
        const theirs = await theirVerdict(program ?? '', process.cwd(), corefile);
        compared++;
        if ((ours === undefined) !== (theirs === undefined) && !LACKING.test(ours ?? ''))
          differences.push(`${plugin}:\n${block}ours: ${ours}\ntheirs: ${theirs}\n`);
      }
    }
    assert.ok(compared > 60, `${compared} examples`);
    assert.deepEqual(differences, []);
  });
});
