/** Frames of HTTP/2, written and read octet by octet: what no client would send can be sent with them. */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { Certificate } from './certificate.js';

export interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** A frame (RFC 9113 s.4.1). `payload`: octets, or hexadecimal digits. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array | string = ''): Buffer {
  const octets = typeof payload === 'string' ? Buffer.from(payload.replaceAll(' ', ''), 'hex') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(octets.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, octets]);
}

/** A field block without tables or codes (RFC 7541 s.6.2.2). */
export function fields(...list: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string): Buffer => {
    const long = value.length >= 127;
    const head = Buffer.from([long ? 127 : value.length]);
    const rest: number[] = [];
    for (let left = value.length - 127; long; left >>= 7) {
      rest.push(left >= 128 ? (left & 127) | 128 : left);
      if (left < 128) break;
    }
    return Buffer.concat([head, Buffer.from(rest), Buffer.from(value, 'latin1')]);
  };
  return Buffer.concat(list.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** The complete frames at the start of `bytes`, and what follows them. */
export function readFrames(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length - at >= 9) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const payload = bytes.subarray(at + 9, end);
    frames.push({ type: bytes[at + 3], flags: bytes[at + 4], stream: bytes.readUInt32BE(at + 5), payload });
    at = end;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** A connection on which both sides have agreed on HTTP/2, and what has come by it. */
export class RawHttp2 {
  readonly socket: TLSSocket;
  readonly frames: Frame[] = [];
  closed = false;
  #rest: Buffer = Buffer.alloc(0);

  /** Connects to 127.0.0.1. */
  static async open(port: number, certificate: Certificate): Promise<RawHttp2> {
    const socket = connect({ port, host: '127.0.0.1', ca: certificate.cert, ALPNProtocols: ['h2'] });
    const raw = new RawHttp2(socket);
    await once(socket, 'secureConnect');
    return raw;
  }

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
    socket.on('data', (chunk: Buffer) => {
      const { frames, rest } = readFrames(Buffer.concat([this.#rest, chunk]));
      this.frames.push(...frames);
      this.#rest = rest;
    });
  }

  /** Sends octets at once. */
  send(...octets: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(octets));
  }

  /** Sends the preface and SETTINGS, whose payload is given. */
  greet(settings = ''): void {
    this.send(PREFACE, frame(4, 0, 0, settings));
  }
}
