import assert from 'node:assert/strict';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import { framed, queryBytes, TcpClient } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { serveCorefile } from '../support/corefile-server.js';
import { refuses } from '../support/refuses.js';

describe('the directive timeouts', () => {
  it('closes connections on which nothing comes', async () => {
    const { server, port } = await serveCorefile('.:0 {\n timeouts {\n  idle 1s\n }\n whoami\n}');
    const client = await TcpClient.connect(port);
    assert.ok(await client.exchange(queryBytes('a')));
    assert.equal(await client.next(8000), undefined);
    assert.equal(server.stats().totals.tcpIdle, 1);
    await server.close();
  });

  it('belongs to the address of its server block', async () => {
    const block = (port: number, idle: string): string =>
      `.:${port} {\n bind 127.0.0.1\n timeouts {\n  idle ${idle}\n }\n whoami\n}\n`;
    const [short, long] = [await freePort(), await freePort()];
    const { server } = await serveCorefile(`${block(short, '1s')}${block(long, '20s')}`);
    const clients = [await TcpClient.connect(short), await TcpClient.connect(long)];
    for (const client of clients) assert.ok(await client.exchange(queryBytes('a')));
    assert.equal(await clients[0].next(8000), undefined);
    assert.equal(clients[0].socket.readableEnded, true);
    assert.ok(await clients[1].exchange(queryBytes('a')));
    assert.equal(server.stats().totals.tcpIdle, 1);
    clients[1].close();
    await server.close();
  });

  it('closes connections on which a message does not get complete', async () => {
    const { server, port } = await serveCorefile('.:0 {\n timeouts {\n  read 1\n  write 1s\n }\n whoami\n}');
    const client = await TcpClient.connect(port);
    client.socket.write(Buffer.from([0, 20, 1]));
    assert.equal(await client.next(8000), undefined);
    assert.equal(server.stats().totals.tcpMessageTimeout, 1);
    await server.close();
  });

  it('closes a connection after its queries, when they are answered', async () => {
    const { server, port } = await serveCorefile(
      '.:0 {\n bind 127.0.0.1\n timeouts {\n  maxtcpqueries 3\n }\n whoami\n}',
    );
    const one = await TcpClient.connect(port);
    for (let i = 0; i < 3; i++) assert.ok(await one.exchange(queryBytes('a')));
    assert.equal(await one.next(), undefined);
    // What comes at once beyond them is not answered.
    const all = await TcpClient.connect(port);
    all.socket.write(Buffer.concat(Array.from({ length: 8 }, () => framed(queryBytes('a')))));
    let replies = 0;
    for (let reply = await all.next(); reply !== undefined; reply = await all.next()) replies++;
    assert.equal(replies, 3);
    await server.close();
  });

  for (const [first, second, times] of [
    ['read 2s', 'idle 3s', { read: 2000, idle: 3000 }],
    ['read 2s', 'read 3', { read: 3000 }],
    ['maxtcpqueries 5', 'maxtcpqueries -1', { maxQueries: Infinity }],
  ] as const) {
    it(`${first}, then ${second}: the later one counts`, () => {
      const { addresses } = loadCorefile(`. {\n timeouts {\n  ${first}\n }\n timeouts {\n  ${second}\n }\n}`);
      assert.deepEqual(addresses[0].timeouts, times);
    });
  }

  refuses([
    [
      'timeouts {\n maxtcpqueries 0\n}',
      3,
      "maxtcpqueries provided '0' needs to be -1 (unlimited) or a positive integer",
    ],
    ['timeouts {\n maxtcpqueries x\n}', 3, "invalid value for maxtcpqueries 'x': not a whole number"],
    ['timeouts', 2, 'timeouts block with no timeouts specified'],
    ['timeouts 1s', 2, "Wrong argument count or unexpected line ending after '1s'"],
    ['timeouts {\n read 500ms\n}', 3, "timeout provided '500ms' needs to be between 1 second and 24 hours"],
    ['timeouts {\n read 25h\n}', 3, "timeout provided '25h' needs to be between 1 second and 24 hours"],
    ['timeouts {\n other 1s\n}', 3, "unknown option: 'other'"],
  ]);
});
