/** Addresses with one protocol of DNS alone: `udp://` and `tcp://`. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import type { Server, ServerOptions } from 'multisocket';
import { queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { serve } from '../support/server.js';

describe('an address with one protocol', () => {
  let server: Server;
  afterEach(() => server.close());
  const start = async (listen: ServerOptions['listen']): Promise<void> => {
    ({ server } = await serve({ listen }));
  };
  const byUdp = async (port: number): Promise<boolean> =>
    (await udpExchange(queryBytes('example.org'), port, '127.0.0.1', 300)) !== undefined;
  const byTcp = async (port: number): Promise<boolean> => {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ECONNREFUSED');
      return false;
    } finally {
      socket.destroy();
    }
    const client = await TcpClient.connect(port);
    const answer = await client.exchange(queryBytes('example.org'));
    client.close();
    return answer !== undefined;
  };

  for (const [protocol, udp, tcp] of [
    ['udp', true, false],
    ['tcp', false, true],
  ] as const) {
    it(`is served by that alone, and the server says so: ${protocol}`, async () => {
      const port = await freePort();
      for (const listen of [`${protocol}://127.0.0.1:${port}`, { address: '127.0.0.1', port, protocol }]) {
        await start(listen);
        assert.deepEqual([await byUdp(port), await byTcp(port)], [udp, tcp]);
        const rest = { transport: 'dns', port, family: 'IPv4' } as const;
        assert.deepEqual(server.addresses(), [{ ...rest, protocol, address: '127.0.0.1' }]);
        assert.ok(server.stats().sockets.every((socket) => socket.protocol === protocol && socket.port === port));
        await server.close();
      }
    });
  }

  it('may have the port of another one, and is added and removed alone', async () => {
    const port = await freePort();
    const [udp, tcp] = ['udp', 'tcp'].map((protocol) => `${protocol}://127.0.0.1:${port}`);
    await start([udp, tcp]);
    assert.deepEqual([await byUdp(port), await byTcp(port)], [true, true]);
    await server.reload({ listen: udp });
    assert.deepEqual([await byUdp(port), await byTcp(port)], [true, false]);
    await server.reload({ listen: [tcp, udp] });
    assert.deepEqual([await byUdp(port), await byTcp(port)], [true, true]);
    await server.reload({ listen: [tcp] });
    assert.deepEqual([await byUdp(port), await byTcp(port)], [false, true]);
  });
});
