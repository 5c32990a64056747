import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { refuses } from '../support/refuses.js';
import { until } from '../support/server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe('the directive reload', () => {
  it('takes a change of an imported file, says once what is wrong with one, and goes on looking', async () => {
    const directory = temporaryDirectory();
    const imported = join(directory, 'imported');
    const path = join(directory, 'Corefile');
    writeFileSync(path, '.:0 {\n reload 2s 1s\n import imported\n}');
    writeFileSync(imported, 'whoami');
    const { server, port, log } = await serveCorefile({ path });
    const hashes = (): string[] =>
      log.flatMap((line) => /Running configuration SHA512 = ([0-9a-f]{128})$/.exec(line)?.[1] ?? []);
    assert.equal(hashes().length, 1);
    writeFileSync(imported, 'nothing');
    await until(() => log.some((line) => line.startsWith('error')), 'the fault to be seen');
    assert.equal(
      log.at(-1),
      `error plugin/reload: Corefile changed but reload failed: ${imported}:1 - Error during parsing: Unknown directive 'nothing'`,
    );
    assert.ok(await ask(port, 'a'));
    writeFileSync(imported, 'whoami\nlog');
    await until(() => hashes().length === 2, 'the change to be taken');
    assert.equal(new Set(hashes()).size, 2);
    assert.equal(log.filter((line) => line.startsWith('error')).length, 1);
    await ask(port, 'a');
    await until(() => log.some((line) => line.includes('"A IN a. udp')), 'the directive that is new to work');
    await server.close();
  });

  refuses([
    ['reload 1s', 2, 'interval value must be greater or equal to 2s'],
    ['reload 2s 500ms', 2, 'jitter value must be 0 or greater or equal to 1s'],
    ['reload x', 2, 'invalid duration "x"'],
    ['reload 2s 2s 2s', 2, "Wrong argument count or unexpected line ending after '2s'"],
  ]);
});
