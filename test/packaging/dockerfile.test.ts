import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkout, outcome } from '../support/checkout.js';
import { run } from '../support/clients.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a compiler does to make fast code is not what is tested. */
const FAST = ['CXXFLAGS=-O0', 'JOBS=2'];

describe('the steps of the Dockerfile', function () {
  this.timeout(600_000);
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('each in turn, without an engine: the last stage has a program that runs', async () => {
    const context = join(directory, 'context');
    await checkout(context, false);
    const stages = readFileSync(join(root, 'deploy/Dockerfile'), 'utf8')
      .split(/^FROM /m)
      .slice(1);
    const places = stages.map((_, i) => join(directory, `stage-${i}`));
    for (const [i, stage] of stages.entries()) {
      let workdir = '/';
      for (const [, step, rest] of stage.matchAll(/^(WORKDIR|COPY|RUN) (.*)$/gm)) {
        const inside = join(places[i], workdir);
        mkdirSync(inside, { recursive: true });
        if (step === 'WORKDIR') workdir = rest;
        else if (step === 'RUN') {
          // The packages of the system are those of this machine.
          const command = rest.replace(/^apt-get update && .*$/, 'true');
          const { failed, output } = await outcome(inside, 'env', ...FAST, 'sh', '-ec', command);
          assert.equal(failed, false, `${rest}\n${output}`);
        } else {
          const [, from, files = ''] = (/^(?:--from=(\w+) )?(.*)$/.exec(rest) ?? []) as (string | undefined)[];
          const source = from === undefined ? context : places[0];
          const names = files.split(' ');
          const target = names.pop()!;
          for (const name of names) {
            const into = join(inside, target.endsWith('/') ? join(target, name.replace(/^.*\//, '')) : target);
            cpSync(join(source, name), into, { recursive: true });
          }
        }
      }
    }
    const [, entry] = /^ENTRYPOINT \["node", "(.*?)"\]$/m.exec(stages.at(-1)!) ?? [];
    const told = await run(process.execPath, [join(places.at(-1)!, entry), '-version']);
    assert.match(told, /^multisocket-/);
    const app = join(places.at(-1)!, 'app');
    const native = `import('${app}/dist/native/addon.js').then((m) => console.log(m.nativeMissing?.message ?? 'native'))`;
    assert.equal(await run(process.execPath, ['-e', native]), 'native\n');
  });
});
