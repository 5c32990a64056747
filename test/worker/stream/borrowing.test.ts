/** Workers that borrow and return listening sockets while clients connect. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { framed, queryBytes } from '../../support/clients.js';
import { atMost, serve } from '../../support/server.js';

const WORKERS = 8;
const CLIENTS = 16;

/**
 * Asks with a connection for each query until it is stopped; returns the number of queries and of answers. Rejects if a
 * connection is reset.
 */
async function askAnew(port: number, stopped: () => boolean): Promise<{ asked: number; answered: number }> {
  const count = { asked: 0, answered: 0 };
  while (!stopped()) {
    const socket = connect(port, '127.0.0.1', () => socket.write(framed(queryBytes('example.org'))));
    socket.once('data', () => {
      count.answered++;
      socket.end();
    });
    count.asked++;
    await once(socket, 'close');
  }
  return count;
}

describe('listening sockets that change hands', function () {
  before(function () {
    if (atMost(WORKERS) === 1) this.skip(); // one thread serves without the addon
  });

  it(`leave no connection without an answer while ${WORKERS} workers are replaced and the number of sockets changes`, async () => {
    const { server, port, warnings } = await serve({
      workers: WORKERS,
      sockets: WORKERS,
      cache: { maxBytes: 1 << 20 },
    });
    let stopped = false;
    const clients = Array.from({ length: CLIENTS }, () => askAnew(port, () => stopped));
    for (const sockets of [3, WORKERS, 1, WORKERS]) {
      await server.resize(sockets);
      await wait(100);
      await server.reload();
      await wait(100);
    }
    stopped = true;
    const counts = await Promise.all(clients);
    const { tcpOpen, tcpAccepted } = server.stats().totals;
    const sum = (of: 'asked' | 'answered'): number => counts.reduce((all, count) => all + count[of], 0);
    assert.ok(sum('asked') > CLIENTS * 4, `${sum('asked')} connections`);
    assert.equal(sum('answered'), sum('asked'));
    assert.equal(tcpAccepted, sum('asked'));
    assert.ok(tcpOpen <= CLIENTS);
    assert.deepEqual(warnings, []);
    await server.close();
  });
});
