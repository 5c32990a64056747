/** How many queries of one connection handlers hold at a time, on each transport. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import type { Server, ServerOptions } from 'multisocket';
import { encodePacket } from '../../../dist/worker/grpc/grpc-packet.js';
import { makeCertificate, type Certificate } from '../../support/certificate.js';
import { queryBytes } from '../../support/clients.js';
import { openRaw, rawStreams, type RawStream } from '../../support/raw-streams.js';
import { serve, until } from '../../support/server.js';

/** What is sent at once: far more than a client may have in flight. */
const QUERIES = 9000;

describe('queries in flight of one connection', () => {
  let own: Certificate;
  let server: Server;
  let port: number;
  /** What handlers of the server hold, and have held. */
  let load = { held: 0, most: 0, begun: 0 };

  const start = async ({ transport, encrypted }: RawStream, options: Partial<ServerOptions> = {}): Promise<void> => {
    const counted = (load = { held: 0, most: 0, begun: 0 });
    const listen = `${transport}://127.0.0.1:0`;
    const tls = encrypted ? { tls: own } : {};
    ({ server, port } = await serve({
      listen,
      workers: 0,
      sockets: 1,
      ...tls,
      handler: async ({ name }, reply) => {
        counted.begun++;
        counted.most = Math.max(counted.most, ++counted.held);
        await wait(2);
        counted.held--;
        reply.answer({ type: 'A', name, ttl: 300, data: '192.0.2.1' });
      },
      ...options,
    }));
  };

  before(async () => (own = await makeCertificate()));
  afterEach(() => server.close({ timeout: 0 }));

  for (const stream of rawStreams) {
    // HTTP/2 refuses requests beyond the limit (RFC 9113 s.5.1.2); elsewhere they wait, and are answered.
    const refuses = stream.alpn.includes('h2');

    it(`${stream.name}: at most 100, of ${QUERIES} that come at once${refuses ? '' : ', and all are answered'}`, async () => {
      await start(stream);
      const socket = await openRaw(stream, port, own);
      socket.resume();
      const queries = Array.from({ length: QUERIES }, (_, i) => stream.query(i, `n${i}.example.org`));
      socket.write(Buffer.concat([stream.greeting, ...queries]));
      if (refuses) {
        await until(() => load.begun >= 100, 'the first ones');
        await until(() => load.held === 0, 'them to be answered');
      } else await until(() => load.begun === QUERIES && load.held === 0, 'all of them');
      assert.equal(load.most, 100);
      socket.destroy();
    });

    it(`${stream.name}: as many as tcp.maxPipelined allows`, async () => {
      await start(stream, { tcp: { maxPipelined: 7 } });
      const socket = await openRaw(stream, port, own);
      socket.resume();
      socket.write(
        Buffer.concat([stream.greeting, ...Array.from({ length: 200 }, (_, i) => stream.query(i, 'a.test'))]),
      );
      await until(() => load.begun >= 7 && load.held === 0, 'the first ones');
      assert.equal(load.most, 7);
      socket.destroy();
    });
  }

  it('HTTP/1.1: what waits is given up when the client goes', async () => {
    await start(rawStreams.find(({ name }) => name === 'HTTPS by HTTP/1')!);
    const stream = rawStreams.find(({ name }) => name === 'HTTPS by HTTP/1')!;
    const socket = await openRaw(stream, port, own);
    socket.write(Buffer.concat(Array.from({ length: 1000 }, (_, i) => stream.query(i, 'a.test'))));
    await until(() => load.held === 100, 'as many as are allowed');
    socket.destroy();
    await until(() => server.stats().totals.tcpOpen === 0 && load.held === 0, 'the end of the connection');
    assert.ok(load.begun < 1000, `${load.begun} were begun`);
    assert.equal(server.stats().totals.inFlight, 0);
  });

  it('HTTP/1.1: answers come in the order of the requests, with their bodies whole', async () => {
    const stream = rawStreams.find(({ name }) => name === 'HTTPS by HTTP/1')!;
    await start(stream, { tcp: { maxPipelined: 3 } });
    const socket = await openRaw(stream, port, own);
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    const octets = Buffer.concat(Array.from({ length: 50 }, (_, i) => stream.query(i, `n${i}.test`)));
    for (let at = 0; at < octets.length; at += 100) {
      socket.write(octets.subarray(at, at + 100));
      await new Promise(setImmediate);
    }
    const names = (): string[] => [...heard.matchAll(/n(\d+)[^\w]test/g)].map(([, number]) => number);
    await until(() => new Set(names()).size === 50, 'all answers');
    assert.deepEqual(
      [...new Set(names())],
      Array.from({ length: 50 }, (_, i) => String(i)),
    );
    socket.destroy();
  });

  it('gRPC: a client that keeps to what the server says has all its calls answered', async () => {
    await start(rawStreams.find(({ name }) => name === 'gRPC without TLS')!);
    const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const same = (value: Buffer): Buffer => value;
    const answers = await Promise.all(
      Array.from(
        { length: 500 },
        () =>
          new Promise<Buffer>((resolve, reject) => {
            const path = '/coredns.dns.DnsService/Query';
            client.makeUnaryRequest(path, same, same, encodePacket(queryBytes('a.test')), (error, value) => {
              if (error === null && value !== undefined) resolve(value);
              else reject(error ?? new Error('no answer'));
            });
          }),
      ),
    );
    assert.equal(answers.length, 500);
    assert.equal(load.most, 100);
    client.close();
  });
});
