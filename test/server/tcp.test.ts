import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import type { Server } from 'multisocket';
import { framed, queryBytes, run, TcpClient } from '../support/clients.js';
import { serve, until } from '../support/server.js';

const faulty = new URL('./fixtures/faulty.js', import.meta.url);
const idOf = (message: Buffer | undefined): number | undefined => message?.readUInt16BE(0);

/** `count` queries with IDs from 0, each framed. */
const frames = (count: number, name = 'example.org'): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, id) => framed(queryBytes(name, 'A', { id }))));

/** The IDs of all replies until the server closes the connection. */
async function idsToEnd(client: TcpClient): Promise<number[]> {
  const ids: number[] = [];
  for (let reply = await client.next(); reply !== undefined; reply = await client.next()) ids.push(idOf(reply)!);
  return ids;
}

describe('TCP', () => {
  let server: Server;
  let port: number;
  let client: TcpClient;

  before(async () => {
    ({ server, port } = await serve());
  });
  after(() => server.close());
  beforeEach(async () => {
    client = await TcpClient.connect(port);
    client.socket.setNoDelay();
  });
  afterEach(() => {
    client.close();
  });

  it('takes messages that come byte by byte', async () => {
    for (const byte of frames(3)) {
      client.socket.write(Buffer.of(byte));
      await turn();
    }
    for (const id of [0, 1, 2]) assert.equal(idOf(await client.next()), id);
  });

  it('takes many messages that come in one write', async () => {
    client.socket.write(frames(500));
    for (let id = 0; id < 500; id++) assert.equal(idOf(await client.next()), id);
  });

  it('takes any split of messages', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 30 }), async (sizes) => {
        const bytes = frames(20);
        for (let at = 0, i = 0; at < bytes.length; at += sizes[i++ % sizes.length]) {
          client.socket.write(bytes.subarray(at, at + sizes[i % sizes.length]));
          await turn();
        }
        for (let id = 0; id < 20; id++) assert.equal(idOf(await client.next()), id);
      }),
      { numRuns: 30, seed: 7766 },
    );
  });

  it('takes a message of 65,535 bytes', async () => {
    // A question, and an OPT record with an option that fills the rest (RFC 6891 s.6.1.2).
    const query = queryBytes('example.org', 'A', { id: 7 });
    query.writeUInt16BE(1, 10);
    const rest = 65535 - query.length - 11;
    const opt = Buffer.alloc(11 + rest);
    opt.writeUInt16BE(41, 1);
    opt.writeUInt16BE(1232, 3);
    opt.writeUInt16BE(rest, 9);
    opt.writeUInt16BE(65001, 11);
    opt.writeUInt16BE(rest - 4, 13);
    const reply = await client.exchange(Buffer.concat([query, opt]));
    assert.equal(idOf(reply), 7);
    assert.equal(reply![3] & 0x0f, 0);
    client.socket.write(frames(1));
    assert.equal(idOf(await client.next()), 0);
  });

  it('answers what is ready while others wait', async () => {
    client.send(queryBytes('async.example.org', 'TXT', { id: 1 }));
    client.send(queryBytes('example.org', 'A', { id: 2 }));
    client.send(queryBytes('microtask.example.org', 'A', { id: 3 }));
    assert.deepEqual([idOf(await client.next()), idOf(await client.next()), idOf(await client.next())], [2, 3, 1]);
  });

  it('sends all answers of one read in one segment', async () => {
    client.socket.write(frames(60));
    for (let id = 0; id < 60; id++) assert.equal(idOf(await client.next()), id);
    // The kernel counts segments with data that have come; ss prints those of a connection.
    const { localPort } = client.socket;
    const told = await run('ss', ['-Htin', `sport = :${String(localPort)} and dport = :${String(port)}`]);
    assert.match(told, /\bdata_segs_in:1\b/);
  });

  it('answers a client that has closed its side, and closes then', async () => {
    client.socket.write(frames(5, 'async.example.org'));
    client.socket.end();
    assert.deepEqual((await idsToEnd(client)).sort(), [0, 1, 2, 3, 4]);
  });

  it('survives clients that go away before their answers come', async () => {
    for (let i = 0; i < 20; i++) {
      const gone = connect(port, '127.0.0.1');
      await once(gone, 'connect');
      gone.write(frames(5, 'async.example.org'));
      await turn();
      gone.resetAndDestroy();
    }
    await until(() => server.stats().totals.inFlight === 0, 'the handlers');
    assert.ok(await client.exchange(queryBytes('example.org')));
  });
});

describe('a server that closes', () => {
  it('finishes the answers of its connections and takes no more queries', async () => {
    const { server, port } = await serve({ filename: faulty });
    const client = await TcpClient.connect(port);
    client.socket.write(frames(5, 'slow.2500'));
    await until(() => server.stats().totals.inFlight === 5, 'the queries to be held');
    const closing = server.close();
    await wait(1000); // the worker hears of it
    client.socket.write(frames(1, 'slow.1'));
    assert.deepEqual((await idsToEnd(client)).sort(), [0, 1, 2, 3, 4]);
    client.close();
    assert.deepEqual(await closing, { queries: 0, connections: 0 });
  });

  it('closes idle connections at once', async () => {
    const { server, port } = await serve();
    const client = await TcpClient.connect(port);
    await client.exchange(queryBytes('example.org'));
    const ended = once(client.socket, 'end');
    assert.deepEqual(await server.close(), { queries: 0, connections: 0 });
    await ended;
  });

  it('waits a second for a client that does not close its side, and no longer', async () => {
    const { server, port } = await serve();
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).resume();
    await until(() => server.stats().totals.tcpOpen === 1, 'the connection to be accepted');
    const ended = once(client, 'end');
    assert.deepEqual(await server.close({ timeout: 10_000 }), { queries: 0, connections: 0 });
    await ended;
    client.destroy();
  });
});
