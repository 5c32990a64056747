/** The question by which a server recognizes itself. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import packet from 'dns-packet';

/** A unique name, and how often it has been asked for: one number that all workers share. */
export interface Probe {
  /** As a query's `key`. */
  name: string;
  seen: SharedArrayBuffer;
}

/** A probe for a zone. */
export function createProbe(zone: string): Probe {
  const labels = `${randomNumber()}.${randomNumber()}`;
  return { name: zone === '.' ? labels : `${labels}.${zone}`, seen: new SharedArrayBuffer(4) };
}

/**
 * Asks a server for a name's HINFO by UDP; resolves with whether it answered within `timeout` milliseconds, whatever
 * the answer. `address`: numeric; empty: this host.
 */
export function sendProbe(name: string, address: string, port: number, timeout: number): Promise<boolean> {
  const message = packet.encode({
    type: 'query',
    id: randomBytes(2).readUInt16BE(),
    flags: packet.RECURSION_DESIRED,
    questions: [{ type: 'HINFO', name }],
  });
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const finish = (answered: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answered);
    };
    const timer = setTimeout(finish, timeout, false);
    socket.once('message', () => {
      finish(true);
    });
    // No process listens yet; the next try may succeed.
    socket.once('error', () => {
      finish(false);
    });
    socket.connect(port, address || '127.0.0.1', () => {
      socket.send(message);
    });
  });
}

/** As many bits as CoreDNS uses. */
function randomNumber(): string {
  return (randomBytes(8).readBigUInt64BE() >> 1n).toString();
}
