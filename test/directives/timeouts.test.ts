import assert from 'node:assert/strict';
import { queryBytes, TcpClient } from '../support/clients.js';
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

  it('closes connections on which a message does not get complete', async () => {
    const { server, port } = await serveCorefile('.:0 {\n timeouts {\n  read 1\n  write 1s\n }\n whoami\n}');
    const client = await TcpClient.connect(port);
    client.socket.write(Buffer.from([0, 20, 1]));
    assert.equal(await client.next(8000), undefined);
    assert.equal(server.stats().totals.tcpMessageTimeout, 1);
    await server.close();
  });

  refuses([
    ['timeouts', 2, 'timeouts block with no timeouts specified'],
    ['timeouts 1s', 2, "Wrong argument count or unexpected line ending after '1s'"],
    ['timeouts {\n read 500ms\n}', 3, "timeout provided '500ms' needs to be between 1 second and 24 hours"],
    ['timeouts {\n read 25h\n}', 3, "timeout provided '25h' needs to be between 1 second and 24 hours"],
    ['timeouts {\n other 1s\n}', 3, "unknown option: 'other'"],
  ]);
});
