/** DNS over TCP and TLS. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { setImmediate as turn } from 'node:timers/promises';
import { createServer } from 'multisocket';
import { framed, TcpClient } from '../../support/clients.js';
import { holds, type Rule } from '../rule.js';
import { exchangeFramed, type Site } from '../site.js';
import { header, optHex, queryOf, question, readReply, type Told } from '../wire.js';
import { answerTest } from '../handler.js';

const WWW = ['www.example.org 300 IN A 192.0.2.80', 'www.example.org 300 IN A 192.0.2.81'];
const idOf = (message: Buffer | undefined): number | undefined => message?.readUInt16BE(0);

/** The messages with an ID until the second SOA: a zone transfer. */
async function transferOf(client: TcpClient, id: number): Promise<Told[]> {
  const messages: Told[] = [];
  for (let soas = 0; soas < 2;) {
    const message = (await client.next())!;
    if (idOf(message) !== id) continue;
    const told = readReply(message);
    messages.push(told);
    soas += told.answer.filter((record) => record.includes(' SOA ')).length;
  }
  return messages;
}

/** A rule for a connection by TCP. */
function tcp(
  rfc: number,
  section: string,
  rule: string,
  check: (client: TcpClient, site: Site) => Promise<void>,
): Rule {
  return holds(rfc, section, rule, async (site) => {
    const client = await TcpClient.connect(site.ports.tcp);
    client.socket.setNoDelay();
    await check(client, site);
    client.close();
  });
}

/** The type of a transfer. */
const AXFR = 252;

export const rules: readonly Rule[] = [
  tcp(5936, '2.2', 'a transfer of several messages begins and ends with the SOA', async (client) => {
    client.send(queryOf({ id: 7, name: 'transfer-200.test', type: AXFR }));
    const messages = await transferOf(client, 7);
    const records = messages.flatMap(({ answer }) => answer);
    assert.ok(messages.length > 5, `${messages.length} messages`);
    assert.equal(records.length, 203);
    assert.match(records[0], / SOA /);
    assert.equal(records.at(-1), records[0]);
  }),
  tcp(5936, '2.2.1', 'each message has the ID and the question of the query, QR, AA and no error', async (client) => {
    client.send(queryOf({ id: 7, name: 'Transfer-100.test', type: AXFR }));
    for (const { id, flags, opcode, rcode, question } of await transferOf(client, 7)) {
      assert.deepEqual([id, flags, opcode, rcode], [7, 'qr aa rd', 0, 0]);
      assert.equal(question, 'Transfer-100.test IN AXFR');
    }
  }),
  tcp(5936, '4.1.1', 'other queries are answered while a transfer runs', async (client) => {
    client.send(queryOf({ id: 7, name: 'transfer-20000.test', type: AXFR }));
    client.send(queryOf({ id: 8 }));
    const ids: (number | undefined)[] = [];
    while (!ids.includes(8)) ids.push(idOf(await client.next()));
    assert.ok(ids.length < 100, `after ${ids.length} messages`);
  }),
  holds(5936, '4.2', 'a transfer by UDP is refused', async (site) => {
    const reply = readReply(await site.exchange('udp', queryOf({ name: 'transfer-5.test', type: AXFR })));
    assert.deepEqual([reply.rcode, reply.answer], [2, []]);
  }),
  tcp(7766, '8', 'a length of two octets stands before each message', async ({ socket }) => {
    socket.write(framed(queryOf({ name: 'own.example.org', type: 65280 })));
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    assert.equal(chunk.readUInt16BE(0), chunk.length - 2);
    assert.deepEqual(readReply(chunk.subarray(2)).answer, ['own.example.org 60 IN TYPE65280 0a000001']);
  }),
  tcp(7766, '8', 'length and message can arrive octet by octet', async (client) => {
    for (const octet of framed(queryOf())) {
      client.socket.write(Buffer.of(octet));
      await turn();
    }
    assert.deepEqual(readReply((await client.next())!).answer, WWW);
  }),
  tcp(7766, '6.2.1.1', 'a client can send queries before the reply to the last one', async (client) => {
    client.socket.write(Buffer.concat(Array.from({ length: 200 }, (_, id) => framed(queryOf({ id })))));
    const ids = new Set<number>();
    for (let i = 0; i < 200; i++) ids.add(idOf(await client.next())!);
    assert.equal(ids.size, 200);
  }),
  tcp(7766, '7', 'replies are sent in the order in which they are ready', async (client) => {
    client.send(queryOf({ id: 1, name: 'late.test' }));
    client.send(queryOf({ id: 2 }));
    assert.deepEqual([idOf(await client.next()), idOf(await client.next())], [2, 1]);
  }),
  tcp(7766, '7', 'each reply has the question that it answers', async (client) => {
    client.send(queryOf({ id: 1, name: 'late.test' }));
    client.send(queryOf({ id: 1, name: 'mail.example.org' }));
    const [first, second] = [readReply((await client.next())!), readReply((await client.next())!)];
    assert.deepEqual([first.question, second.question], ['mail.example.org IN A', 'late.test IN A']);
  }),
  tcp(7766, '6.2.1', 'a connection stays open for more queries', async (client) => {
    for (const id of [1, 2, 3]) assert.equal(idOf(await client.exchange(queryOf({ id }))), id);
  }),
  tcp(7766, '6.2.4', 'a client that has closed its side gets its remaining replies', async (client) => {
    client.send(queryOf({ id: 1, name: 'late.test' }));
    client.socket.end();
    assert.equal(idOf(await client.next()), 1);
    assert.equal(await client.next(), undefined);
  }),
  tcp(7766, '8', 'a message of 65,535 octets is valid', async (client) => {
    const query = header(9, 0x0100, 1, 0, 0, 1) + question('www.example.org');
    const rest = 65535 - query.length / 2 - 11 - 4;
    const whole = Buffer.from(query + optHex({ options: [`65001:${'00'.repeat(rest)}`] }), 'hex');
    assert.equal(whole.length, 65535);
    assert.deepEqual(readReply((await client.exchange(whole))!).answer, WWW);
  }),
  tcp(7766, '8', 'an empty message is ignored', async (client) => {
    client.socket.write(Buffer.of(0, 0));
    assert.equal(idOf(await client.exchange(queryOf({ id: 5 }))), 5);
  }),
  tcp(7766, '5', 'TCP needs no UDP before it', async (client) => {
    assert.deepEqual(readReply((await client.exchange(queryOf()))!).answer, WWW);
  }),
  holds(7766, '6.2.3', 'a connection that is idle too long is closed, and an active one stays open', async () => {
    const server = createServer({
      listen: '127.0.0.1:0',
      sockets: 1,
      workers: 0,
      handler: answerTest,
      tcp: { idleTimeout: 300 },
    });
    await server.listen();
    const [{ port }] = server.addresses();
    const [idle, busy] = [await TcpClient.connect(port), await TcpClient.connect(port)];
    const ended = once(idle.socket, 'close').then(() => true);
    const soon = (): Promise<boolean> => new Promise((resolve) => setTimeout(resolve, 20, false));
    do assert.ok(await busy.exchange(queryOf({ name: 'x.test' })));
    while (!(await Promise.race([ended, soon()])));
    assert.ok(await busy.exchange(queryOf({ name: 'x.test' })));
    busy.close();
    await server.close();
  }),
  holds(7766, '6.2.2', 'the number of connections of a client is limited', async () => {
    const server = createServer({
      listen: '127.0.0.1:0',
      sockets: 1,
      workers: 0,
      handler: answerTest,
      tcp: { maxConnectionsPerClient: 2 },
    });
    await server.listen();
    const [{ port }] = server.addresses();
    const clients = [await TcpClient.connect(port), await TcpClient.connect(port)];
    for (const client of clients) assert.ok(await client.exchange(queryOf({ name: 'x.test' })));
    // Whether it is reset before connect() has told of it or after is a matter of luck.
    const third = await TcpClient.connect(port).then(
      (client) => client.exchange(queryOf({ name: 'x.test' })),
      () => undefined,
    );
    assert.equal(third, undefined);
    for (const client of clients) client.close();
    await server.close();
  }),
  holds(7766, '10', 'a connection with a message that never ends is closed', async () => {
    const server = createServer({
      listen: '127.0.0.1:0',
      sockets: 1,
      workers: 0,
      handler: answerTest,
      tcp: { messageTimeout: 200 },
    });
    await server.listen();
    const client = await TcpClient.connect(server.addresses()[0].port);
    client.socket.write(framed(queryOf()).subarray(0, 10));
    assert.equal(await client.next(10_000), undefined);
    await server.close();
  }),

  holds(7858, '3.1', 'DNS by TLS is answered', async (site) => {
    assert.deepEqual(readReply(await site.exchange('tls', queryOf())).answer, WWW);
  }),
  holds(7858, '3.1', 'DNS without TLS is not answered on the port of TLS', async (site) => {
    const client = await TcpClient.connect(site.ports.tls);
    client.send(queryOf());
    assert.equal(await client.next(1000).catch(() => undefined), undefined);
    client.close();
  }),
  holds(7858, '3.2', 'the ALPN protocol is dot', async (site) => {
    const socket = await site.openTls();
    assert.equal(socket.alpnProtocol, 'dot');
    socket.destroy();
  }),
  holds(7858, '3.3', 'queries can be pipelined, and replies are sent when they are ready', async (site) => {
    const socket = await site.openTls();
    const first = await exchangeFramed(socket, queryOf({ id: 1, name: 'late.test' }), queryOf({ id: 2 }));
    assert.equal(idOf(first), 2);
    socket.destroy();
  }),
  holds(7858, '3.4', 'a session can be resumed', async (site) => {
    const first = await site.openTls();
    const ticket = once(first, 'session') as Promise<[Buffer]>;
    await exchangeFramed(first, queryOf());
    const [session] = await ticket;
    first.destroy();
    const again = await site.openTls({ session });
    assert.equal(again.isSessionReused(), true);
    again.destroy();
  }),
  holds(8996, '5', 'TLS 1.1 is refused', async (site) => {
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    const socket = connectTls({ port: site.ports.tls, host: '127.0.0.1', ca: site.certificate.cert, ...old });
    await assert.rejects(once(socket, 'secureConnect'), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  }),
  holds(7858, '3.3', 'an incomplete length is waited for', async (site) => {
    const socket = await site.openTls();
    const [start, rest] = [framed(queryOf()).subarray(0, 1), framed(queryOf()).subarray(1)];
    socket.write(start);
    await turn();
    socket.write(rest);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    assert.deepEqual(readReply(chunk.subarray(2)).answer, WWW);
    socket.destroy();
  }),
];
