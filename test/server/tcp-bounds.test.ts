import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { framed, queryBytes, TcpClient } from '../support/clients.js';
import { serve, until } from '../support/server.js';

const faulty = new URL('./fixtures/faulty.js', import.meta.url);

function start(port: number, localAddress: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  return socket;
}

/** Opens a connection, from an address of this host; resolves when it is there. */
async function open(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = start(port, localAddress);
  await once(socket, 'connect');
  return socket;
}

/** Opens a connection that the server resets, perhaps before the client knows that it is there. */
async function openRefused(port: number, localAddress = '127.0.0.1'): Promise<void> {
  const socket = start(port, localAddress);
  await new Promise((resolve) => socket.once('close', resolve));
}

describe('bounds of TCP', () => {
  it('a connection that rests for idleTimeout is closed', async () => {
    const { server, port } = await serve({ tcp: { idleTimeout: 100 } });
    const client = await TcpClient.connect(port);
    assert.ok(await client.exchange(queryBytes('example.org')));
    assert.equal(await client.next(5000), undefined);
    assert.equal(server.stats().totals.tcpIdle, 1);
    await server.close();
  });

  it('a connection is not idle while a handler holds its query', async () => {
    const { server, port } = await serve({ filename: faulty, tcp: { idleTimeout: 100 } });
    const client = await TcpClient.connect(port);
    assert.ok(await client.exchange(queryBytes('slow.400', 'TXT')));
    client.close();
    await server.close();
  });

  it('a message has messageTimeout, however its bytes drip', async () => {
    const { server, port } = await serve({ tcp: { messageTimeout: 200 } });
    const client = await TcpClient.connect(port);
    client.socket.setNoDelay();
    const [first, ...rest] = framed(Buffer.concat([queryBytes('example.org'), Buffer.alloc(5000)]));
    client.socket.write(Buffer.of(first));
    for (const byte of rest) {
      if (client.socket.destroyed) break;
      client.socket.write(Buffer.of(byte));
      await wait(20);
    }
    assert.equal(await client.next(), undefined);
    assert.equal(server.stats().totals.tcpMessageTimeout, 1);
    await server.close();
  });

  it('connections are capped in all, over all workers, and there is room again when one goes', async () => {
    const { server, port } = await serve({ sockets: 4, tcp: { maxConnections: 3 } });
    const sockets: Socket[] = [];
    for (let i = 1; i <= 3; i++) {
      sockets.push(await open(port, `127.0.0.${i}`));
      await until(() => server.stats().totals.tcpOpen === i, `${i} connections`);
    }
    await openRefused(port, '127.0.0.4');
    const { tcpRefused, tcpRefusedClient, tcpAccepted } = server.stats().totals;
    assert.deepEqual(
      { tcpRefused, tcpRefusedClient, tcpAccepted },
      { tcpRefused: 1, tcpRefusedClient: 0, tcpAccepted: 3 },
    );
    sockets[0].destroy();
    await until(() => server.stats().totals.tcpOpen === 2, 'one to go');
    const client = await TcpClient.connect(port);
    assert.ok(await client.exchange(queryBytes('example.org')));
    client.close();
    for (const socket of sockets) socket.destroy();
    await server.close();
  });

  it('connections of one client are capped, over all workers, and others have theirs', async () => {
    const { server, port } = await serve({ sockets: 4, tcp: { maxConnectionsPerClient: 4 } });
    const sockets: Socket[] = [];
    for (let i = 1; i <= 4; i++) {
      sockets.push(await open(port));
      await until(() => server.stats().totals.tcpOpen === i, `${i} connections`);
    }
    await openRefused(port);
    const other = await open(port, '127.0.0.2');
    await until(() => server.stats().totals.tcpOpen === 5, 'the other client');
    const { tcpRefused, tcpRefusedClient } = server.stats().totals;
    assert.deepEqual({ tcpRefused, tcpRefusedClient }, { tcpRefused: 0, tcpRefusedClient: 1 });
    for (const socket of [...sockets, other]) socket.destroy();
    await server.close();
  });

  it('handlers hold maxPipelined queries of a connection at a time, and all are answered', async () => {
    let held = 0;
    let most = 0;
    const { server, port } = await serve({
      workers: 0,
      sockets: 1,
      tcp: { maxPipelined: 3 },
      handler: async (_query, reply) => {
        most = Math.max(most, ++held);
        await wait(5);
        held--;
        reply.rcode = 'NOERROR';
      },
    });
    const client = await TcpClient.connect(port);
    const queries = Array.from({ length: 20 }, (_, id) => framed(queryBytes('example.org', 'A', { id })));
    client.socket.write(Buffer.concat(queries));
    const ids: (number | undefined)[] = [];
    for (let i = 0; i < 20; i++) ids.push((await client.next())?.readUInt16BE(0));
    assert.deepEqual(
      ids.sort((a, b) => a! - b!),
      queries.map((_, id) => id),
    );
    assert.equal(most, 3);
    client.close();
    await server.close();
  });

  it('a client that sends very many queries at a time does not keep others waiting until all are answered', async () => {
    const order: string[] = [];
    // On this thread, so that both clients have written before the server reads either.
    const { server, port } = await serve({
      workers: 0,
      sockets: 1,
      handler: (query, reply) => {
        order.push(query.key);
        reply.answer({ type: 'A', name: query.name, data: '192.0.2.1' });
      },
    });
    const [greedy, modest] = [await TcpClient.connect(port), await TcpClient.connect(port)];
    greedy.socket.write(Buffer.concat(Array.from({ length: 500 }, () => framed(queryBytes('greedy.example')))));
    modest.send(queryBytes('modest.example'));
    for (let i = 0; i < 500; i++) assert.ok(await greedy.next());
    assert.ok(await modest.next());
    // A batch is 64; the socket of the modest one may be looked at after the second.
    assert.ok(order.indexOf('modest.example') <= 128, `served after ${order.indexOf('modest.example')}`);
    assert.equal(order.length, 501);
    greedy.close();
    modest.close();
    await server.close();
  });

  it('a client that does not read is served no further, and cut off after writeTimeout', async () => {
    const data = Array.from({ length: 200 }, () => 'x'.repeat(255));
    const { server, port } = await serve({
      workers: 0,
      sockets: 1,
      tcp: { writeTimeout: 200 },
      handler: (query, reply) => {
        reply.answer({ type: 'TXT', name: query.name, data });
      },
    });
    const socket = await open(port);
    socket.pause();
    // 1,000 answers of 51 KB: far more than the buffers of both ends hold.
    socket.write(Buffer.concat(Array.from({ length: 1000 }, () => framed(queryBytes('example.org', 'TXT')))));
    await until(() => server.stats().totals.tcpWriteTimeout === 1, 'it to be cut off');
    await until(() => server.stats().totals.tcpOpen === 0, 'its connection to be closed');
    const { tcpQueries } = server.stats().totals;
    assert.ok(tcpQueries < 1000, `${tcpQueries} queries were taken`);
    socket.destroy();
    const client = await TcpClient.connect(port);
    assert.ok(await client.exchange(queryBytes('example.org', 'TXT')));
    client.close();
    await server.close();
  });
});
