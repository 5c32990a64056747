import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import packet, { type DecodedPacket, type TxtAnswer } from 'dns-packet';
import type { Server } from 'multisocket';
import { ask, opt, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { serve, until } from '../support/server.js';

const faulty = new URL('./fixtures/faulty.js', import.meta.url);

describe('handlers', () => {
  let server: Server;
  let port: number;
  let warnings: (Error & { code?: string })[];

  beforeEach(async () => {
    ({ server, port, warnings } = await serve({ workers: 1, sockets: 1, handlerTimeout: 100 }));
  });
  afterEach(() => server.close());

  /** Checks the counters that are not 0, but for those of system calls and of response codes. A client may have its reply before it is counted. */
  const expectCounts = async (expected: Record<string, number>): Promise<void> => {
    const { sent = 0 } = expected;
    await until(() => server.stats().totals.sent >= sent, 'the replies to be counted');
    const { batches, ...totals } = server.stats().totals;
    assert.ok(batches > 0);
    assert.deepEqual(
      Object.fromEntries(Object.entries(totals).filter(([name, count]) => count !== 0 && !name.startsWith('replies'))),
      expected,
    );
  };

  const answers: [name: string, data: string][] = [
    ['example.org', '192.0.2.1'],
    ['microtask.example.org', '192.0.2.2'],
  ];
  for (const [name, data] of answers) {
    it(`answer: ${name}`, async () => {
      const reply = await ask(port, name);
      assert.deepEqual(
        reply.answers?.map((record) => (record as { data: unknown }).data),
        [data],
      );
      await expectCounts({ received: 1, handled: 1, sent: 1 });
      assert.deepEqual(warnings, []);
    });
  }

  it('answer later: async.example.org', async () => {
    const query = queryBytes('async.example.org', 'TXT');
    const reply = packet.decode((await udpExchange(query, port))!.reply);
    const [answer] = reply.answers as TxtAnswer[];
    assert.deepEqual((answer.data as Buffer[]).map(String), ['async.example.org', '127.0.0.1', String(query.length)]);
    await expectCounts({ received: 1, handled: 1, sent: 1 });
  });

  const failures: [name: string, counter: string, code: string, message: RegExp][] = [
    ['throw', 'handlerThrew', 'THREW', /threw for throw\.example\.org IN A: thrown on purpose/],
    ['reject', 'handlerRejected', 'REJECTED', /rejected for reject\.example\.org IN A: rejected on purpose/],
    ['silent', 'handlerSilent', 'SILENT', /answered nothing for silent\.example\.org IN A/],
    ['never', 'handlerTimedOut', 'TIMEOUT', /took longer than 100 ms for never\.example\.org IN A/],
  ];
  for (const [first, counter, code, message] of failures) {
    it(`that fail get SERVFAIL, are counted and reported: ${first}`, async () => {
      const reply = await ask(port, `${first}.example.org`, 'A', { additionals: [opt()] });
      assert.equal(reply.rcode, 'SERVFAIL');
      assert.deepEqual(reply.answers, []);
      assert.equal(reply.questions?.[0].name, `${first}.example.org`);
      assert.equal(reply.additionals?.[0].type, 'OPT');
      await expectCounts({ received: 1, handled: 1, sent: 1, [counter]: 1 });
      await until(() => warnings.length > 0, 'the warning');
      assert.equal(warnings[0].code, `ERR_MULTISOCKET_HANDLER_${code}`);
      assert.match(warnings[0].message, message);
    });
  }

  it('that fail again and again are counted each time and reported twice: at first, and with how many more', async () => {
    for (let i = 0; i < 20; i++) await ask(port, 'throw.example.org');
    await server.close();
    assert.equal(server.stats().totals.handlerThrew, 20);
    assert.equal(warnings.length, 2);
    assert.match(warnings[1].message, /and 18 more like it/);
  });

  it('that drop a query send nothing', async () => {
    assert.equal(await udpExchange(queryBytes('drop.example.org'), port, '127.0.0.1', 100), undefined);
    await expectCounts({ received: 1, handled: 1, handlerDropped: 1 });
    assert.deepEqual(warnings, []);
  });

  it('that drop a query over TCP leave the connection open', async () => {
    const client = await TcpClient.connect(port);
    client.send(queryBytes('drop.example.org'));
    const next = queryBytes('example.org');
    assert.equal((await client.exchange(next))?.readUInt16BE(0), next.readUInt16BE(0));
    client.close();
  });

  it('that answer at length are cut by UDP, with TC and no part of the answer, and whole by TCP', async () => {
    for (const additionals of [[], [opt(1232)], [opt(65535)]]) {
      const query = queryBytes('big.example.org', 'A', { additionals });
      const { reply } = (await udpExchange(query, port))!;
      const short: DecodedPacket = packet.decode(reply);
      assert.equal(short.flag_tc, true);
      assert.deepEqual(short.answers, []);
      assert.equal(short.additionals?.length, additionals.length);
    }
    assert.equal(server.stats().totals.truncated, 3);
    const client = await TcpClient.connect(port);
    const whole = packet.decode((await client.exchange(queryBytes('big.example.org')))!);
    assert.equal(whole.flag_tc, false);
    assert.equal(whole.answers?.length, 100);
    client.close();
  });

  it('that answer at length need no TC when the client takes it and maxPayloadSize allows it', async () => {
    const { server: wide, port: widePort } = await serve({ maxPayloadSize: 4096 });
    const reply = await ask(widePort, 'big.example.org', 'A', { additionals: [opt(4096)] });
    assert.equal(reply.flag_tc, false);
    assert.equal(reply.answers?.length, 100);
    await wide.close();
  });

  it('that come too late are not heard any more', async () => {
    const { server: late, port: latePort } = await serve({ filename: faulty, handlerTimeout: 50 });
    const client = createSocket('udp4').bind(0, '127.0.0.1');
    await once(client, 'listening');
    const replies: Buffer[] = [];
    client.on('message', (reply) => replies.push(reply));
    client.send(queryBytes('slow.150', 'TXT'), latePort, '127.0.0.1');
    await until(() => replies.length === 1, 'SERVFAIL');
    assert.equal(replies[0][3] & 0x0f, 2);
    // Until the handler has long been done.
    await wait(250);
    const { handled, handlerTimedOut, sent } = late.stats().totals;
    assert.deepEqual({ handled, handlerTimedOut, sent }, { handled: 1, handlerTimedOut: 1, sent: 1 });
    assert.equal(replies.length, 1);
    client.close();
    await late.close();
  });
});

describe('the bytes of the query of an asynchronous handler', () => {
  it('survive a thousand others', async () => {
    const { server, port } = await serve();
    const client = createSocket('udp4').bind(0, '127.0.0.1');
    await once(client, 'listening');
    const replies = new Map<number, string[]>();
    client.on('message', (reply) => {
      const [answer] = packet.decode(reply).answers as TxtAnswer[];
      replies.set(reply.readUInt16BE(0), (answer.data as Buffer[]).map(String));
    });
    const expected = new Map<number, string[]>();
    // A hundred at a time, which the client's own socket has room for; the slots of a batch are 64.
    for (let id = 0; id < 1000; id++) {
      // Of different lengths, and in the client's own spelling.
      const name = `async.${'X'.repeat(1 + (id % 60))}${id}.Example.ORG`;
      const query = queryBytes(name, 'TXT', { id });
      expected.set(id, [name, '127.0.0.1', String(query.length)]);
      client.send(query, port, '127.0.0.1');
      if (id % 100 === 99) await until(() => replies.size === expected.size, 'all answers');
    }
    assert.deepEqual(
      [...replies].sort(([a], [b]) => a - b),
      [...expected],
    );
    client.close();
    await server.close();
  });
});

describe('stats()', () => {
  it('counts exactly, for each socket, for each worker and in all', async () => {
    const { server, port } = await serve({ sockets: 3, workers: 2 });
    for (let i = 0; i < 30; i++) await ask(port, 'example.org');
    const client = await TcpClient.connect(port);
    for (let i = 0; i < 5; i++) await client.exchange(queryBytes('example.org'));
    await until(() => server.stats().totals.sent === 30, 'the last reply to be counted');
    const { sockets, workers, totals } = server.stats();
    const sum = <T>(list: T[], value: (each: T) => number): number => list.reduce((all, each) => all + value(each), 0);
    const udp = sockets.filter(({ transport }) => transport === 'udp');
    const tcp = sockets.filter(({ transport }) => transport === 'tcp');
    assert.deepEqual([udp.length, tcp.length, workers.length], [3, 3, 2]);
    assert.equal(
      sum(udp, ({ queries }) => queries),
      30,
    );
    assert.equal(
      sum(tcp, ({ queries }) => queries),
      5,
    );
    assert.equal(
      sum(tcp, ({ connections }) => connections),
      1,
    );
    const { received, sent, handled, tcpQueries, tcpReplies, tcpAccepted, tcpOpen, inFlight } = totals;
    assert.deepEqual(
      { received, sent, handled, tcpQueries, tcpReplies, tcpAccepted, tcpOpen, inFlight },
      { received: 30, sent: 30, handled: 35, tcpQueries: 5, tcpReplies: 5, tcpAccepted: 1, tcpOpen: 1, inFlight: 0 },
    );
    for (const counter of ['received', 'sent', 'handled', 'tcpQueries'] as const) {
      assert.equal(
        sum(workers, (worker) => worker[counter]),
        totals[counter],
      );
    }
    for (const index of [0, 1]) assert.equal(sockets.filter(({ worker }) => worker === index).length, 3);
    for (const socket of sockets) {
      assert.equal(socket.address, '127.0.0.1');
      assert.equal(socket.port, port);
      assert.equal(socket.queued, 0);
      assert.equal(socket.drops, 0);
      assert.ok(socket.capacity > 0);
      assert.ok(socket.transport === 'tcp' || socket.batches <= socket.queries);
    }
    client.close();
    await until(() => server.stats().totals.tcpOpen === 0, 'the connection to be closed');
    await server.close();
  });
});
