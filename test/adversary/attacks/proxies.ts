/** Headers of the PROXY protocol from a client that is no proxy. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { queryOf } from '../../conformance/wire.js';
import { framed } from '../../support/clients.js';
import { header1, header2, rawHeader2 } from '../../support/proxy-header.js';
import { holds, type Attack } from '../attack.js';
import type { Random } from '../random.js';

const COUNT = 100;
/** Whom the attacker would like to be: 198.18.77.77 and 2001:db8::4d4d. */
const ENDS = [
  { client: '198.18.77.77', clientPort: 77, local: '198.18.0.53', localPort: 53 },
  { client: '2001:db8::4d4d', clientPort: 77, local: '2001:db8::53', localPort: 53 },
] as const;
const FORGED = ['c6124d4d', '20010db8000000000000000000004d4d', Buffer.from('198.18.77.77').toString('hex')];

function forgedHeader(random: Random): Buffer {
  const ends = random.pick(ENDS);
  const kinds: (() => Buffer)[] = [
    () => header1(ends),
    () => header2(ends, 1),
    () => header2(ends, 2, random.octets(random.below(600))),
    () => rawHeader2(0x20 + random.below(3), random.below(256), random.octets(random.below(300))),
    () => header2(ends, 2).subarray(0, random.below(28)),
    () => Buffer.from(`PROXY ${'x'.repeat(random.below(200))}`),
    () => Buffer.concat([header2(ends, 2), header2(ends, 2), header1(ends)]),
  ];
  return random.pick(kinds)();
}

export const proxies: Attack = {
  name: 'proxies',
  seconds: 2,
  suits: (target) => target.listeners('dns').length > 0,
  run: (target, random) =>
    target.during(async () => {
      const [{ port }] = target.listeners('dns');
      const heard: Buffer[] = [];
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      await once(socket, 'listening');
      socket.on('message', (reply) => heard.push(reply));
      for (let id = 0; id < COUNT; id++) {
        const [header, query] = [forgedHeader(random), queryOf({ id })];
        socket.send(Buffer.concat([header, query]), port, '127.0.0.1');
        if (id % 4 > 0) continue;
        const stream = connect(port, '127.0.0.1');
        stream.on('error', () => undefined);
        stream.on('data', (chunk: Buffer) => heard.push(chunk));
        stream.end(Buffer.concat([header, framed(query)]));
      }
      await wait(300);
      socket.close();
      for (const reply of heard) {
        holds(!FORGED.some((hex) => reply.toString('hex').includes(hex)), `a forged client: ${reply.toString('hex')}`);
      }
    }),
};
