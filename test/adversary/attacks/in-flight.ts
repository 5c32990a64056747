/** One connection with more queries than it may have in flight. The upstream never answers them. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setTimeout as wait } from 'node:timers/promises';
import { queryOf } from '../../conformance/wire.js';
import { framed } from '../../support/clients.js';
import {
  END_HEADERS,
  END_STREAM,
  DATA,
  fields,
  frame,
  HEADERS,
  PREFACE,
  PSEUDO,
  SETTINGS,
  TYPE,
} from '../../support/http2-frames.js';
import { holds, type Attack } from '../attack.js';
import { grpcMessage } from '../exchange.js';
import type { Random } from '../random.js';
import type { Listener, Target } from '../target.js';
import { kinds } from '../upstream.js';

const COUNT = 600;
/** `tcp.maxPipelined`, and what the target may have accepted from others meanwhile. */
const LIMIT = 100 + 4;

/** How a protocol carries the queries. `http1`: https without HTTP/2. */
const CARRIERS: Readonly<
  Record<string, { protocol: Listener['protocol']; alpn?: string; octets: (messages: Buffer[]) => Buffer }>
> = {
  tcp: { protocol: 'dns', octets: (messages) => Buffer.concat(messages.map(framed)) },
  tls: { protocol: 'tls', alpn: 'dot', octets: (messages) => Buffer.concat(messages.map(framed)) },
  'http1-get': {
    protocol: 'https',
    alpn: 'http/1.1',
    octets: (messages) =>
      Buffer.from(
        messages.map((each) => `GET /dns-query?dns=${each.toString('base64url')} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''),
      ),
  },
  'http1-post': {
    protocol: 'https',
    alpn: 'http/1.1',
    octets: (messages) =>
      Buffer.concat(
        messages.flatMap((each) => [
          Buffer.from(
            `POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: ${TYPE[1]}\r\nContent-Length: ${each.length}\r\n\r\n`,
          ),
          each,
        ]),
      ),
  },
  http2: { protocol: 'https', alpn: 'h2', octets: (messages) => streamsOf(messages, fields(...PSEUDO, TYPE)) },
  grpc: {
    protocol: 'grpc',
    alpn: 'h2',
    octets: (messages) =>
      streamsOf(
        messages.map(grpcMessage),
        fields(
          PSEUDO[0],
          PSEUDO[1],
          [':path', '/coredns.dns.DnsService/Query'],
          ['content-type', 'application/grpc'],
          ['te', 'trailers'],
        ),
      ),
  },
};

function streamsOf(bodies: readonly Buffer[], block: Buffer): Buffer {
  const streams = bodies.flatMap((body, i) => [
    frame(HEADERS, END_HEADERS, 2 * i + 1, block),
    frame(DATA, END_STREAM, 2 * i + 1, body),
  ]);
  return Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), ...streams]);
}

async function dial(port: number, alpn: string | undefined): Promise<Socket> {
  const socket =
    alpn === undefined
      ? connect(port, '127.0.0.1')
      : connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: [alpn] });
  socket.on('error', () => undefined).resume();
  await once(socket, alpn === undefined ? 'connect' : 'secureConnect');
  return socket;
}

async function crowd(target: Target, random: Random): Promise<void> {
  const { upstream } = target.plan;
  const names = Object.keys(CARRIERS).filter((each) => target.listeners(CARRIERS[each].protocol).length > 0);
  const name = random.pick(names);
  const { protocol, alpn, octets } = CARRIERS[name];
  const [{ port }] = target.listeners(protocol);
  const socket = await dial(port, alpn);
  const tag = random.word();
  const messages = Array.from({ length: COUNT }, (_, i) =>
    queryOf({ name: `${kinds.silent}${tag}-${i}.example`, id: i }),
  );
  try {
    socket.write(octets(messages));
    await wait(1000);
    const asked = new Set(upstream?.names().filter((each) => each.includes(tag)));
    holds(asked.size <= LIMIT, `${name}: ${asked.size} queries of one connection are in flight`);
  } finally {
    socket.destroy();
  }
}

export const inFlight: Attack = {
  name: 'in-flight',
  seconds: 3,
  suits: (target) => target.has('forward'),
  run: (target, random) => target.during(() => crowd(target, random)),
};
