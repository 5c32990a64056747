/** Signed zone files, judged by the verifiers of BIND, ldns, NSD and Knot. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signFile, type SignInput, type SignOutput } from '../../../dist/directives/sign/sign-file.js';
import { run } from '../../support/clients.js';
import { makeKey } from '../../support/dnssec-keys.js';
import { randomZone } from '../../support/random-zone.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const DENIALS = ['nsec', 'nsec3', 'nsec3-opt-out'] as const;

const folder = temporaryDirectory();
const signed = join(folder, 'db.example.org.signed');

function sign(keys: readonly string[], more: Partial<SignInput> = {}): Promise<SignOutput> {
  const input: SignInput = {
    origin: 'example.org',
    file: join(folder, 'db'),
    signed,
    keys: keys.map((path) => ({ kind: 'file', path })),
    denial: 'nsec',
    ...more,
  };
  return signFile(input, { signal: new AbortController().signal, progress: () => undefined });
}

/** Asks the verifiers of others; throws with what they say if one does not accept the file. */
async function verify(origin = 'example.org'): Promise<void> {
  assert.match(await run('dnssec-verify', ['-z', '-o', origin, signed]), /Zone fully signed/);
  await run('ldns-verify-zone', [signed]);
  await run('nsd-checkzone', [origin, signed]);
  await run('named-checkzone', ['-i', 'local', '-k', 'ignore', origin, signed]);
  const configuration = join(folder, 'knot.conf');
  writeFileSync(
    configuration,
    `zone:\n  - domain: "${origin}"\n    file: "${signed}"\n    semantic-checks: on\n    dnssec-validation: on\n`,
  );
  await run('knotc', ['-c', configuration, 'zone-check', origin]);
}

describe('a zone file that sign has written', function () {
  this.timeout(300_000);
  let ksk: string;
  let zsk: string;
  before(async () => {
    ksk = await makeKey(folder, 'example.org', '-a', '13', '-f', 'KSK');
    zsk = await makeKey(folder, 'example.org', '-a', '13');
  });

  for (const denial of DENIALS) {
    it(`is accepted by the verifiers of others, with ${denial}`, async () => {
      for (let seed = 0; seed < 8; seed++) {
        const text = randomZone(`${denial} ${seed}`);
        writeFileSync(join(folder, 'db'), text);
        await sign(seed % 2 === 0 ? [ksk] : [ksk, zsk], { denial });
        await verify().catch((error: unknown) => {
          throw new Error(`${text}\n${readFileSync(signed, 'latin1')}\n${(error as Error).message}`);
        });
      }
    });
  }
});
