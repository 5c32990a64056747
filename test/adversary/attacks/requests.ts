/** Requests of HTTP/1.1 and messages of gRPC that no client should send. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setTimeout as wait } from 'node:timers/promises';
import { queryOf } from '../../conformance/wire.js';
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  fields,
  frame,
  HEADERS,
  PREFACE,
  PSEUDO,
  SETTINGS,
} from '../../support/http2-frames.js';
import { holds, type Attack } from '../attack.js';
import { grpcMessage } from '../exchange.js';
import type { Random } from '../random.js';
import type { Listener, Target } from '../target.js';

const COUNT = 40;
const query = queryOf();
const get = (more = ''): string =>
  `GET /dns-query?dns=${query.toString('base64url')} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const post = (more: string, body: string): string =>
  `POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\n${more}\r\n${body}`;
const body = query.toString('latin1');

/** Requests that are wrong, or that two readers may understand in two ways. `PATH`: the listener's resource. */
const REQUESTS: readonly ((random: Random) => string)[] = [
  () => post(`Content-Length: ${query.length}\r\nContent-Length: 1\r\n`, body),
  () => post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\nGET / HTTP/1.1\r\n\r\n'),
  () =>
    post(
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
      `${query.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ),
  () => post('Transfer-Encoding: chunked\r\n', 'ffffffffffffffffff\r\na\r\n'),
  () => post('Transfer-Encoding: chunked\r\n', `${'1;x=y\r\na\r\n'.repeat(70_000)}0\r\n\r\n`),
  () => post('Content-Length: 70000\r\n', 'a'.repeat(70_000)),
  () => post('Content-Length: -1\r\n', ''),
  () => get('X: a\r\n b\r\n'),
  () => get(`X: ${'a'.repeat(70_000)}\r\n`),
  () => get('X: a\r\n'.repeat(3000)),
  () => get('Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'),
  () => get('Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n'),
  () => get('Expect: 200-maybe\r\n'),
  () => get(`X-Forwarded-For: ${'127.0.0.1,'.repeat(1500)}\r\n`),
  () => get(`Forwarded: for="${'\\\\'.repeat(7000)}\r\n`),
  () => get(`Forwarded: ${'for=127.0.0.1,'.repeat(1000)}\r\nX-Forwarded-For: unknown\r\n`),
  (random) => get(`Forwarded: ${random.octets(300).toString('latin1')}\r\nX-Forwarded-For: "\r\n`),
  () => 'CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: a\r\n\r\n',
  () => 'GET http://169.254.169.254/latest HTTP/1.1\r\nHost: b\r\n\r\n',
  () => 'GET /../../etc/passwd HTTP/1.1\r\nHost: ../..\r\n\r\n',
  () => 'GET PATH?a=%00%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n',
  () => 'TRACE PATH HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\n',
  () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
  () => 'GET PATH HTTP/0.9\r\n\r\n',
  (random) => `GET /${random.octets(30).toString('latin1')} HTTP/1.1\r\nHost: a\r\n\r\n`,
  (random) => random.octets(400).toString('latin1'),
];

/** Bodies of a gRPC call. */
const CALLS: readonly ((random: Random) => Buffer)[] = [
  () => Buffer.from([0, 0xff, 0xff, 0xff, 0xff]),
  () => Buffer.concat([Buffer.from([1]), grpcMessage(query).subarray(1)]),
  () => grpcMessage(Buffer.alloc(0)),
  () => Buffer.concat([grpcMessage(query), grpcMessage(query)]),
  () => Buffer.from([0, 0, 0, 0, 2, 0x0a, 0xff]),
  () => Buffer.from([0, 0, 0, 0, 11, 0x0a, ...Array<number>(10).fill(0xff)]),
  () => Buffer.alloc(100_000),
  (random) => random.octets(random.below(300)),
  (random) => grpcMessage(random.octets(1 + random.below(300))),
];

function octetsOf({ protocol, path = '/dns-query' }: Listener, random: Random): Buffer {
  if (protocol !== 'grpc') return Buffer.from(random.pick(REQUESTS)(random).replaceAll('PATH', path), 'latin1');
  const block = fields(
    PSEUDO[0],
    PSEUDO[1],
    [
      ':path',
      random.pick(['/coredns.dns.DnsService/Query', '/coredns.dns.DnsService/Watch', '/', `/${random.word()}`]),
    ],
    ['content-type', random.pick(['application/grpc', 'application/grpc+json', 'text/plain'])],
    ['grpc-timeout', random.pick(['1n', '99999999H', '-1S', 'x'])],
    ['grpc-encoding', random.pick(['identity', 'gzip', 'x'])],
  );
  const content = random.pick(CALLS)(random).subarray(0, 16_000);
  return Buffer.concat([
    PREFACE,
    frame(SETTINGS, 0, 0),
    frame(HEADERS, END_HEADERS, 1, block),
    frame(DATA, random.below(4) > 0 ? END_STREAM : 0, 1, content),
  ]);
}

function dial({ protocol, port }: Listener): Socket {
  const alpn = protocol === 'grpc' ? 'h2' : 'http/1.1';
  const socket =
    protocol === 'http'
      ? connect(port, '127.0.0.1')
      : connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: [alpn] });
  return socket.on('error', () => undefined);
}

async function send(target: Target, random: Random): Promise<void> {
  const listener = random.pick(target.listeners('https', 'grpc', 'http'));
  const sockets = Array.from({ length: COUNT }, () => {
    const socket = dial(listener);
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    socket.write(octetsOf(listener, random));
    return { socket, heard: () => heard };
  });
  await wait(700);
  for (const { socket } of sockets) socket.destroy();
  for (const { heard } of sockets) {
    // Nothing of a request comes back, and no file does.
    for (const secret of ['Cookie: secret', 'root:x:0:0', 'X: y'])
      holds(!heard().includes(secret), `${secret} came back`);
    if (listener.protocol !== 'grpc')
      holds(heard() === '' || heard().startsWith('HTTP/1.1 '), `no HTTP: ${JSON.stringify(heard().slice(0, 60))}`);
  }
}

export const requests: Attack = {
  name: 'requests',
  seconds: 2,
  suits: (target) => target.listeners('https', 'grpc', 'http').length > 0,
  run: (target, random) => target.during(() => send(target, random)),
};
