/** Equal questions that wait for an upstream at a time are asked once; each client gets its own answer. */
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import packet, { type Packet } from 'dns-packet';
import { createServer } from 'multisocket';
import { ForwardHandler } from '../../../dist/directives/forward/handler.js';
import { DEFAULTS } from '../../../dist/directives/forward/setup.js';
import { opt, queryBytes, TcpClient, udpExchange } from '../../support/clients.js';
import { until } from '../../support/server.js';
import { answer, replyTo, ScriptedUpstream, type Asked, type Script } from '../../support/upstream.js';
import { at, serveForward } from './serve.js';

const silent: Script = () => undefined;
const FORGED = '198.51.100.66';

/** Sends queries from one socket, a few at a time, so that none is lost; collects the replies. */
class Clients implements AsyncDisposable {
  readonly replies: Buffer[] = [];
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (message) => this.replies.push(message));
  }

  static async open(port: number): Promise<Clients> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Clients(socket);
  }

  async send(messages: readonly Buffer[]): Promise<void> {
    for (const [i, message] of messages.entries()) {
      this.#socket.send(message);
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }
}

/** Other spellings of a name, by the bits of `number`. */
function spelling(name: string, number: number): string {
  return Array.from(name, (letter, i) => ((number >> (i % 20)) & 1 ? letter.toUpperCase() : letter)).join('');
}

function withId(message: Buffer, id: number): Buffer {
  message.writeUInt16BE(id);
  return message;
}

/** The data of the first answer. */
function dataOf(message: Buffer): unknown {
  return (packet.decode(message).answers![0] as { data?: unknown } | undefined)?.data;
}

describe('forward: equal questions at a time', () => {
  let upstream: ScriptedUpstream;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start(silent);
  });
  afterEach(() => upstream.close());
  const release = (): void => {
    for (const asked of upstream.asked) answer(asked, upstream);
  };

  it('2,000 of them are one query upstream; each client gets its ID, its spelling and its EDNS', async () => {
    await using server = await serveForward({ upstreams: [at(upstream.port)] });
    await using clients = await Clients.open(server.port);
    const queries = Array.from({ length: 2000 }, (_, i) =>
      withId(queryBytes(spelling('www.example.org', i), 'A', { additionals: [opt()] }), i),
    );
    await clients.send(queries);
    await until(() => upstream.asked.length > 0, 'a query upstream');
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(upstream.asked.length, 1);
    release();
    await until(() => clients.replies.length === 2000, 'all replies');
    const byId = new Map(clients.replies.map((reply) => [reply.readUInt16BE(0), reply]));
    assert.equal(byId.size, 2000);
    for (const [i, query] of queries.entries()) {
      const reply = byId.get(i)!;
      const end = 12 + 17 + 4;
      assert.deepEqual(reply.subarray(12, end), query.subarray(12, end), 'its own spelling');
      assert.equal(dataOf(reply), '192.0.2.1');
      assert.equal(packet.decode(reply).additionals!.length, 1, 'its own OPT');
    }
  });

  const subnet = (ip: string): Packet['additionals'] => [
    opt(1232, { options: [{ code: 8, ip, sourcePrefixLength: 24 }] }),
  ];
  const different: [what: string, one: Packet, other: Packet][] = [
    ['RD', { flags: packet.RECURSION_DESIRED }, { flags: 0 }],
    ['CD', { flags: 0 }, { flags: packet.CHECKING_DISABLED }],
    ['AD', { flags: 0 }, { flags: packet.AUTHENTIC_DATA }],
    ['EDNS', {}, { additionals: [opt()] }],
    ['DO', { additionals: [opt()] }, { additionals: [opt(1232, { flags: packet.DNSSEC_OK })] }],
    ['the client subnet', { additionals: subnet('192.0.2.0') }, { additionals: subnet('198.51.100.0') }],
  ];
  for (const [what, one, other] of different) {
    it(`that differ in ${what} are not equal`, async () => {
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      await using clients = await Clients.open(server.port);
      const make = (more: Packet, id: number): Buffer => withId(queryBytes('example.org', 'A', more), id);
      await clients.send([make(one, 1), make(other, 2), make(one, 3), make(other, 4)]);
      await until(() => upstream.asked.length >= 2, 'two queries upstream');
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(upstream.asked.length, 2);
      release();
      await until(() => clients.replies.length === 4, 'all replies');
    });
  }

  it('another type, another name, another forward are not equal', async () => {
    const other = await ScriptedUpstream.start(silent);
    await using server = await serveForward(
      { upstreams: [at(upstream.port)], from: ['org'] },
      { upstreams: [at(other.port)], from: ['.'] },
    );
    await using clients = await Clients.open(server.port);
    await clients.send([
      queryBytes('example.org'),
      queryBytes('example.org', 'AAAA'),
      queryBytes('a.example.org'),
      queryBytes('example.net'),
    ]);
    await until(() => upstream.asked.length === 3 && other.asked.length === 1, 'four queries');
    await other.close();
  });

  it('options of the client that go no further make no difference: its cookie, its payload size', async () => {
    await using server = await serveForward({ upstreams: [at(upstream.port)] });
    await using clients = await Clients.open(server.port);
    const cookie = { code: 10, data: Buffer.from('0123456789abcdef', 'hex') } as unknown as packet.PacketOpt;
    await clients.send([
      withId(queryBytes('example.org', 'A', { additionals: [opt(1232)] }), 1),
      withId(queryBytes('example.org', 'A', { additionals: [opt(512, { options: [cookie] })] }), 2),
    ]);
    await until(() => upstream.asked.length > 0, 'a query');
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(upstream.asked.length, 1);
    release();
    await until(() => clients.replies.length === 2, 'both replies');
  });

  it('those by TCP are asked by TCP, once', async () => {
    await using server = await serveForward({ upstreams: [at(upstream.port)] });
    const client = await TcpClient.connect(server.port);
    for (let id = 0; id < 50; id++) client.send(withId(queryBytes('example.org'), id));
    await until(() => upstream.asked.length > 0, 'a query');
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(
      upstream.asked.map(({ transport }) => transport),
      ['tcp'],
    );
    release();
    for (let id = 0; id < 50; id++) assert.ok(await client.next());
    client.close();
  });

  it('one that joins late has its full time: the upstream is asked again for it', async () => {
    await using server = await serveForward({ upstreams: [at(upstream.port)], readTimeout: 1500, maxAttempts: 100 });
    const began = performance.now();
    const first = udpExchange(queryBytes('example.org'), server.port, '127.0.0.1', 9000);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const late = udpExchange(queryBytes('example.org'), server.port, '127.0.0.1', 9000);
    const failed = await first;
    assert.equal(failed!.reply[3] & 15, 2, 'SERVFAIL');
    assert.ok(performance.now() - began < 5500, 'the first one waits no longer than alone');
    upstream.script = answer;
    const answered = await late;
    assert.equal(dataOf(answered!.reply), '192.0.2.1');
  });

  it('fail together when the upstream is gone, and go to the next one together', async () => {
    const [gone, second] = [await ScriptedUpstream.start(), await ScriptedUpstream.start(silent)];
    await gone.close();
    await using server = await serveForward({ upstreams: [at(gone.port), at(second.port)] });
    await using clients = await Clients.open(server.port);
    await clients.send(Array.from({ length: 200 }, (_, id) => withId(queryBytes('example.org'), id)));
    await until(() => second.names().includes('example.org'), 'the second upstream is asked');
    for (const asked of second.asked) answer(asked, second);
    await until(() => clients.replies.length === 200, 'all replies');
    assert.equal(second.names().filter((name) => name === 'example.org').length, 1);
    await second.close();
  });

  it('each go to the next forward with next', async () => {
    const next = await ScriptedUpstream.start(silent);
    upstream.script = ({ message, send }) => {
      send(replyTo(message, { flags: 5, answers: [] }));
    };
    await using server = await serveForward(
      { upstreams: [at(upstream.port)], next: ['REFUSED'] },
      { upstreams: [at(next.port)] },
    );
    await using clients = await Clients.open(server.port);
    await clients.send(Array.from({ length: 100 }, (_, id) => withId(queryBytes('example.org'), id)));
    await until(() => next.asked.length > 0, 'the next one is asked');
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(next.asked.length, 1);
    for (const asked of next.asked) answer(asked, next);
    await until(() => clients.replies.length === 100, 'all replies');
    await next.close();
  });

  it('count for max_concurrent one by one', async () => {
    await using server = await serveForward({ upstreams: [at(upstream.port)], maxConcurrent: 3 });
    await using clients = await Clients.open(server.port);
    await clients.send(Array.from({ length: 5 }, (_, id) => withId(queryBytes('example.org'), id)));
    await until(() => clients.replies.length === 2, 'two are refused');
    for (const reply of clients.replies) assert.equal(reply[3] & 15, 5);
    release();
    await until(() => clients.replies.length === 5, 'all replies');
  });

  describe('forged answers', () => {
    /** Sends forged answers with IDs of chance to where a query came from. */
    const forge = (asked: Asked, count: number): void => {
      const forged = replyTo(asked.message, {
        answers: [{ type: 'A', name: asked.decoded.questions![0].name, ttl: 300, data: FORGED }],
      });
      for (let i = 0; i < count; i++) {
        asked.send(withId(Buffer.from(forged), Math.floor(Math.random() * 0x10000)));
      }
    };

    it('3,000 of them to 2,000 equal questions: none is taken but by the chance that one query has', async () => {
      let forgers = 0;
      upstream.script = (asked) => {
        if (asked.transport === 'tcp') {
          setTimeout(answer, 300, asked, upstream);
        } else if (forgers++ < 4) {
          for (let i = 0; i < 30; i++) setTimeout(forge, i * 10, asked, 100);
        }
      };
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      await using clients = await Clients.open(server.port);
      await clients.send(Array.from({ length: 2000 }, (_, id) => withId(queryBytes('example.org'), id)));
      await until(() => clients.replies.length === 2000, 'all replies');
      const accepted = clients.replies.filter((reply) => dataOf(reply) === FORGED).length;
      // Three guesses at one ID of 65,536: once in 22,000 runs.
      assert.equal(accepted, 0);
      // More than one where the clients' queries take longer to come than the answer does.
      assert.ok(upstream.names('udp').length < 4);
      assert.equal(upstream.names('tcp').length, upstream.names('udp').length, 'after a few guesses it asks by TCP');
    });

    it('an answer with another ID or two, as a late one is, changes nothing', async () => {
      upstream.script = (asked) => {
        forge(asked, 2);
        setTimeout(answer, 50, asked, upstream);
      };
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      const answered = await udpExchange(queryBytes('example.org'), server.port);
      assert.equal(dataOf(answered!.reply), '192.0.2.1');
      assert.deepEqual(
        upstream.asked.map(({ transport }) => transport),
        ['udp'],
      );
    });

    it('what is asked after them leaves from another port', async () => {
      upstream.script = (asked) => {
        if (asked.transport === 'tcp') answer(asked, upstream);
        else forge(asked, 10);
      };
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      for (let i = 0; i < 8; i++) await udpExchange(queryBytes(`n${i}.example.org`), server.port);
      const ports = upstream.asked.filter(({ transport }) => transport === 'udp').map(({ port }) => port);
      assert.equal(ports.length, 8);
      // Four sockets are in use at a time. The kernel chooses ports at random, and may choose one twice: once in 1,000 runs.
      assert.ok(new Set(ports).size >= 7, ports.join());
    });
  });

  it('do not join one from before a clear of the cache of the server', async () => {
    const handler = new ForwardHandler([{ ...DEFAULTS, upstreams: [at(upstream.port)], maxAttempts: 1 }]);
    const server = createServer({
      listen: '127.0.0.1:0',
      sockets: 1,
      workers: 0,
      cache: { maxBytes: 1 << 20 },
      handler: (query, reply) => handler.handle(query, reply, () => undefined),
    });
    await server.listen();
    const { port } = server.addresses()[0];
    const ask = async (): Promise<unknown> => dataOf((await udpExchange(queryBytes('www.example.org'), port))!.reply);
    const say = (i: number, data: string): void => {
      const { message, send } = upstream.asked[i];
      send(replyTo(message, { answers: [{ type: 'A', name: 'www.example.org', ttl: 300, data }] }));
    };
    const before = ask();
    await until(() => upstream.asked.length === 1, 'a query upstream');
    server.cache?.clear();
    const after = ask();
    await until(() => upstream.asked.length === 2, 'a query of its own after the clear');
    const joined = ask();
    say(0, '192.0.2.1');
    say(1, '192.0.2.2');
    assert.deepEqual(await Promise.all([before, after, joined]), ['192.0.2.1', '192.0.2.2', '192.0.2.2']);
    assert.equal(await ask(), '192.0.2.2', 'what is kept is from after the clear');
    assert.equal(upstream.asked.length, 2);
    handler.close();
    await server.close();
  });
});
