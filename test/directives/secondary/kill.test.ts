/** kill -9 of a secondary that gets one version after the other: without its primary, it then serves one of them whole. */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ResourceRecord } from '../../../dist/index.js';
import { ask } from '../../support/clients.js';
import { serving, soa } from '../../support/scripted-primary.js';
import { seededNumbers } from '../../support/seeded-numbers.js';
import { until } from '../../support/server.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { ScriptedUpstream } from '../../support/upstream.js';

const ORIGIN = 'example.org';
const HOSTS = 200;
/** A new version every so many milliseconds. The server asks every second. */
const INTERVAL = 300;
/** How often the server is killed; a long run sets more. */
const KILLS = Number(process.env.MULTISOCKET_KILLS ?? 3);

/** Every record tells the version. */
function zoneOf(version: number): ResourceRecord[] {
  const hosts = Array.from({ length: HOSTS }, (_, i): ResourceRecord => {
    return { name: `host${i}.${ORIGIN}`, type: 'TXT', ttl: 60, data: `${version}` };
  });
  const ns: ResourceRecord = { name: ORIGIN, type: 'NS', ttl: 60, data: `ns.${ORIGIN}` };
  return [soa(ORIGIN, version, { refresh: 1, retry: 1 }), ns, ...hosts];
}

async function start(corefile: string): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(new URL('./fixtures/server.js', import.meta.url)), [corefile]);
  const [port] = (await once(child, 'message')) as [number];
  return { child, port };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** The serial number that a server gives; undefined: it has no zone. */
async function serialAt(port: number): Promise<number | undefined> {
  const { answers = [] } = await ask(port, ORIGIN, 'SOA');
  const [record] = answers as { data: { serial: number } }[];
  return answers.length === 0 ? undefined : record.data.serial;
}

describe('a secondary under kill -9', function () {
  this.timeout(30_000 + 15_000 * KILLS);

  it(`serves a whole version without its primary, at ${KILLS} moments`, async () => {
    const began = Date.now();
    let isThere = true;
    const whole = serving(() => zoneOf(1 + Math.floor((Date.now() - began) / INTERVAL)));
    const primary = await ScriptedUpstream.start((asked, upstream) => {
      if (isThere) whole(asked, upstream);
    });
    const from = `transfer from 127.0.0.1:${primary.port}`;
    const corefile = `${ORIGIN}:0 {\n bind 127.0.0.1\n secondary {\n ${from}\n store ${temporaryDirectory()}\n }\n}`;
    const moments = seededNumbers('secondary');
    const seen = new Set<number>();
    let running: ChildProcess | undefined;
    try {
      for (let round = 0; round < KILLS; round++) {
        isThere = true;
        const { child, port } = await start(corefile);
        running = child;
        await until(async () => (await serialAt(port)) !== undefined, 'the first version');
        await wait(moments.next().value % 1500);
        await kill(child);
        isThere = false;
        const again = await start(corefile);
        running = again.child;
        const serial = await serialAt(again.port);
        assert.ok(serial !== undefined, `round ${round}: the zone is gone`);
        seen.add(serial);
        for (let i = 0; i < HOSTS; i += 1 + (moments.next().value % 20)) {
          const { answers = [] } = await ask(again.port, `host${i}.${ORIGIN}`, 'TXT');
          const texts = (answers as { data: Buffer[] }[]).flatMap(({ data }) => data.map(String));
          assert.deepEqual(texts, [String(serial)], `round ${round}, host ${i}`);
        }
        await kill(again.child);
      }
    } finally {
      running?.kill('SIGKILL');
      await primary.close();
    }
    assert.ok(seen.size > 1, `${seen.size} versions`);
  });
});
