/** Connections that drip, flood, stall and read nothing, on each kind of listener. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setTimeout as wait } from 'node:timers/promises';
import { framed, queryBytes } from '../../support/clients.js';
import { connectionsAt } from '../../support/ss.js';
import { holds, type Attack } from '../attack.js';
import type { Random } from '../random.js';
import type { Listener, Target } from '../target.js';

const CONNECTIONS = 120;
/** Connections that one client may have (`tcp.maxConnectionsPerClient`), and an endpoint's bound. */
const [PER_CLIENT, ENDPOINT] = [256, 64];

async function dial({ protocol, port }: Listener, secure: boolean, localAddress: string): Promise<Socket> {
  const plain = connect({ port, host: '127.0.0.1', localAddress });
  plain.on('error', () => undefined);
  if (!secure) {
    await settled(plain, 'connect');
    return plain;
  }
  const ALPNProtocols = { tls: ['dot'], https: ['http/1.1'], grpc: ['h2'], dns: [], http: [] }[protocol];
  const socket = connectTls({ socket: plain, rejectUnauthorized: false, ALPNProtocols });
  socket.on('error', () => undefined);
  await settled(socket, 'secureConnect');
  return socket;
}

/** Waits until a connection is made or closed. */
async function settled(socket: Socket, event: string): Promise<void> {
  if (socket.closed) return;
  await new Promise<void>((resolve) => {
    for (const each of [event, 'close'])
      socket.once(each, () => {
        resolve();
      });
  });
}

/** How many connections a listener has, as soon as they are not more than `limit`, or after 3 s. */
export async function settles(port: number, limit: number, client = ''): Promise<number> {
  for (let i = 0; ; i++) {
    const open = await connectionsAt(port, client);
    if (open <= limit || i === 20) return open;
    await wait(150);
  }
}

/** What a connection sends at first, and what it repeats. */
function behaviour(random: Random, protocol: Listener['protocol']): readonly [first: Buffer, then: Buffer] {
  const query = framed(queryBytes('www.example.org'));
  const http = Buffer.from('GET /dns-query HTTP/1.1\r\nHost: a\r\n');
  const none = Buffer.alloc(0);
  const choices: readonly (readonly [Buffer, Buffer])[] = [
    [none, none],
    [Buffer.from([0]), none],
    [query.subarray(0, 1 + random.below(query.length - 1)), none],
    [Buffer.from([0xff, 0xff]), Buffer.from([random.below(256)])],
    [Buffer.concat(Array.from({ length: 2000 }, () => query)), query],
    [random.octets(2000), random.octets(10)],
    [Buffer.alloc(4000), Buffer.alloc(100)],
    [http, Buffer.from('X: a\r\n')],
    [Buffer.from('POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n'), Buffer.from('a')],
    [Buffer.concat(Array.from({ length: 500 }, () => Buffer.from('GET /health HTTP/1.1\r\nHost: a\r\n\r\n'))), none],
  ];
  return random.pick(protocol === 'http' ? choices.slice(7) : choices);
}

async function torment(target: Target, random: Random): Promise<void> {
  const listener = random.pick(target.plan.listeners);
  const secure = ['tls', 'https', 'grpc'].includes(listener.protocol) && random.below(3) > 0;
  const sockets: Socket[] = [];
  try {
    for (let i = 0; i < CONNECTIONS; i++) {
      const socket = await dial(listener, secure, '127.0.0.3');
      sockets.push(socket);
      const [first, then] = behaviour(random, listener.protocol);
      if (random.below(2) === 0) socket.pause();
      else socket.resume();
      socket.write(first);
      if (then.length > 0) socket.write(then);
    }
    await wait(300);
    if (listener.protocol === 'http') {
      const open = await settles(listener.port, ENDPOINT);
      holds(open <= ENDPOINT, `${open} connections are open at ${listener.path}`);
      const response = await fetch(`http://127.0.0.1:${listener.port}${listener.path}`, {
        signal: AbortSignal.timeout(3000),
      });
      holds(response.status === 200, `${listener.path} answers ${response.status}`);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

export const streams: Attack = {
  name: 'streams',
  seconds: 4,
  suits: () => true,
  run: (target, random) => target.during(() => torment(target, random)),
};

export const crowd: Attack = {
  name: 'crowd',
  seconds: 4,
  suits: (target) => target.listeners('dns', 'tls', 'https', 'grpc').length > 0,
  run: (target, random) =>
    target.during(async () => {
      const listener = random.pick(target.listeners('dns', 'tls', 'https', 'grpc'));
      const sockets: Socket[] = [];
      try {
        for (let i = 0; i < PER_CLIENT + 100; i++) sockets.push(await dial(listener, false, '127.0.0.4'));
        const open = await settles(listener.port, PER_CLIENT, '127.0.0.4');
        holds(open <= PER_CLIENT, `${open} connections of one client`);
      } finally {
        for (const socket of sockets) socket.destroy();
      }
    }),
};
