/** `cache.shareMisses`: the same question at many workers at once costs one call of the handler. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type packet from 'dns-packet';
import type { Server, ServerOptions } from 'multisocket';
import { opt, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { serve as start, until } from '../support/server.js';
import { encryptedClients } from '../support/stream-clients.js';
import { DELAY, LABELS } from './fixtures/slow-handler.js';

const filename = new URL('./fixtures/slow-handler.js', import.meta.url);
const WORKERS = 4;
/** Enough that the kernel gives queries to each socket. */
const CLIENTS = 40;
const NAME_ERROR = 3;

type Label = (typeof LABELS)[number];

interface Served {
  server: Server;
  port: number;
  calls: (label: Label) => number;
}

async function serve(shareMisses: number, options: Partial<ServerOptions> = {}): Promise<Served> {
  const memory = new SharedArrayBuffer(4 * LABELS.length);
  const counts = new Int32Array(memory);
  const { server, port } = await start({
    filename,
    workers: WORKERS,
    sockets: WORKERS,
    workerData: memory,
    cache: { maxBytes: 1 << 20, shareMisses },
    ...options,
  });
  return { server, port, calls: (label) => Atomics.load(counts, LABELS.indexOf(label)) };
}

/** The replies to one question from many clients at once, each with a socket of its own. */
function askAll(
  port: number,
  label: Label,
  timeout = 10_000,
  more: packet.Packet = {},
): Promise<(Buffer | undefined)[]> {
  const one = async (): Promise<Buffer | undefined> =>
    (await udpExchange(queryBytes(`${label}.example.org`, 'A', more), port, '127.0.0.1', timeout))?.reply;
  return Promise.all(Array.from({ length: CLIENTS }, one));
}

const rcodes = (replies: (Buffer | undefined)[]): number[] => [
  ...new Set(replies.map((reply) => (reply === undefined ? -1 : reply[3] & 15))),
];

describe('shared misses', function () {
  this.timeout(30_000);
  let served: Served;
  afterEach(() => served.server.close({ timeout: 0 }));

  for (const [label, rcode] of [
    ['slow', 0],
    ['none', NAME_ERROR],
  ] as const) {
    it(`call the handler once for all clients and workers: ${label}`, async () => {
      served = await serve(5000);
      const replies = await askAll(served.port, label);
      assert.deepEqual(rcodes(replies), [rcode]);
      assert.equal(served.calls(label), 1);
      const { workers, totals } = served.server.stats();
      assert.ok(workers.filter(({ handled }) => handled > 0).length > 1, 'several workers were asked');
      assert.equal(totals.sharedMisses + totals.cacheHits, CLIENTS - 1);
      assert.ok(totals.sharedMisses > CLIENTS / 2);
      assert.deepEqual(rcodes(await askAll(served.port, label)), [rcode]);
      assert.equal(served.calls(label), 1);
    });
  }

  it('are off by default', async () => {
    served = await serve(0);
    assert.deepEqual(rcodes(await askAll(served.port, 'slow')), [0]);
    assert.ok(served.calls('slow') > CLIENTS / 2);
    assert.equal(served.server.stats().totals.sharedMisses, 0);
  });

  it('on one thread need no worker', async () => {
    served = await serve(5000, { workers: 0, sockets: 1 });
    assert.deepEqual(rcodes(await askAll(served.port, 'slow')), [0]);
    assert.equal(served.calls('slow'), 1);
  });

  it('keep questions apart that a cache keeps apart', async () => {
    served = await serve(5000);
    const subnet = (ip: string): packet.Packet => ({
      additionals: [opt(1232, { options: [{ code: 8, ip, sourcePrefixLength: 24 } as never] })],
    });
    const ways = [
      {},
      { additionals: [opt(1232)] },
      { additionals: [opt(1232, { flags: 0x8000 })] },
      subnet('192.0.2.0'),
      subnet('198.51.100.0'),
    ];
    const replies = await Promise.all(ways.map((more) => askAll(served.port, 'slow', 10_000, more)));
    assert.deepEqual(rcodes(replies.flat()), [0]);
    assert.equal(served.calls('slow'), ways.length);
  });

  it('wait once for an answer that is not kept for all, and then not again', async () => {
    served = await serve(5000);
    for (const label of ['zero', 'client', 'fail', 'throw'] as const) {
      const failed = label === 'fail' || label === 'throw' ? 2 : 0;
      const started = performance.now();
      assert.deepEqual(rcodes(await askAll(served.port, label)), [failed], label);
      assert.ok(performance.now() - started < 3 * DELAY, `${label}: nobody waits twice`);
      const again = performance.now();
      const before = served.calls(label);
      // All of them are one client, which now has its own answer in the cache if it may be kept for it.
      assert.deepEqual(rcodes(await askAll(served.port, label)), [failed], label);
      assert.ok(performance.now() - again < 1.75 * DELAY, `${label}: nobody waits`);
      if (label !== 'client') assert.ok(served.calls(label) > before + CLIENTS / 2, label);
    }
  });

  it('end when a reply is dropped', async () => {
    served = await serve(5000);
    const replies = await askAll(served.port, 'drop', 4 * DELAY);
    assert.deepEqual(rcodes(replies), [-1]);
    assert.equal(served.calls('drop'), CLIENTS, 'each was dropped by the handler, and none by a wait');
  });

  it('wait no longer than the bound for a handler that never ends', async () => {
    served = await serve(300, { handlerTimeout: 1500 });
    const started = performance.now();
    assert.deepEqual(rcodes(await askAll(served.port, 'hang')), [2]);
    assert.ok(performance.now() - started < 2500);
    assert.ok(served.calls('hang') > CLIENTS / 2, 'after the bound each has called the handler');
  });

  it('end with the worker that held them', async () => {
    served = await serve(1000);
    served.server.on('error', () => undefined);
    const started = performance.now();
    const replies = await askAll(served.port, 'die', 3000);
    const answered = replies.filter((reply) => reply !== undefined);
    // What the worker had read is lost with it, as it is whenever a worker crashes.
    assert.ok(answered.length >= CLIENTS / 4, `${answered.length} of ${CLIENTS}`);
    assert.deepEqual(rcodes(answered), [0]);
    assert.ok(performance.now() - started < 3500);
    assert.ok(served.calls('die') >= 2);
    await until(() => served.server.stats().workers.length === WORKERS, 'a new worker');
  });

  it('after a clear do not join what began before it', async () => {
    served = await serve(5000);
    const first = askAll(served.port, 'slow');
    await until(() => served.calls('slow') === 1, 'the handler has the question');
    await wait(DELAY / 4);
    served.server.cache?.clear();
    const second = askAll(served.port, 'slow');
    await until(() => served.calls('slow') === 2, 'the handler has the question once more');
    assert.deepEqual(rcodes([...(await first), ...(await second)]), [0]);
    assert.deepEqual(rcodes(await askAll(served.port, 'slow')), [0]);
    const { cache } = served.server.stats();
    assert.equal(cache?.entries, 1, 'what began after the clear is kept');
  });

  it('work with handlers that answer at once', async () => {
    served = await serve(5000);
    assert.deepEqual(rcodes(await askAll(served.port, 'sync')), [0]);
    assert.ok(served.calls('sync') <= WORKERS);
  });

  it('work by TCP', async () => {
    served = await serve(5000);
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => TcpClient.connect(served.port)));
    const replies = await Promise.all(clients.map((client) => client.exchange(queryBytes('slow.example.org'))));
    for (const client of clients) client.close();
    assert.deepEqual(rcodes(replies), [0]);
    assert.equal(served.calls('slow'), 1);
  });

  it('end if the client that asked first has gone', async () => {
    served = await serve(5000);
    const gone = await TcpClient.connect(served.port);
    gone.send(queryBytes('slow.example.org'));
    await until(() => served.calls('slow') === 1, 'the handler has the question');
    gone.close();
    const started = performance.now();
    const client = await TcpClient.connect(served.port);
    assert.deepEqual(rcodes([await client.exchange(queryBytes('slow.example.org'))]), [0]);
    assert.ok(performance.now() - started < 3 * DELAY);
    client.close();
  });

  describe('with encryption', () => {
    let certificate: Certificate;
    before(async () => {
      certificate = await makeCertificate();
    });

    for (const { name, transport, ask } of encryptedClients) {
      it(`work by ${name}`, async () => {
        const { key, cert } = certificate;
        served = await serve(5000, { listen: `${transport}://127.0.0.1:0`, tls: { key, cert } });
        const replies = await Promise.all(
          Array.from({ length: 12 }, () => ask(served.port, { ca: cert }, 'slow.example.org')),
        );
        assert.deepEqual(rcodes(replies), [0]);
        assert.equal(served.calls('slow'), 1);
      });
    }
  });
});
