/** Clients that ask for zone transfers and read slowly, read nothing, or cut the connection. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { queryOf } from '../../conformance/wire.js';
import { framed } from '../../support/clients.js';
import { sign } from '../../support/other-opcodes.js';
import { holds, type Attack } from '../attack.js';
import type { Random } from '../random.js';
import type { Target } from '../target.js';
import { settles } from './streams.js';

const CONNECTIONS = 60;
const CLIENT = '127.0.0.5';
/** What the target may hold more while all clients are stalled, in MiB. A transfer holds one window of a connection. */
const MORE_MEMORY = 200;
/** The number of AXFR (RFC 5936). */
const AXFR = 252;

/** What a client does with what it gets. Each resolves when the client has nothing more to do. */
const BEHAVIOURS = {
  'reads nothing': (socket) => {
    socket.pause();
  },
  'reads slowly': (socket) => {
    const timer = setInterval(() => socket.read(512) as Buffer | null, 20);
    socket.pause();
    socket.once('close', () => {
      clearInterval(timer);
    });
  },
  'ends its side': (socket) => {
    socket.resume();
    socket.end();
  },
  cuts: (socket) => socket.once('data', () => socket.destroy()),
  resets: (socket) => socket.once('data', () => socket.resetAndDestroy()),
  'asks and leaves': (socket, random) => {
    setTimeout(() => socket.resetAndDestroy(), random.below(30));
  },
} satisfies Record<string, (socket: Socket, random: Random) => unknown>;

/** Several questions for one zone in a row. */
function questions(target: Target, random: Random): Buffer {
  const { zone, key } = target.plan.transfers!;
  const signing = key && { key: key.name, secret: Buffer.from(key.secret, 'base64') };
  return Buffer.concat(
    Array.from({ length: 1 + random.below(20) }, (_, id) => {
      const query = queryOf({ id, name: zone, type: random.pick([AXFR, AXFR, 1]) });
      return framed(signing ? sign(query, signing) : query);
    }),
  );
}

async function torment(target: Target, random: Random): Promise<void> {
  const [{ port }] = target.listeners('dns');
  const before = target.memory();
  const behaviours = Object.entries(BEHAVIOURS);
  let slow = 0;
  const sockets: Socket[] = [];
  try {
    for (let i = 0; i < CONNECTIONS; i++) {
      const socket = connect({ port, host: '127.0.0.1', localAddress: CLIENT, allowHalfOpen: true });
      socket.on('error', () => undefined);
      sockets.push(socket);
      await once(socket, 'connect');
      socket.write(questions(target, random));
      const [name, behave] = random.pick(behaviours);
      behave(socket, random);
      if (name === 'reads slowly') slow++;
    }
    await wait(1000);
    const more = target.memory() - before;
    holds(more < MORE_MEMORY, `${more.toFixed(0)} MiB more are in use`);
    // A client that reads nothing is cut off; a slow one may stay.
    if (target.plan.transfers!.stalls) {
      const open = await settles(port, slow, CLIENT);
      holds(open <= slow, `${open} connections are open, and ${slow} clients read on`);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

export const transfers: Attack = {
  name: 'transfers',
  seconds: 5,
  suits: (target) => target.plan.transfers !== undefined,
  run: (target, random) => target.during(() => torment(target, random)),
};
