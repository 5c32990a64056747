/** What one client may learn of another through the cache. */
import { queryOf, readReply } from '../../conformance/wire.js';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { holds, type Attack } from '../attack.js';
import type { Random } from '../random.js';
import type { Target } from '../target.js';

/** Asks from an address of its own. Resolves to the reply's records and the port that it was sent to. */
async function askFrom(address: string, message: Buffer, port: number): Promise<{ text: string; from: number }> {
  const socket = createSocket('udp4').bind(0, address);
  await once(socket, 'listening');
  const from = socket.address().port;
  const answered = once(socket, 'message', { signal: AbortSignal.timeout(3000) }) as Promise<[Buffer]>;
  socket.send(message, port, '127.0.0.1');
  try {
    const { answer, authority, additional } = readReply((await answered)[0]);
    return { text: [...answer, ...authority, ...additional].join('\n'), from };
  } finally {
    socket.close();
  }
}

async function leak(target: Target, random: Random): Promise<void> {
  const [{ port }] = target.listeners('dns');
  const name = random.below(2) === 0 ? 'www.example.org' : `${random.word()}.example.org`;
  const type = random.pick(['A', 'AAAA', 'TXT', 'SRV'] as const);
  const clients = Array.from({ length: 6 }, () => `127.0.${1 + random.below(250)}.${1 + random.below(250)}`);
  const heard: { address: string; from: number }[] = [];
  for (const address of clients) {
    const { text, from } = await askFrom(address, queryOf({ name, type }), port);
    for (const other of heard) {
      holds(
        other.address === address || !mentions(text, other.address),
        `${address} hears of ${other.address}: ${text}`,
      );
      const tells = target.plan.name.includes('whoami') || text.includes('SRV');
      holds(
        !tells || other.from === from || !text.includes(` ${other.from} `),
        `${address} hears of port ${other.from}: ${text}`,
      );
    }
    heard.push({ address, from });
  }
}

function mentions(text: string, address: string): boolean {
  return text.split(/[\s"]+/).includes(address);
}

export const sharing: Attack = {
  name: 'sharing',
  seconds: 3,
  suits: (target) => target.has('client-in-answer') && target.listeners('dns').length > 0,
  run: (target, random) => target.during(() => leak(target, random)),
};
