import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'multisocket';
import { foreign, forerunner } from '../support/addon-build.js';
import { ask, queryBytes, run, TcpClient } from '../support/clients.js';
import { FITS_DEFAULT_BUFFER, SteadyLoad } from '../support/load.js';
import { end, fixture, serve, start, until } from '../support/server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const path = (): string => join(temporaryDirectory(), 'hand-over');

describe('hand-over to another process', () => {
  it('loses nothing, again and again', async () => {
    const at = path();
    const { server, port } = await serve({ sockets: 4 });
    const load = await SteadyLoad.start(port, 1000);
    let holder: Awaited<ReturnType<typeof start>> | undefined;
    let leaving = server.handOver(at);
    for (let i = 0; i < 5; i++) {
      await until(() => existsSync(at), 'the offer');
      const next = await start('successor', at);
      assert.equal((next.message as { port: number }).port, port);
      await leaving;
      if (holder !== undefined) await once(holder.child, 'exit');
      holder = next;
      leaving = Promise.resolve();
      if (i < 4) holder.child.send('hand over');
    }
    const { sent, answered } = await load.stop();
    assert.equal(answered, sent);
    assert.ok(sent > 1000);
    const client = await TcpClient.connect(port);
    assert.ok(await client.exchange(queryBytes('example.org')));
    client.close();
    assert.equal((await run('ss', ['-Hlun', `sport = :${port}`])).trim().split('\n').length, 4);
    await end(holder!.child);
  });

  it('leaves the server as it is when the other one does not fit, and when it is withdrawn by close()', async () => {
    const at = path();
    const { server, port } = await serve();
    const failed = server.handOver(at);
    await until(() => existsSync(at), 'the offer');
    const misfit = createServer({ listen: ['127.0.0.1:0', '127.0.0.1:0'], filename: fixture });
    await assert.rejects(misfit.adopt(at), { code: 'ERR_MULTISOCKET_HAND_OVER' });
    await assert.rejects(failed, { code: 'ERR_MULTISOCKET_HAND_OVER' });
    assert.equal((await ask(port, 'example.org')).rcode, 'NOERROR');
    const withdrawn = assert.rejects(server.handOver(at), { name: 'AbortError' });
    await until(() => existsSync(at), 'the second offer');
    await server.close();
    await withdrawn;
  });

  it('rejects where nobody offers anything', async () => {
    const server = createServer({ listen: '127.0.0.1:0', filename: fixture });
    await assert.rejects(server.adopt(path()), { code: 'ENOENT' });
  });
});

describe('socket activation', () => {
  it('serves the sockets of LISTEN_FDS, adds to them up to its number, and hands all of them over', async () => {
    const at = path();
    const launcher = fileURLToPath(new URL('../../test/server/fixtures/activate.py', import.meta.url));
    const activated = fileURLToPath(new URL('./fixtures/activated.js', import.meta.url));
    const child = spawn('python3', [launcher, process.execPath, activated, at], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: forerunner,
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(line.toString());
    assert.equal((await ask(port, 'example.org')).rcode, 'NOERROR');
    const client = await TcpClient.connect(port);
    assert.ok(await client.exchange(queryBytes('example.org')));
    client.close();
    for (const flag of ['-u', '-t']) {
      const lines = execFileSync('ss', ['-Hln', flag, `sport = :${port}`], { encoding: 'utf8', env: foreign })
        .trim()
        .split('\n');
      assert.equal(lines.length, 3, flag);
    }
    const gone = once(child, 'exit');
    await until(() => existsSync(at), 'the offer');
    const load = await SteadyLoad.start(port, 1000, 64, 'TXT', FITS_DEFAULT_BUFFER);
    const next = createServer({ listen: '127.0.0.1:0', workers: 1, filename: fixture });
    await next.adopt(at);
    assert.deepEqual(await gone, [0, null]);
    const queries = (): number[] =>
      next.stats().sockets.flatMap((each) => (each.protocol === 'udp' ? each.queries : []));
    const before = queries();
    await until(() => queries().every((count, i) => count > before[i]), 'queries at each socket');
    const { sent, answered } = await load.stop();
    assert.equal(answered, sent);
    assert.equal(before.length, 3);
    await next.close();
  });
});
