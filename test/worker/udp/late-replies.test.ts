/** How the replies of asynchronous handlers leave, and what such a handler sees of its query in the end. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packet, { type TxtAnswer } from 'dns-packet';
import { forerunner } from '../../support/addon-build.js';
import { queryBytes, TcpClient } from '../../support/clients.js';
import { findProgram } from '../../support/find-program.js';
import { end, start } from '../../support/server.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const CLIENTS = 32;
const HOW = ['nothing', 'microtasks', 'immediate', 'timer'] as const;
const fixture = fileURLToPath(new URL('../../server/fixtures/late.js', import.meta.url));

async function clients(): Promise<Socket[]> {
  const sockets = Array.from({ length: CLIENTS }, () => createSocket('udp4'));
  for (const socket of sockets) {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
  }
  return sockets;
}

/** The texts of the answer that a socket gets to a query. */
async function textsOf(socket: Socket): Promise<string[]> {
  const [reply] = (await once(socket, 'message')) as [Buffer];
  return dataOf(reply);
}

function dataOf(reply: Buffer): string[] {
  const [{ data }] = packet.decode(reply).answers as TxtAnswer[];
  return (data as Buffer[]).map(String);
}

describe('the replies of asynchronous handlers to a batch', function () {
  const strace = findProgram('strace');
  before(function () {
    if (strace === undefined || process.env.MULTISOCKET_NATIVE === '0') this.skip();
  });

  for (const how of HOW) {
    it(`leave with one system call: ${how}`, async () => {
      const directory = temporaryDirectory();
      const [trace, sign] = ['trace', 'sign'].map((name) => join(directory, name));
      const args = ['-f', '-o', trace, '-e', 'trace=sendmmsg', process.execPath, fixture, sign];
      const child = spawn(strace!, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: forerunner });
      const sockets = await clients();
      try {
        const [port] = (await once(child, 'message')) as [number];
        const stopped = textsOf(sockets[0]);
        sockets[0].send(queryBytes('stop.example.org', 'TXT'), port, '127.0.0.1');
        await new Promise((resolve) => setTimeout(resolve, 200));
        const sent = sockets.slice(1).map(async (socket) => {
          const answer = textsOf(socket);
          await new Promise((resolve) => {
            socket.send(queryBytes(`${how}.example.org`, 'TXT'), port, '127.0.0.1', resolve);
          });
          return answer;
        });
        await new Promise((resolve) => setTimeout(resolve, 200));
        writeFileSync(sign, '');
        await stopped;
        await Promise.all(sent.map(async (answer) => answer));
      } finally {
        for (const socket of sockets) socket.close();
        // strace ends with the program.
        const gone = once(child, 'exit');
        child.disconnect();
        await gone;
      }
      const calls = readFileSync(trace, 'utf8').match(/sendmmsg\(\d+/g) ?? [];
      // One for the client that stopped the thread, and one for all others.
      assert.equal(calls.length, 2);
    });
  }
});

describe('a query of an asynchronous handler', () => {
  it('is whole when the handler ends, however many have come since: UDP', async () => {
    const { child, message: port } = await start('late', 'none');
    const sockets = await clients();
    try {
      for (let round = 0; round < 20; round++) {
        await Promise.all(
          sockets.map(async (socket, i) => {
            const name = `${HOW[(i + round) % HOW.length]}.${'x'.repeat(i + 1)}.Round${round}.example.org`;
            const query = queryBytes(name, 'TXT');
            const answer = textsOf(socket);
            socket.send(query, port as number, '127.0.0.1');
            assert.deepEqual(await answer, [name, String(socket.address().port), String(query.length)]);
          }),
        );
      }
    } finally {
      for (const socket of sockets) socket.close();
      await end(child);
    }
  });

  it('is whole when the handler ends, however many have come since: TCP', async () => {
    const { child, message: port } = await start('late', 'none');
    const client = await TcpClient.connect(port as number);
    try {
      const names = new Map<number, string>();
      for (let i = 0; i < 500; i++) {
        const name = `${HOW[i % HOW.length]}.${'x'.repeat(1 + (i % 60))}.n${i}.example.org`;
        const query = queryBytes(name, 'TXT', { id: i });
        names.set(i, name);
        client.send(query);
      }
      while (names.size > 0) {
        const reply = (await client.next())!;
        const id = reply.readUInt16BE(0);
        assert.equal(dataOf(reply)[0], names.get(id));
        names.delete(id);
      }
    } finally {
      client.close();
      await end(child);
    }
  });
});
