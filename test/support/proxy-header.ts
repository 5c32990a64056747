/** Headers of the PROXY protocol, and clients that send them as a proxy does. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { setImmediate as turn } from 'node:timers/promises';
import type { Certificate } from './certificate.js';
import type { RawStream } from './raw-streams.js';

/** The two ends in a header. */
export interface HeaderEnds {
  client: string;
  clientPort: number;
  local: string;
  localPort: number;
}

export const ENDS4: HeaderEnds = { client: '192.0.2.77', clientPort: 4077, local: '198.51.100.53', localPort: 5353 };
export const ENDS6: HeaderEnds = { client: '2001:db8::77', clientPort: 4078, local: '2001:db8::53', localPort: 53 };
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n');

/** A header of version 1. */
export function header1({ client, clientPort, local, localPort }: HeaderEnds): Buffer {
  const family = client.includes(':') ? 'TCP6' : 'TCP4';
  return Buffer.from(`PROXY ${family} ${client} ${local} ${clientPort} ${localPort}\r\n`);
}

/** A header of version 2 for streams (`protocol` 1) or datagrams (2), with TLVs behind the addresses. */
export function header2(ends: HeaderEnds, protocol: 1 | 2 = 1, tlvs: Uint8Array = Buffer.alloc(0)): Buffer {
  const ipv6 = ends.client.includes(':');
  const ports = Buffer.from([ends.clientPort >> 8, ends.clientPort & 255, ends.localPort >> 8, ends.localPort & 255]);
  const block = Buffer.concat([octetsOf(ends.client), octetsOf(ends.local), ports, tlvs]);
  return rawHeader2(0x21, (ipv6 ? 0x20 : 0x10) | protocol, block);
}

/** A header of version 2 with any octets. */
export function rawHeader2(command: number, family: number, block: Uint8Array): Buffer {
  return Buffer.concat([SIGNATURE, Buffer.from([command, family, block.length >> 8, block.length & 255]), block]);
}

/** The octets of an address; of an IPv6 address with at most one `::`. */
function octetsOf(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [head, tail] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** A stream over a socket that sends `first` in front of the first octets that are written. */
class Prefixed extends Duplex {
  readonly #socket: Socket;
  #first: Buffer;

  constructor(socket: Socket, first: Buffer) {
    super();
    this.#socket = socket;
    this.#first = first;
    socket.on('data', (chunk) => this.push(chunk));
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy());
    socket.on('error', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const octets = Buffer.concat([this.#first, chunk]);
    this.#first = Buffer.alloc(0);
    this.#socket.write(octets, () => {
      done();
    });
  }

  override _final(done: () => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}

/**
 * Opens a connection that begins with `header`: in one segment with what follows it (`'together'`), or octet by octet.
 * `from`: the address that it comes from. It is encrypted where the transport is.
 */
export async function openProxied(
  { encrypted, alpn }: RawStream,
  port: number,
  own: Certificate,
  header: Buffer,
  how: 'together' | 'octet by octet' = 'together',
  from = '127.0.0.1',
): Promise<Duplex> {
  const socket = connectTcp({ host: '127.0.0.1', port, localAddress: from, noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  if (how === 'octet by octet') {
    for (const octet of header) {
      socket.write(Buffer.of(octet));
      await turn();
    }
  }
  const stream = new Prefixed(socket, how === 'together' ? header : Buffer.alloc(0));
  if (!encrypted) return stream;
  const secure = connectTls({ socket: stream, ca: own.cert, servername: 'localhost', ALPNProtocols: alpn });
  secure.on('error', () => undefined);
  return secure;
}
