import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.js';

const program = fileURLToPath(new URL('./fixtures/cluster.js', import.meta.url));

/** What the primary found out. */
interface Outcome {
  sent: number;
  answered: number;
  /** Queries that each cluster worker received. */
  received: number[];
  /** Datagrams that the kernel dropped, because a socket's buffer was full. */
  drops: number;
  /** Answers by TCP, of 20 connections. */
  tcp: number;
}

/** Runs a cluster and asks it `rate` queries a second for `time` ms. */
async function run(clusterWorkers: number, options: object, rate: number, time: number): Promise<Outcome> {
  const given = JSON.stringify({ clusterWorkers, options, rate, time });
  const child = fork(program, [given], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [outcome] = (await once(child, 'message')) as [Outcome];
  await once(child, 'exit');
  return outcome;
}

describe('a worker of node:cluster', () => {
  const cases: [workers: number, exclusive: boolean, clusterWorkers: number][] = [
    [0, true, 1],
    [1, true, 1],
    [0, false, 2],
    [1, false, 2],
  ];
  // CLUSTER_RATE=20000 CLUSTER_TIME=10000 for the long form.
  const rate = Number(process.env.CLUSTER_RATE ?? 2000);
  const time = Number(process.env.CLUSTER_TIME ?? 1000);
  for (const [workers, exclusive, clusterWorkers] of cases) {
    it(`serves: workers ${workers}, exclusive ${exclusive}, ${clusterWorkers} of them`, async function () {
      this.timeout(60_000 + time);
      const port = await freePort();
      // The buffers have room for all queries that wait at a time, whatever else this machine does.
      const options = { listen: `127.0.0.1:${port}`, workers, exclusive, sockets: 2, receiveBufferSize: 1 << 20 };
      const { sent, answered, received, drops, tcp } = await run(clusterWorkers, options, rate, time);
      assert.ok(sent > 0);
      assert.deepEqual({ answered, drops }, { answered: sent, drops: 0 });
      assert.equal(tcp, 20);
      assert.equal(received.length, clusterWorkers);
      for (const count of received) assert.ok(count > 0, `received: ${received.join(', ')}`);
    });
  }
});
