import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Server } from 'multisocket';
import { framed, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { hostilePacket, isResponse, seeded } from '../support/hostile.js';
import { serve, until } from '../support/server.js';

const filename = new URL('./fixtures/inspect.js', import.meta.url);
const ROUNDS = 100;
const EACH = 100;

/** How many messages came, how many of them are done with, and how many got an answer. */
function account(server: Server): { came: number; done: number; answered: number } {
  const { totals } = server.stats();
  const answered = totals.formatErrors + totals.notImplemented + totals.badVersions + totals.handled;
  const done = answered + totals.droppedShort + totals.droppedResponse + totals.droppedOversize;
  return { came: totals.received + totals.tcpQueries, done, answered };
}

/** Every message is accounted for, and what came to the handler was a question that could be answered. */
function checkTotals(server: Server, messages: number, responses: number): void {
  const { totals } = server.stats();
  const { came, done } = account(server);
  assert.deepEqual({ came, done }, { came: messages, done: messages });
  assert.equal(totals.droppedResponse, responses);
  assert.deepEqual([totals.handlerThrew, totals.handlerRejected, totals.replyInvalid], [0, 0, 0]);
  for (const kind of ['droppedShort', 'formatErrors', 'notImplemented', 'badVersions', 'handled'] as const) {
    assert.ok(totals[kind] > 0, `${kind}: the packets do not reach far enough`);
  }
}

/** A message long enough to be looked at that says it is a response. */
const counts = (packet: Buffer): boolean => packet.length >= 12 && isResponse(packet);

describe('10,000 hostile packets', () => {
  it('by UDP: a good query is answered after each hundred, a response never', async () => {
    const { server, port } = await serve({ filename });
    const random = seeded(20240319);
    const client = createSocket('udp4').bind(0, '127.0.0.1');
    await once(client, 'listening');
    const replies: Buffer[] = [];
    client.on('message', (reply) => replies.push(reply));
    let responses = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      for (let i = 0; i < EACH; i++) {
        const packet = hostilePacket(random);
        if (counts(packet)) responses++;
        client.send(packet, port, '127.0.0.1');
      }
      assert.ok(await udpExchange(queryBytes('good.example.org'), port), `round ${round}`);
      // What there is to answer has been answered: no more than the client's own socket has room for is ever under way.
      const messages = round * (EACH + 1);
      await until(() => {
        const { came, done, answered } = account(server);
        return came === messages && done === messages && replies.length === answered - round;
      }, `the replies of round ${round}`);
    }
    assert.ok(replies.every((reply) => isResponse(reply) && (reply[1] & 1) === 0));
    checkTotals(server, ROUNDS * (EACH + 1), responses);
    client.close();
    await server.close();
  });

  it('by TCP: a good query is answered after each hundred, a response never', async () => {
    const { server, port } = await serve({ filename });
    const random = seeded(7766);
    let responses = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      const client = await TcpClient.connect(port);
      const packets = Array.from({ length: EACH }, () => hostilePacket(random));
      responses += packets.filter(counts).length;
      const good = queryBytes('good.example.org');
      good.writeUInt16BE(0xbeef);
      client.socket.write(Buffer.concat([...packets, good].map(framed)));
      client.socket.end();
      const replies: Buffer[] = [];
      for (let reply = await client.next(); reply !== undefined; reply = await client.next()) replies.push(reply);
      // The good one's ID is odd, as that of no other answer may be.
      const odd = replies.filter((reply) => (reply[1] & 1) !== 0);
      assert.deepEqual(
        odd.map((reply) => reply.readUInt16BE(0)),
        [0xbeef],
        `round ${round}`,
      );
      assert.ok(replies.every(isResponse));
    }
    checkTotals(server, ROUNDS * (EACH + 1), responses);
    await server.close();
  });

  it('streams of bytes without any order keep nobody else from being served', async () => {
    const { server, port } = await serve({ filename, tcp: { messageTimeout: 200 } });
    const random = seeded(1035);
    for (let i = 0; i < 50; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined).resume(); // unread, what it is answered would keep its end from it
      await once(socket, 'connect');
      socket.write(Buffer.from(Array.from({ length: 2000 }, () => Math.floor(random() * 256))));
    }
    const client = await TcpClient.connect(port);
    assert.ok(await client.exchange(queryBytes('good.example.org')));
    client.close();
    await until(() => server.stats().totals.tcpOpen === 0, 'all of them to be closed');
    await server.close();
  });
});

describe('13 bytes that promise 65,535 records in each section', () => {
  const packet = Buffer.from('12340100ffffffffffffffff00', 'hex');

  it('are FORMERR and never reach the handler, by UDP and by TCP', async () => {
    const { server, port } = await serve({ filename });
    const client = await TcpClient.connect(port);
    for (const reply of [(await udpExchange(packet, port))?.reply, await client.exchange(packet)]) {
      assert.equal(reply?.toString('hex'), '123481010000000000000000');
    }
    client.close();
    const { formatErrors, handled } = server.stats().totals;
    assert.deepEqual({ formatErrors, handled }, { formatErrors: 2, handled: 0 });
    await server.close();
  });
});
