/** Answers of an upstream that are forged or malformed. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { queryOf, readReply } from '../../conformance/wire.js';
import { holds, type Attack } from '../attack.js';
import { exchange } from '../exchange.js';
import type { Random } from '../random.js';
import type { Target } from '../target.js';
import { addressOf, kinds, MALFORMED, POISON, RACE } from '../upstream.js';

const COUNT = 400;
/** Upstream queries for one name at a time: one, and one again after a lost datagram. */
const LIMIT = 4;
const EDE_CODES = new Set(['22', '23']);

/** Many equal questions at once: a forger must not get as many chances as there are clients. */
async function birthday(target: Target, random: Random): Promise<void> {
  const { upstream } = target.plan;
  const [{ port }] = target.listeners('dns');
  const name = `${kinds.race}${random.word()}.example`;
  const sockets = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      await once(socket, 'listening');
      return socket;
    }),
  );
  const replies = new Map<string, Buffer>();
  for (const [i, socket] of sockets.entries())
    socket.on('message', (reply) => replies.set(`${i} ${reply.readUInt16BE(0)}`, reply));
  for (let i = 0; i < COUNT; i++)
    sockets[i % 4].send(queryOf({ name: randomCase(name, random), id: i }), port, '127.0.0.1');
  for (let i = 0; i < 30 && replies.size < COUNT; i++) await wait(RACE / 3);
  for (const socket of sockets) socket.close();
  const asked = upstream?.names().filter((each) => each.toLowerCase() === name).length ?? 0;
  holds(asked <= LIMIT, `${asked} upstream queries for ${COUNT} equal questions in flight`);
  for (const reply of replies.values()) {
    const { answer } = readReply(reply);
    holds(!answer.some((record) => record.endsWith(POISON)), 'a forged answer was accepted');
  }
  const right = [...replies.values()].filter((reply) =>
    readReply(reply).answer[0]?.endsWith(` ${addressOf(name)}`),
  ).length;
  // The kernel may lose datagrams of a burst.
  holds(right > COUNT / 4, `${right} of ${COUNT} clients have the right answer`);
}

function randomCase(name: string, random: Random): string {
  return name.replace(/[a-z]/g, (letter) => (random.below(2) === 0 ? letter.toUpperCase() : letter));
}

/** Malformed answers: each must become SERVFAIL, for the next client as well. */
async function malformed(target: Target, random: Random): Promise<void> {
  const listener = target.listeners('dns', 'https')[0];
  for (const kind of random.shuffle(Object.keys(MALFORMED))) {
    const name = `${kinds.malformed}${kind}-${random.word(6)}.example`;
    for (let i = 0; i < 2; i++) {
      const reply = await exchange(listener, queryOf({ name, id: i, opt: {} }));
      // Without an answer within its patience, the client was not deceived.
      if (reply === undefined) continue;
      let told;
      try {
        told = readReply(reply);
      } catch (error) {
        holds(false, `${kind}: a malformed answer was passed on: ${String(error)} ${reply.toString('hex')}`);
      }
      const { rcode, answer, opt } = told;
      holds(rcode === 2 && answer.length === 0, `${kind}: code ${rcode}, ${answer.join('; ')}`);
      const codes = [...(opt ?? '').matchAll(/ 15:([0-9a-f]{4})/g)].map(([, code]) => String(parseInt(code, 16)));
      holds(
        codes.some((code) => EDE_CODES.has(code)),
        `${kind}: SERVFAIL without an extended error 22 or 23: ${opt}`,
      );
    }
  }
}

export const birthdays: Attack = {
  name: 'birthday',
  seconds: 3,
  suits: (target) => target.has('forward') && target.listeners('dns').length > 0,
  run: (target, random) => target.during(() => birthday(target, random)),
};

export const malformedAnswers: Attack = {
  name: 'malformed-answers',
  seconds: 20,
  suits: (target) => target.has('forward'),
  run: (target, random) => target.during(() => malformed(target, random)),
};
