/** Attacks that send datagrams of many kinds, and look at each reply. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { holds, type Attack } from './attack.js';
import type { Random } from './random.js';

/** How {@link datagramAttack} makes and judges datagrams. */
export interface DatagramPlan {
  /** The number of datagrams. */
  count: number;
  /** The next datagram; its ID is `id`, by which its reply is found. */
  make: (random: Random, id: number) => Buffer;
  /** What is wrong with a reply; undefined: nothing. */
  judge: (asked: Buffer, reply: Buffer) => string | undefined;
}

/** An attack by UDP. It fails if a reply is wrong, or belongs to no datagram. */
export function datagramAttack(name: string, { count, make, judge }: DatagramPlan): Attack {
  return {
    name,
    seconds: 2,
    suits: (target) => target.listeners('dns').length > 0,
    run: (target, random) =>
      target.during(async () => {
        const [{ port }] = target.listeners('dns');
        const socket = createSocket('udp4').bind(0, '127.0.0.1');
        await once(socket, 'listening');
        const sent = new Map<number, Buffer>();
        const problems: string[] = [];
        socket.on('message', (reply) => {
          const asked = sent.get(reply.readUInt16BE(0));
          const problem = asked === undefined ? 'a reply to nothing that was sent' : judge(asked, reply);
          if (problem !== undefined) problems.push(`${problem}: ${asked?.toString('hex')} -> ${reply.toString('hex')}`);
        });
        for (let id = 0; id < count; id++) {
          const asked = make(random, id);
          sent.set(id, asked);
          socket.send(asked, port, '127.0.0.1');
          if (id % 50 === 0) await wait(10);
        }
        await wait(100);
        socket.close();
        holds(problems.length === 0, problems[0]);
      }),
  };
}
