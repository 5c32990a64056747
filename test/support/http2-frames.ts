/** Frames of HTTP/2, written and read octet by octet: what no client would send can be sent with them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import packet from 'dns-packet';
import type { Certificate } from './certificate.js';
import { queryBytes } from './clients.js';
import { until } from './server.js';

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

export const [DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION] = Array(10).keys();
export const [END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIZED] = [1, 1, 4, 8, 0x20];
export const [NO_ERROR, PROTOCOL, FLOW_CONTROL, CLOSED, FRAME_SIZE, REFUSED, COMPRESSION, CALM] = [
  0, 1, 3, 5, 6, 7, 9, 11,
];
export const PSEUDO = [
  [':method', 'POST'],
  [':scheme', 'https'],
  [':path', '/dns-query'],
] as const;
export const TYPE = ['content-type', 'application/dns-message'] as const;
export const message = queryBytes('www.example.org', 'A', { id: 0 });
export const post = fields(...PSEUDO, TYPE);
/** A POST on a stream: its header in one frame, and its body in another. */
export const request = (stream: number, body = message): Buffer =>
  Buffer.concat([frame(HEADERS, END_HEADERS, stream, post), frame(DATA, END_STREAM, stream, body)]);
export const word = (value: number): Buffer => {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
};

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

/** The first frame of a type, on a stream when it is said; it may come yet. */
export async function frameOf(connection: RawHttp2, type: number, stream?: number): Promise<Frame> {
  const found = (): Frame | undefined =>
    connection.frames.find((each) => each.type === type && each.stream === (stream ?? each.stream));
  await until(() => found() !== undefined || connection.closed, `a frame of type ${type}`);
  return found() ?? assert.fail(`closed without a frame of type ${type}`);
}

/** That a stream has an answer with a record or more. */
export async function answered(connection: RawHttp2, stream: number): Promise<void> {
  const { payload } = await frameOf(connection, DATA, stream);
  assert.ok((packet.decode(payload).answers ?? []).length > 0);
}
