import assert from 'node:assert/strict';
import { spawn, type StdioOptions } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { addon, type UdpEndpoint } from '../../dist/native/addon.js';
import { workerCounter, workerCounters } from '../../dist/worker/counters.js';
import { ednsSettings } from '../../dist/worker/edns-settings.js';
import { foreign, portable } from '../support/addon-build.js';
import { queryBytes } from '../support/clients.js';

const { layout } = addon;
const EDNS = ednsSettings({ maxPayloadSize: 1232, idleTimeout: 10_000, grpcEncrypted: false, nsid: undefined });
const { query: word } = layout;

/** Whether replies to one client leave as one message: not by the portable path (`test/portable.sh`). */
const segments = process.platform === 'linux' && !portable;

/** What a query with this ID is answered with: its ID, then bytes that follow from it. */
function replyTo(id: number, size: number): Buffer {
  const reply = Buffer.alloc(size, id * 7 + 1);
  reply.writeUInt16BE(id);
  return reply;
}

/** An endpoint on one socket; a query with ID n is answered with the n-th of `sizes` in bytes, the last for all after. */
class Responder {
  readonly port: number;
  readonly fd: number;
  sizes: number[] = [45];
  readonly #endpoint: UdpEndpoint;
  readonly #bytes: Buffer;
  readonly #queries = new Uint32Array(layout.batchSize * layout.queryWords);
  readonly #outbox = new Uint32Array(1 + layout.outboxEntries * layout.outboxEntryWords);
  readonly #counters = new Float64Array(layout.socketRow + layout.workerRow);

  constructor(address: string) {
    const wildcard = address === '0.0.0.0' || address === '::';
    const { fd, port } = addon.openSocket({
      protocol: 'udp',
      address,
      port: 0,
      reusePort: false,
      exclusive: false,
      ipv6Only: false,
      freebind: false,
      interface: '',
      receiveBufferSize: 0,
      sendBufferSize: 0,
      backlog: 0,
      fastOpen: 0,
    });
    this.port = port;
    this.fd = fd;
    const slab = new ArrayBuffer(layout.slabSize);
    this.#bytes = Buffer.from(slab);
    this.#endpoint = new addon.UdpEndpoint(
      {
        envelopeSize: layout.envelopeSize,
        slab,
        queries: this.#queries,
        outbox: this.#outbox,
        counters: this.#counters,
        row: layout.socketRow,
        edns: EDNS.udp,
      },
      (count) => {
        this.#serve(count);
        return false;
      },
      () => undefined,
    );
    this.#endpoint.add(0, fd, 0, wildcard);
  }

  /** What has been counted so far, without zeros, batches and what was received. */
  counted(): Record<string, number> {
    const row = this.#counters.subarray(layout.socketRow);
    const names = workerCounters.filter((name) => name !== 'batches' && name !== 'received');
    const values = names.map((name): [string, number] => [name, row[workerCounter(name)]]);
    return Object.fromEntries(values.filter(([, value]) => value > 0));
  }

  close(): void {
    this.#endpoint.close();
    addon.closeSocket(this.fd);
  }

  #serve(count: number): void {
    let cursor = layout.outputOffset;
    for (let i = 0; i < count; i++) {
      const row = i * layout.queryWords;
      const id = this.#queries[row + word.idAndFlags] >>> 16;
      const size = this.sizes[Math.min(id, this.sizes.length - 1)];
      const entry = 1 + i * layout.outboxEntryWords;
      this.#outbox[entry + layout.outbox.envelope] = this.#queries[row + word.offset] - layout.envelopeSize;
      this.#outbox[entry + layout.outbox.message] = cursor;
      this.#outbox[entry + layout.outbox.length] = size;
      cursor += replyTo(id, size).copy(this.#bytes, cursor);
    }
    this.#outbox[0] = count;
  }
}

/** A client that keeps what it gets, and from whom. */
class Client {
  readonly socket: Socket;
  readonly replies: Buffer[] = [];
  readonly sources: string[] = [];

  private constructor(type: 'udp4' | 'udp6') {
    this.socket = createSocket({ type, recvBufferSize: 1 << 20 });
    this.socket.on('message', (message, from) => {
      this.replies.push(message);
      this.sources.push(from.address);
    });
  }

  static async open(address = '127.0.0.1'): Promise<Client> {
    const client = new Client(address.includes(':') ? 'udp6' : 'udp4');
    client.socket.bind(0, address);
    await once(client.socket, 'listening');
    return client;
  }

  /** Sends at once, so that a responder in this thread finds all that is sent in one turn together. */
  send(id: number, port: number, address: string): void {
    this.socket.send(queryBytes('example.org', 'A', { id }), port, address);
  }

  async received(count: number): Promise<void> {
    const signal = AbortSignal.timeout(20_000);
    while (this.replies.length < count) {
      await once(this.socket, 'message', { signal }).catch(() => {
        throw new Error(`${this.replies.length} replies of ${count}`);
      });
    }
  }
}

describe('batches of datagrams', () => {
  let responder: Responder;
  const clients: Client[] = [];

  afterEach(() => {
    responder.close();
    for (const client of clients.splice(0)) client.socket.close();
  });

  async function open(address = '127.0.0.1', from = '127.0.0.1', count = 1): Promise<Client[]> {
    responder = new Responder(address);
    while (clients.length < count) clients.push(await Client.open(from));
    return clients;
  }

  /** One burst of one client: IDs 0, 1 and so on, answered with these sizes. */
  async function burst(client: Client, sizes: number[], address = '127.0.0.1'): Promise<void> {
    responder.sizes = sizes;
    const before = client.replies.length;
    sizes.forEach((_, id) => {
      client.send(id, responder.port, address);
    });
    await client.received(before + sizes.length);
    assert.deepEqual(
      client.replies.slice(before),
      sizes.map((size, id) => replyTo(id, size)),
    );
  }

  /** Of `sent` datagrams, `together` may leave as parts of a message to several. */
  function expectSent(sent: number, together: number): void {
    assert.deepEqual(responder.counted(), segments && together > 0 ? { sent, segmentedSends: together } : { sent });
  }

  it('answers a burst of one client, all sizes equal', async () => {
    const [client] = await open();
    await burst(client, Array<number>(64).fill(45));
    expectSent(64, 64);
  });

  it('answers one query', async () => {
    const [client] = await open();
    await burst(client, [45]);
    expectSent(1, 0);
  });

  it('answers more than a batch in order', async () => {
    const [client] = await open();
    await burst(client, Array<number>(150).fill(45));
    expectSent(150, 150);
  });

  it('keeps the order where sizes differ, and joins those of one size and a shorter one', async () => {
    const [client] = await open();
    await burst(client, [100, 100, 90, 100, 120, 120, 50, 60, 70]);
    expectSent(9, 3 + 3);
  });

  it('joins nothing where each reply is longer than the one before', async () => {
    const [client] = await open();
    await burst(
      client,
      Array.from({ length: 20 }, (_, i) => 40 + i),
    );
    expectSent(20, 0);
  });

  it('sends what may not fit into the MTU plainly', async () => {
    const [client] = await open();
    await burst(client, [4096, 4096, 4096, 1233, 1233, 1233, 4096, 40, 40]);
    expectSent(9, 2);
  });

  it('joins replies of the usual most, 1,232 bytes, up to what a datagram can hold', async () => {
    const [client] = await open();
    await burst(client, Array<number>(64).fill(1232));
    expectSent(64, 64);
    await burst(client, [...Array<number>(53).fill(1232), 211]);
    expectSent(64 + 54, 64 + 54); // 53 x 1,232 + 211 = 65,507: the longest payload
    await burst(client, [...Array<number>(53).fill(1232), 212]);
    expectSent(64 + 54 + 54, 64 + 54 + 53);
  });

  it('answers clients whose queries come in turn, to each in order', async () => {
    const eight = await open('127.0.0.1', '127.0.0.1', 8);
    responder.sizes = [45];
    for (let id = 0; id < 8; id++) for (const client of eight) client.send(id, responder.port, '127.0.0.1');
    for (const client of eight) {
      await client.received(8);
      assert.deepEqual(
        client.replies,
        Array.from({ length: 8 }, (_, id) => replyTo(id, 45)),
      );
    }
    const { sent, segmentedSends = 0, ...others } = responder.counted();
    assert.equal(sent, 64);
    assert.deepEqual(others, {});
    // Replies to clients that meet in the table leave one by one; that all eight of them do is out of the question.
    assert.equal(segmentedSends > 0, segments);
  });

  it('tells clients apart that have one port', async () => {
    const [first] = await open();
    const { port } = first.socket.address();
    const second = createSocket('udp4');
    try {
      second.bind(port, '127.0.0.2');
      await once(second, 'listening');
      const replies: Buffer[] = [];
      second.on('message', (message) => replies.push(message));
      responder.sizes = [45];
      for (let id = 0; id < 8; id++) {
        first.send(id, responder.port, '127.0.0.1');
        second.send(queryBytes('example.org', 'A', { id: id + 100 }), responder.port, '127.0.0.1');
      }
      await first.received(8);
      while (replies.length < 8) await once(second, 'message', { signal: AbortSignal.timeout(20_000) });
      assert.deepEqual(
        [first.replies, replies],
        [0, 100].map((from) => Array.from({ length: 8 }, (_, i) => replyTo(from + i, 45))),
      );
      expectSent(16, 0);
    } finally {
      second.close();
    }
  });

  for (const [bound, from, one, other] of [
    ['0.0.0.0', '0.0.0.0', '127.0.0.1', '127.0.0.2'],
    ['::', '0.0.0.0', '127.0.0.1', '127.0.0.2'],
    ['::', '::', '::1', '::ffff:127.0.0.3'],
  ]) {
    it(`answers from the address queried on a socket bound to ${bound}, ${one} and ${other}`, async () => {
      const [client] = await open(bound, from);
      responder.sizes = [45];
      const asked = [one, one, one, other, other, one, other, one];
      asked.forEach((address, id) => {
        client.send(id, responder.port, address);
      });
      await client.received(asked.length);
      const answered = client.replies.map((reply, i) => ({ reply, address: client.sources[i] }));
      answered.sort((a, b) => a.reply.readUInt16BE() - b.reply.readUInt16BE());
      assert.deepEqual(
        answered,
        asked.map((address, id) => ({ reply: replyTo(id, 45), address })),
      );
      // To the client as one address sees it the order is kept; `::` is two of them here.
      for (const address of [one, other]) {
        const ids = client.replies.filter((_, i) => client.sources[i] === address).map((reply) => reply.readUInt16BE());
        assert.deepEqual(
          ids,
          ids.toSorted((a, b) => a - b),
        );
      }
      assert.equal(responder.counted().sent, asked.length);
      if (segments) assert.ok(responder.counted().segmentedSends >= 3 + 2);
    });
  }

  if (segments) {
    it('sends all again plainly where the kernel refuses, and does so from then on', async () => {
      const [client] = await open();
      // Linux cuts nothing for a socket without checksums. The descriptor of another process is the same socket.
      const option = 'import socket; socket.socket(fileno=3).setsockopt(socket.SOL_SOCKET, 11, 1)'; // SO_NO_CHECK
      const stdio: StdioOptions = ['ignore', 'inherit', 'inherit', responder.fd];
      const python = spawn('python3', ['-c', option], { stdio, env: foreign });
      assert.deepEqual(await once(python, 'exit'), [0, null]);
      await burst(client, [45, 45, 45, 60, 60, 20, 70, 70]);
      assert.deepEqual(responder.counted(), { sent: 8 });
      await burst(client, Array<number>(64).fill(45));
      assert.deepEqual(responder.counted(), { sent: 72 });
    });
  }
});
