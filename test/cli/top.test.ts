import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'multisocket';
import { topView, type Activity } from '../../dist/cli/top-view.js';
import { SteadyLoad } from '../support/load.js';
import { finish } from '../support/program.js';
import { end, serve, start } from '../support/server.js';

describe('multisocket top', () => {
  let directory: string;
  let path: string;
  let server: Server;
  let port: number;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    mkdirSync(join(directory, 'multisocket'));
    path = join(directory, 'multisocket', '1.sock');
    ({ server, port } = await serve({ control: path, sockets: 3, workers: 2, cache: { maxBytes: 1 << 20 } }));
  });
  after(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  it('-once -json: what each worker and socket does a second', async () => {
    const load = await SteadyLoad.start(port, 1000, 32);
    const { code, out, err } = await finish(['top', '-control', path, '-once', '-json', '-interval', '0.5']);
    await load.stop();
    assert.deepEqual([code, err], [0, '']);
    const activity = JSON.parse(out) as Activity;
    assert.equal(activity.pid, process.pid);
    assert.ok(activity.interval >= 0.4 && activity.cpuUsed > 0 && activity.memory > 1e6);
    const { total, workers, addresses } = activity;
    assert.ok(total.queries > 0 && total.hits > 0 && total.hits <= total.queries);
    assert.ok(Math.abs(workers.reduce((sum, { queries }) => sum + queries, 0) - total.queries) < 0.01);
    assert.deepEqual(
      workers.map(({ index, stalled }) => [index, stalled]),
      [
        [0, false],
        [1, false],
      ],
    );
    const [udp, tcp] = addresses;
    assert.equal(udp.name, `udp 127.0.0.1:${port}`);
    assert.deepEqual([udp.sockets.length, tcp.sockets.length, tcp.queries], [3, 3, 0]);
    assert.ok(udp.skew >= 1 && udp.skew <= 3);
  });

  it('-once: the same to be read, of the one server that runs; also as "stats"', async () => {
    for (const command of ['top', 'stats']) {
      const environment = { XDG_RUNTIME_DIR: directory, RUNTIME_DIRECTORY: '' };
      const { code, out, err } = await finish([command, '-once', '-interval', '0.1'], environment);
      assert.deepEqual([code, err], [0, '']);
      assert.match(out, new RegExp(`^multisocket, process ${process.pid}: [\\d,]+ queries/s`));
      assert.match(out, /^WORKER +BUSY +QUERIES\/S +HITS +US\/QUERY/m);
      assert.match(out, new RegExp(`^udp 127\\.0\\.0\\.1:${port} #2 +0 `, 'm'));
    }
  });

  it('says which servers there are to choose from, and forgets those that were killed', async () => {
    const environment = { XDG_RUNTIME_DIR: '', RUNTIME_DIRECTORY: join(directory, 'multisocket') };
    const other = join(directory, 'multisocket', '2.sock');
    const { child } = await start('controlled', other);
    const { code, err } = await finish(['top', '-once'], environment);
    assert.equal(code, 1);
    assert.ok(err.includes('several servers run') && err.includes(path) && err.includes(other), err);
    await end(child);
    assert.equal((await finish(['top', '-once', '-interval', '0.1'], environment)).code, 0);
  });

  for (const [what, args, message] of [
    ['no server', ['-once'], /no running server was found in .*nowhere/],
    ['no server there', ['-control', '/nowhere/control.sock'], /ENOENT/],
    ['an option that there is not', ['-nothing'], /Unknown option '--nothing'[^]*usage: multisocket top/],
    ['an interval that is none', ['-interval', 'soon'], /-interval is no number from 0.1 to 3600: soon/],
  ] as const) {
    it(`ends with 1 and says why: ${what}`, async () => {
      const { code, out, err } = await finish(['top', ...args], { RUNTIME_DIRECTORY: '/nowhere' });
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, message);
    });
  }

  it('fits what it shows into the terminal', async () => {
    const { out } = await finish(['top', '-control', path, '-once', '-json', '-interval', '0.1']);
    const lines = topView(JSON.parse(out) as Activity, { width: 60, height: 10 });
    assert.equal(lines.length, 10);
    assert.ok(lines.every((line) => line.length <= 60));
    assert.match(lines[9], /^\.\.\. \d+ more lines/);
  });
});
