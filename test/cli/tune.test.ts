import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TuneResult } from '../../dist/tune/tune.js';
import { finish } from '../support/program.js';
import { replyTo, ScriptedUpstream } from '../support/upstream.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../server/fixtures/${name}.js`, import.meta.url));
const short = ['-repeats', '1', '-duration', '0.2', '-sockets', '1,2'];

/** An upstream that answers so many queries a second, whatever it is asked. */
async function slowUpstream(rate: number): Promise<{ port: number; close: () => Promise<void> }> {
  const waiting: (() => void)[] = [];
  const upstream = await ScriptedUpstream.start(({ message, send }) => {
    if (waiting.length >= 256) return;
    waiting.push(() => {
      send(replyTo(message));
    });
  });
  let at = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - at) * rate) / 1000);
    for (const answer of waiting.splice(0, due)) answer();
    at += (due * 1000) / rate;
  }, 2);
  return {
    port: upstream.port,
    close: () => {
      clearInterval(timer);
      return upstream.close();
    },
  };
}

describe('multisocket tune', function () {
  this.timeout(120_000);
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'multisocket-'))));
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });
  const corefile = (text: string): string => {
    const path = join(directory, 'Corefile');
    writeFileSync(path, text);
    return path;
  };

  it('measures a handler, tells how far it is, and recommends; the report is a page that needs nothing else', async () => {
    const report = join(directory, 'report');
    const args = ['tune', '-handler', fixture('burning'), ...short, '-report', report];
    const { code, out, err } = await finish(args);
    assert.equal(code, 0, err);
    assert.match(out, /^SOCKETS +QUERIES\/S .* MEMORY$/m);
    assert.match(out, /^Recommended: multisocket [12] +\(certainty: low\)$/m);
    assert.match(err, /^\[\.{20}\] 1\/2: 1 socket: [\d,]+ queries\/s, [\d.]+ us of CPU a query, [\d.]+ CPUs$/m);
    assert.match(err, /^\[#{10}\.{10}\] 2\/2, 0:\d\d left: 2 sockets: /m);
    assert.deepEqual(readdirSync(report).sort(), ['tune.html', 'tune.json']);
    const result = JSON.parse(readFileSync(join(report, 'tune.json'), 'utf8')) as TuneResult;
    assert.deepEqual(
      result.runs.map(({ sockets }) => sockets),
      [1, 2],
    );
    for (const run of result.runs) {
      assert.ok(run.queriesPerSecond > 0 && run.cpuPerQuery >= 50 && run.cpuUsed > 0 && run.memory > 1e7);
      assert.ok(run.p50 > 0 && run.p50 <= run.p99 && run.p99 <= run.p999);
      assert.ok(run.skew >= 1 && run.skew <= run.sockets && run.failures === 0);
    }
    const html = readFileSync(join(report, 'tune.html'), 'utf8');
    assert.equal(html.match(/<svg /g)?.length, 6);
    assert.ok(!html.includes('<script') && !html.includes('undefined') && !html.includes('NaN'));
    assert.doesNotMatch(html.replaceAll(/xmlns(:xlink)?="[^"]*"/g, ''), /https?:/);
  });

  it('measures a Corefile beside the one that runs, with questions of its own, at a rate, and prints JSON', async () => {
    const path = corefile('.:53 {\n multisocket 5\n health :1\n prometheus\n whoami\n}\n');
    const questions = join(directory, 'questions');
    writeFileSync(questions, 'a.example A\nb.example AAAA\n');
    const args = ['tune', '-conf', path, '-questions', questions, '-rate', '500', '-json', ...short];
    const { code, out, err } = await finish(args);
    assert.equal(code, 0, err);
    const { settings, runs, recommendation, server } = JSON.parse(out) as TuneResult;
    assert.deepEqual([settings.rate, settings.window, settings.questions, server], [500, null, 2, path]);
    for (const run of runs) assert.ok(run.queriesPerSecond <= 600 && run.latencyRate === 500);
    assert.ok([1, 2].includes(recommendation.sockets));
  });

  it('says that sockets do not help a server that is bound by its upstream', async () => {
    const upstream = await slowUpstream(1000);
    const path = corefile(`.:53 {\n forward . 127.0.0.1:${upstream.port} {\n  health_check 0s\n }\n}\n`);
    // So many that hardly any are equal to one in flight, which would share its upstream query.
    const questions = join(directory, 'many-questions');
    writeFileSync(questions, Array.from({ length: 20_000 }, (_, i) => `n${i}.example A\n`).join(''));
    const args = ['tune', '-conf', path, '-sockets', '1,2', '-repeats', '3', '-duration', '0.8', '-json'];
    const { code, out, err } = await finish([...args, '-questions', questions]);
    await upstream.close();
    assert.equal(code, 0, err);
    const { recommendation, runs } = JSON.parse(out) as TuneResult;
    assert.ok(
      runs.every(({ queriesPerSecond }) => queriesPerSecond < 1500),
      err,
    );
    assert.equal(recommendation.sockets, 1, err);
    // Where others have all CPUs in use nothing can be said of those that the server leaves.
    if (recommendation.caveats.some((caveat) => caveat.startsWith('Other processes'))) return;
    assert.equal(recommendation.limit, 'upstream', out);
    assert.match(recommendation.reason, /^Sockets do not help this server: /);
  });

  for (const [what, args, message] of [
    ['nothing to measure', [], /there is no Corefile here/],
    ['two servers', ['-conf', 'a', '-handler', 'b'], /-conf and -handler exclude each other/],
    [
      'a module that is not there',
      ['-handler', '/nowhere/handler.js', ...short],
      /does not serve: .*\/nowhere\/handler/,
    ],
    [
      'an invalid number of sockets',
      ['-handler', 'x', '-sockets', '0'],
      /-sockets must be a number from 1 to 1024, not 0/,
    ],
    ['more than an hour', ['-handler', 'x', '-sockets', '1,2', '-repeats', '50', '-duration', '60'], /an hour at most/],
    ['an address of others without consent', ['-handler', 'x', '-target', '192.0.2.1:53'], /confirm with -yes/],
    ['an address that is none', ['-handler', 'x', '-target', 'example.org:53'], /-target is not an IP address/],
    ['an address that is not here', ['-handler', fixture('burning'), '-target', '192.0.2.1', '-yes'], /EADDRNOTAVAIL/],
  ] as const) {
    it(`ends with 1 and says why: ${what}`, async () => {
      const { code, out, err } = await finish(['tune', ...args]);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, message);
    });
  }
});
