/** The HTTP servers of `health`, `ready` and `prometheus`, and clients that mean them harm. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import type { CorefileServer } from 'multisocket';
import { HttpEndpoint } from '../../dist/directives/http-endpoint.js';
import { serveCorefile } from '../support/corefile-server.js';
import { freePort } from '../support/free-port.js';
import { get } from '../support/http.js';
import { connectionsAt } from '../support/ss.js';
import { until } from '../support/server.js';

/** Connections of an endpoint at a time. */
const LIMIT = 64;

/** Slow clients, each by what it sends at first and what it repeats every 100 ms. */
const SLOW: readonly (readonly [what: string, first: string, then: string])[] = [
  ['sends nothing', '', ''],
  ['sends half a request line', 'GET /hea', ''],
  ['sends half a header', 'GET PATH HTTP/1.1\r\nHost: a\r\n', ''],
  ['drips a header', 'GET PATH HTTP/1.1\r\nHost: a\r\n', 'X-a: b\r\n'],
  ['drips one octet at a time', 'GET PATH HTTP/1.1\r\nX: ', 'a'],
  ['sends half a body', 'POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n', ''],
  ['drips a body', 'GET PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n', 'a'],
  ['drips chunks', 'GET PATH HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\na\r\n'],
  [
    'waits to be told to continue',
    'POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n',
    '',
  ],
  ['asks to upgrade', 'GET PATH HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n', ''],
  ['keeps the connection', 'GET PATH HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n', '\r\n'],
  ['reads nothing', 'GET PATH HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(500), ''],
];

describe('the endpoints of health, ready and prometheus', () => {
  const ports: Record<string, number> = {};
  const open = new Set<Socket>();
  let server: CorefileServer;

  const dial = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    await once(socket, 'connect');
    return socket;
  };
  /** What comes on a connection until it is closed. */
  const exchange = async (port: number, request: string | Uint8Array): Promise<string> => {
    const socket = await dial(port);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.write(request);
    await until(() => socket.destroyed, 'the connection to be closed');
    return Buffer.concat(chunks).toString('latin1');
  };

  before(async () => {
    for (const path of ['/health', '/ready', '/metrics']) ports[path] = await freePort();
    const [health, ready, metrics] = Object.values(ports).map((port) => `127.0.0.1:${port}`);
    ({ server } = await serveCorefile(`.:0 {\n health ${health}\n ready ${ready}\n prometheus ${metrics}\n whoami\n}`));
  });
  after(() => server.close());
  afterEach(() => {
    for (const socket of open) socket.destroy();
  });

  for (const path of ['/health', '/ready', '/metrics']) {
    it(`${path}: of 300 slow connections few are held, for 5 s at most, and others are answered meanwhile`, async () => {
      const port = ports[path];
      const dripping: NodeJS.Timeout[] = [];
      for (let i = 0; i < 300; i++) {
        const [what, first, then] = SLOW[i % SLOW.length];
        const socket = await dial(port);
        if (what === 'reads nothing') socket.pause();
        else socket.resume();
        socket.write(first.replaceAll('PATH', path));
        if (then !== '') dripping.push(setInterval(() => socket.writable && socket.write(then), 100));
        if (i % 50 === 0) assert.equal((await get(port, path))[0], 200);
      }
      // Those that read nothing do not learn that they were closed.
      const held = (): number => [...open].filter((socket) => !socket.isPaused()).length;
      await until(() => held() <= LIMIT, 'the oldest connections to be closed');
      assert.equal((await get(port, path))[0], 200);
      await until(() => held() === 0, 'all connections to be closed');
      assert.equal(await connectionsAt(port), 0);
      for (const timer of dripping) clearInterval(timer);
    });
  }

  it('one connection carries one request', async () => {
    const get = 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n';
    const received = await exchange(ports['/health'], get.repeat(10_000));
    assert.equal(received.match(/HTTP\/1.1 200/g)?.length, 1);
    assert.match(received, /connection: close/i);
  });

  it('a header that is too long is refused, and a body is not read', async () => {
    const long = await exchange(ports['/ready'], `GET /ready HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(9000)}\r\n\r\n`);
    assert.match(long, /^HTTP\/1.1 431 /);
    const posted = await exchange(
      ports['/metrics'],
      'POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n',
    );
    assert.match(posted, /^HTTP\/1.1 405 /);
    assert.match(posted, /allow: GET, HEAD/i);
  });

  it('paths, fields and their values are data: they never come back', async () => {
    const octets = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(octets, octets, async (path, host) => {
        const parts = [Buffer.from('GET /q'), path, Buffer.from(' HTTP/1.1\r\nHost: h'), host, Buffer.from('\r\n\r\n')];
        const received = await exchange(ports['/metrics'], Buffer.concat(parts));
        const status = /^HTTP\/1.1 (\d+) /.exec(received)?.[1] ?? 'closed';
        assert.ok(['400', '404', 'closed'].includes(status), received);
        if (status === '404') assert.ok(received.endsWith('\r\n\r\n404 page not found\n'), received);
      }),
      { numRuns: 200, interruptAfterTimeLimit: 20_000 },
    );
  });

  it('requests at the same time share one answer', async () => {
    let calls = 0;
    const endpoint = await HttpEndpoint.open({ host: '127.0.0.1', port: 0 }, '/', async () => {
      const body = String(++calls);
      await wait(200);
      return { status: 200, body };
    });
    const ask = (): Promise<[number, string]> => get(endpoint.port, '/');
    const first = ask();
    await until(() => calls === 1, 'the first request');
    const answers = await Promise.all([first, ...Array.from({ length: 40 }, ask)]);
    assert.equal(answers[0][1], '1');
    assert.ok(calls <= 2, `${calls} calls`);
    await endpoint.close();
  });
});
