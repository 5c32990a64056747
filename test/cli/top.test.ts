import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Server } from 'multisocket';
import { topView, type Activity } from '../../dist/cli/top-view.js';
import { SteadyLoad } from '../support/load.js';
import { finish } from '../support/program.js';
import { end, serve, start, until } from '../support/server.js';

const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

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
    const load = await SteadyLoad.start(port, 1000, 32, 'A');
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
      assert.match(out, /^WORKER +BUSY +QUERIES\/S +HITS +US\/Q /m);
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
    ['an invalid interval', ['-interval', 'soon'], /-interval must be a number from 0.1 to 3600, not soon/],
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

  it('shows all columns at 80 characters, and replies by response code', async () => {
    const control = join(directory, 'uncached.sock');
    const uncached = await serve({ control, sockets: 1, workers: 1 });
    const load = await SteadyLoad.start(uncached.port, 500, 8);
    const { out } = await finish(['top', '-control', control, '-once', '-json', '-interval', '0.5']);
    await load.stop();
    await uncached.server.close();
    const activity = JSON.parse(out) as Activity;
    const { replies } = activity.total;
    assert.ok(replies.NOERROR > 0 && replies.SERVFAIL === 0, JSON.stringify(replies));
    const busy = {
      queries: 234_567,
      busy: 0.9876,
      cost: 12.34,
      inFlight: 9999,
      wait: 1234,
      shed: 9999,
      failures: 9999,
    };
    for (const worker of activity.workers) Object.assign(worker, busy, { hits: 234_567, tcpOpen: 9999 });
    for (const [width, bars] of [
      [80, false],
      [100, true],
      [200, true],
    ] as const) {
      const lines = topView(activity, { width, height: 40 });
      assert.match(lines[1], /^replies\/s: NOERROR [\d,]+, NXDOMAIN 0, SERVFAIL 0, REFUSED 0, other 0$/);
      const head = lines.find((line) => line.startsWith('WORKER')) ?? '';
      assert.match(head, /QUERIES\/S +HITS +US\/Q +HELD +WAIT +SHED\/S +FAIL\/S +TCP$/);
      assert.ok(head.length <= width, head);
      assert.equal(
        lines.some((line) => line.includes('|||')),
        bars,
      );
      assert.match(lines.find((line) => line.startsWith('0 ')) ?? '', / 234,567 .* 9,999$/);
    }
  });

  it('h shows help and hides it, q quits and gives the terminal back', async () => {
    const command = `stty cols 80 rows 24; exec '${process.execPath}' '${program}' top -control '${path}' -interval 0.1`;
    const child = spawn('script', ['-qfec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const shows = (text: string): Promise<void> => {
      out = '';
      return until(() => out.includes(text), text);
    };
    await shows('FAIL/S');
    child.stdin.write('h');
    await shows('q: quit');
    child.stdin.write('h');
    await shows('FAIL/S');
    out = '';
    child.stdin.write('q');
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 0);
    assert.ok(out.includes('\x1b[?1049l'), 'the normal screen');
  });
});
