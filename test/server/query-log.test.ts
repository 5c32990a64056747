/** `queryLog`: what is reported of each query, whoever answers it. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import packet from 'dns-packet';
import type { Handler, QueryLogEntry, QueryLogOptions, Server, ServerOptions } from 'multisocket';
import { opt, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { makeCertificate } from '../support/certificate.js';
import { serve as start, until } from '../support/server.js';
import { encryptedClients } from '../support/stream-clients.js';

const handler: Handler = (query, reply) => {
  const label = query.key.split('.')[0];
  if (label === 'drop') reply.drop();
  else if (label === 'missing') reply.rcode = 'NXDOMAIN';
  else if (label === 'badvers') reply.rcode = 'BADVERS';
  else if (label === 'throw') throw new Error('on purpose');
  else if (label === 'late') return wait(150).then(() => void reply.answer(A));
  else if (label === 'slow') return wait(5000);
  else reply.answer(A);
  return undefined;
};
const A = { type: 'A' as const, name: 'www.example.org', ttl: 300, data: '192.0.2.1' };

describe('queryLog', () => {
  let server: Server;
  let port: number;
  let entries: QueryLogEntry[];
  let lost: number;
  let warnings: (Error & { code?: string })[];
  afterEach(() => server.close({ timeout: 0 }));

  async function serve(log: Partial<QueryLogOptions> = {}, options: Partial<ServerOptions> = {}): Promise<void> {
    entries = [];
    lost = 0;
    const sink = (some: QueryLogEntry[], info: { lost: number }): void => {
      entries.push(...some);
      lost += info.lost;
    };
    ({ server, port, warnings } = await start({
      workers: 0,
      sockets: 1,
      handler,
      queryLog: { sink, ...log },
      ...options,
    }));
  }

  const udp = async (name: string, more: packet.Packet = {}, timeout?: number): Promise<Buffer | undefined> =>
    (await udpExchange(queryBytes(name, 'A', more), port, '127.0.0.1', timeout))?.reply;
  const logged = (count: number): Promise<void> => until(() => entries.length >= count, `${count} entries`);

  it('reports name, type, client, transport, response code and latency of handlers, by UDP and TCP', async () => {
    await serve();
    const before = Date.now();
    for (const name of ['WWW.example.org', 'missing.example.org', 'throw.example.org', 'late.example.org']) {
      await udp(name);
    }
    await udp('badvers.example.org', { additionals: [opt()] });
    assert.equal(await udp('drop.example.org', {}, 300), undefined);
    const tcp = await TcpClient.connect(port);
    const { localPort } = tcp.socket;
    await tcp.exchange(queryBytes('www.example.org', 'AAAA'));
    tcp.close();
    await logged(7);
    assert.deepEqual(
      entries.map(({ name, type, rcode, transport, cached }) => [name, type, rcode, transport, cached]),
      [
        ['WWW.example.org', 'A', 'NOERROR', 'udp', false],
        ['missing.example.org', 'A', 'NXDOMAIN', 'udp', false],
        ['throw.example.org', 'A', 'SERVFAIL', 'udp', false],
        ['late.example.org', 'A', 'NOERROR', 'udp', false],
        ['badvers.example.org', 'A', 'BADVERS', 'udp', false],
        ['drop.example.org', 'A', undefined, 'udp', false],
        ['www.example.org', 'AAAA', 'NOERROR', 'tcp', false],
      ],
    );
    for (const entry of entries) {
      assert.equal(entry.class, 'IN');
      assert.equal(entry.client.address, '127.0.0.1');
      assert.deepEqual(entry.local, { address: '127.0.0.1', port, family: 'IPv4' });
      assert.ok(entry.time >= before - 1 && entry.time <= Date.now() + 1, `${entry.time}`);
      assert.ok(entry.latency >= 0 && entry.latency < 5000);
      assert.equal(entry.query, undefined);
      assert.equal(entry.reply, undefined);
    }
    assert.ok(entries[3].latency >= 140, `${entries[3].latency}`);
    assert.ok(entries[0].latency < 140);
    assert.equal(entries[5].length, 0);
    assert.equal(entries[6].client.port, localPort);
    assert.equal(lost, 0);
  });

  it('reports what native code answers from the cache, with the messages if it is wanted', async () => {
    await serve({ messages: true }, { cache: { maxBytes: 1 << 20 }, listen: ['127.0.0.1:0', '[::1]:0'] });
    const tcp = await TcpClient.connect(port);
    const asked: Buffer[] = [];
    const replies: Buffer[] = [];
    for (const id of [1, 2]) {
      const message = queryBytes('Www.Example.org', 'A', { id, additionals: [opt(1232, { flags: 0x8000 })] });
      asked.push(message);
      replies.push((await udpExchange(message, port))!.reply);
    }
    const other = server.addresses().find(({ address }) => address === '::1')!;
    for (const id of [3, 4]) {
      const message = queryBytes('www.example.org', 'A', { id });
      asked.push(message);
      replies.push((await tcp.exchange(message))!);
    }
    const six = queryBytes('www.example.org', 'A', { id: 5 });
    asked.push(six);
    replies.push((await udpExchange(six, other.port, '::1'))!.reply);
    tcp.close();
    await logged(5);
    assert.deepEqual(
      entries.map(({ name, cached, transport, client }) => [name, cached, transport, client.family]),
      [
        ['Www.Example.org', false, 'udp', 'IPv4'],
        ['Www.Example.org', true, 'udp', 'IPv4'],
        ['www.example.org', false, 'tcp', 'IPv4'],
        ['www.example.org', true, 'tcp', 'IPv4'],
        ['www.example.org', false, 'udp', 'IPv6'],
      ],
    );
    entries.forEach((entry, i) => {
      assert.deepEqual(entry.query, asked[i]);
      assert.deepEqual(entry.reply, replies[i]);
      assert.equal(entry.length, replies[i].length);
      assert.ok(entry.client.port > 0);
    });
    assert.deepEqual(entries[4].local, { address: '::1', port: other.port, family: 'IPv6' });
  });

  for (const { name, transport, ask } of encryptedClients) {
    it(`reports queries by ${name}, from handlers and from the cache`, async () => {
      const { key, cert } = await makeCertificate();
      const listen = `${transport}://127.0.0.1:0`;
      await serve({ messages: true }, { listen, tls: { key, cert }, cache: { maxBytes: 1 << 20 } });
      for (let i = 0; i < 2; i++) await ask(port, { ca: cert }, 'www.example.org');
      await logged(2);
      assert.deepEqual(
        entries.map(({ cached, rcode, local }) => [cached, rcode, local.port]),
        [
          [false, 'NOERROR', port],
          [true, 'NOERROR', port],
        ],
      );
      for (const entry of entries) {
        assert.equal(entry.transport, transport);
        assert.equal(entry.client.address, '127.0.0.1');
        assert.ok(entry.client.port > 0);
        assert.equal(packet.decode(entry.query!).questions![0].name, 'www.example.org');
        assert.equal(packet.decode(entry.reply!).answers!.length, 1);
      }
    });
  }

  it('reports a query that a handler has not answered in time, and one that is shed', async () => {
    await serve({}, { handlerTimeout: 200, maxInFlight: 1, overload: 'REFUSED' });
    const slow = udp('slow.example.org');
    await until(() => server.stats().totals.inFlight === 1, 'the handler has the query');
    await udp('www.example.org');
    await slow;
    await logged(2);
    assert.deepEqual(
      entries.map(({ name, rcode }) => [name, rcode]),
      [
        ['www.example.org', 'REFUSED'],
        ['slow.example.org', 'SERVFAIL'],
      ],
    );
  });

  it('reports a share of the queries, chosen at random', async () => {
    await serve({ sample: 0.25 }, { cache: { maxBytes: 1 << 20 } });
    const ask = async (): Promise<void> => {
      const client = await TcpClient.connect(port);
      for (let i = 0; i < 400; i++) await client.exchange(queryBytes('www.example.org'));
      for (let i = 0; i < 400; i++) await client.exchange(queryBytes('missing.example.org'));
      client.close();
    };
    await ask();
    await wait(300);
    for (const cached of [true, false]) {
      const count = entries.filter((entry) => entry.cached === cached).length;
      // Of 400 with a share of 0.25, 100 are expected; the deviation is 8.7.
      assert.ok(count > 50 && count < 150, `${count} ${cached}`);
    }
  });

  it('reports the queries of all workers, and the last ones when the server closes', async () => {
    await serve(
      {},
      {
        workers: 3,
        sockets: 3,
        handler: undefined as never,
        filename: new URL('../fixtures/addresses.js', import.meta.url),
      },
    );
    await Promise.all(Array.from({ length: 60 }, () => udp('www.example.org')));
    await server.close();
    assert.equal(entries.length, 60);
    assert.equal(lost, 0);
  });

  it('never waits for a slow sink: what does not fit is lost, and counted', async () => {
    let calls = 0;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const sink = async (some: QueryLogEntry[], info: { lost: number }): Promise<void> => {
      calls++;
      if (calls === 1) await held;
      entries.push(...some);
      lost += info.lost;
    };
    await serve({ sink, bufferBytes: 1 << 16, messages: true }, { cache: { maxBytes: 1 << 20 } });
    const client = await TcpClient.connect(port);
    const total = 3000;
    for (let i = 0; i < total; i++) {
      await client.exchange(queryBytes('www.example.org'));
      if (i === 10) await until(() => calls === 1, 'the sink is called');
    }
    client.close();
    release();
    await until(() => entries.length + lost === total, 'each query is reported or counted as lost');
    assert.ok(lost > 0);
    assert.ok(entries.length > 300, 'the ring was used');
    const [warning] = warnings.filter(({ code }) => code === 'ERR_MULTISOCKET_QUERY_LOG_LOST');
    assert.match(warning.message, /lost \d+ entries/);
  });

  it('warns of a sink that fails, and goes on', async () => {
    let calls = 0;
    const sink = (some: QueryLogEntry[]): void => {
      calls++;
      if (calls === 1) throw new Error('on purpose');
      entries.push(...some);
    };
    await serve({ sink });
    await udp('www.example.org');
    await until(() => warnings.length === 1, 'a warning');
    assert.equal(warnings[0].code, 'ERR_MULTISOCKET_QUERY_LOG_SINK');
    await udp('www.example.org');
    await logged(1);
  });

  it('closes in time although a sink never ends', async () => {
    await serve({ sink: () => new Promise(() => undefined) });
    await udp('www.example.org');
    await wait(200);
    const started = performance.now();
    await server.close({ timeout: 300 });
    assert.ok(performance.now() - started < 2000);
  });

  it('begins and ends with a reload', async () => {
    const filename = new URL('../fixtures/addresses.js', import.meta.url);
    await serve({}, { workers: 1, handler: undefined as never, filename, queryLog: false });
    await udp('www.example.org');
    const seen: string[] = [];
    await server.reload({ queryLog: { sink: (some) => void seen.push(...some.map(({ name }) => name)) } });
    await udp('on.example.org');
    await until(() => seen.length === 1, 'an entry');
    await server.reload({ queryLog: false });
    await udp('off.example.org');
    await wait(300);
    assert.deepEqual(seen, ['on.example.org']);
  });
});
