import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ask, framed, queryBytes } from '../support/clients.js';
import { end, startLimited, until } from '../support/server.js';

const LIMIT = 160;
const holder = fileURLToPath(new URL('./fixtures/holder.js', import.meta.url));

/** A client that asks once, and stays. */
class Client {
  readonly socket: Socket;
  answered = false;
  /** Whether its connection went before the answer came. */
  turnedOut = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1', () => this.socket.write(framed(queryBytes('example.org'))));
    this.socket.on('data', () => (this.answered = true));
    this.socket.on('error', () => undefined); // 'close' follows
    this.socket.on('close', () => (this.turnedOut = !this.answered));
  }
}

describe('a server whose descriptors run out', () => {
  it('lets TCP clients wait until others leave, resets none, and goes on with UDP', async () => {
    const child = startLimited(LIMIT, holder, '4');
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const clients = Array.from({ length: 2 * LIMIT }, () => new Client(port));
    const answered = (): Client[] => clients.filter((client) => client.answered);
    try {
      let served = 0;
      while (served < clients.length) {
        await until(() => answered().length > served, `more than ${served} to be answered`);
        for (let i = 0; i < 10; i++) assert.equal((await ask(port, 'example.org')).rcode, 'NOERROR');
        const open = readdirSync(`/proc/${child.pid}/fd`).length;
        assert.ok(open < LIMIT, `${open} descriptors are open`);
        // In the first round there are more than there is room for.
        if (served === 0) assert.ok(answered().length < clients.length);
        served = answered().length;
        for (const { socket } of answered()) socket.destroy();
      }
      assert.equal(clients.filter(({ turnedOut }) => turnedOut).length, 0);
    } finally {
      for (const { socket } of clients) socket.destroy();
      await end(child);
    }
  });
});
