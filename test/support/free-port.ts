/** Ports for programs that cannot choose one by themselves. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port that is free for UDP and TCP, found where systems do not put the ports of clients. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const tcp = createServer().listen(port, '127.0.0.1');
    const udp = createSocket('udp4').bind(port, '127.0.0.1');
    const bound = await Promise.allSettled([once(tcp, 'listening'), once(udp, 'listening')]);
    const [tcpBound, udpBound] = bound.map(({ status }) => status === 'fulfilled');
    if (tcpBound) await new Promise((resolve) => tcp.close(resolve));
    if (udpBound) await new Promise<void>((resolve) => udp.close(resolve));
    if (tcpBound && udpBound) return port;
  }
}
