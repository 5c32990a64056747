/** The memory of an idle connection. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { framed, queryBytes } from '../../support/clients.js';
import { end } from '../../support/server.js';
import { hasNativeTcp } from '../../../dist/worker/stream/native-tcp.js';

const CONNECTIONS = 8000;
const WAVE = 200;
const fixture = fileURLToPath(new URL('../../server/fixtures/idle-connections.js', import.meta.url));

interface Memory {
  heap: number;
  rss: number;
  open: number;
}

describe('an idle connection', function () {
  before(function () {
    // A connection of Node's has some forty objects. A build with a sanitizer has memory of its own.
    if (!hasNativeTcp || process.env.TEST_ADDON !== undefined) this.skip();
  });

  it('has no memory of V8, and little of its own', async () => {
    // Without compiled code and a large young generation, V8's own memory stays as it is.
    const child = fork(fixture, [], { execArgv: ['--expose-gc', '--jitless', '--max-semi-space-size=1'] });
    const sockets: Socket[] = [];
    const openWave = async (): Promise<void> => {
      const answers = Array.from({ length: WAVE }, () => {
        const socket = connect(port, '127.0.0.1', () => socket.write(framed(queryBytes('example.org'))));
        sockets.push(socket);
        return once(socket, 'data');
      });
      await Promise.all(answers);
    };
    const look = async (): Promise<Memory> => {
      child.send('look');
      return ((await once(child, 'message')) as [Memory])[0];
    };
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    try {
      for (let i = 0; i < 5; i++) await openWave();
      const before = await look();
      while (sockets.length < CONNECTIONS) await openWave();
      const after = await look();
      const each = (of: 'heap' | 'rss'): number => (after[of] - before[of]) / (after.open - before.open);
      assert.equal(after.open, CONNECTIONS);
      assert.ok(each('heap') < 20, `${each('heap')} bytes of V8`);
      // With what else the process has taken meanwhile.
      assert.ok(each('rss') < 1024, `${each('rss')} bytes in all`);
    } finally {
      for (const socket of sockets) socket.destroy();
      await end(child);
    }
  });
});
