import assert from 'node:assert/strict';
import { ask } from '../support/clients.js';
import { refuses } from '../support/refuses.js';
import { serveCorefile } from '../support/corefile-server.js';
import { freePort } from '../support/free-port.js';
import { get } from '../support/http.js';

describe('the directive health', () => {
  it('answers OK, nothing else, and is shared by blocks', async () => {
    const port = await freePort();
    const block = (zone: string): string => `${zone}:0 {\n health 127.0.0.1:${port}\n whoami\n}`;
    const { server } = await serveCorefile(`${block('a')}\n${block('b')}`);
    assert.deepEqual(await get(port, '/health'), [200, 'OK']);
    assert.deepEqual(await get(port, '/health', 'HEAD'), [200, '']);
    assert.equal((await get(port, '/other'))[0], 404);
    assert.equal((await get(port, '/health', 'POST'))[0], 405);
    await server.close();
    await assert.rejects(get(port, '/health'));
  });

  it('lameduck: goes on serving, alive and not ready, before the server closes', async () => {
    const [healthy, ready] = [await freePort(), await freePort()];
    const { server, port } = await serveCorefile(
      `.:0 {\n health 127.0.0.1:${healthy} {\n  lameduck 1s\n }\n ready 127.0.0.1:${ready}\n whoami\n}`,
    );
    assert.deepEqual(await get(ready, '/ready'), [200, 'OK']);
    const closed = server.close();
    assert.deepEqual(await get(healthy, '/health'), [200, 'OK']);
    assert.deepEqual(await get(ready, '/ready'), [503, 'server']);
    assert.ok(await ask(port, 'example.org'));
    await closed;
  });

  it('keeps the server from starting when its port is taken', async () => {
    const port = await freePort();
    const text = `.:0 {\n health 127.0.0.1:${port}\n whoami\n}`;
    const { server } = await serveCorefile(text);
    await assert.rejects(serveCorefile(text), { code: 'EADDRINUSE' });
    await server.close();
  });

  refuses([
    ['health a b', 2, "Wrong argument count or unexpected line ending after 'b'"],
    ['health 8080', 2, 'not an address with a port: "8080"'],
    ['health :65536', 2, 'not an address with a port: ":65536"'],
    ['health [a]:1', 2, 'not an address with a port: "[a]:1"'],
    ['health {\n lameduck\n}', 3, "Wrong argument count or unexpected line ending after 'lameduck'"],
    ['health {\n lameduck x\n}', 3, 'invalid duration "x"'],
    ['health {\n other\n}', 3, "unknown property 'other'"],
  ]);
});
