/** Every stream transport, spoken octet by octet: what a client would not send can be sent with it. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { encodePacket } from '../../dist/worker/grpc/grpc-packet.js';
import type { Certificate } from './certificate.js';
import { framed, queryBytes } from './clients.js';
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  fields,
  frame,
  HEADERS,
  PREFACE,
  request,
  SETTINGS,
  WINDOW,
  word,
} from './http2-frames.js';

/** A transport, and the octets of its protocol. */
export interface RawStream {
  name: string;
  transport: 'dns' | 'tls' | 'https' | 'grpc';
  encrypted: boolean;
  /** For ALPN; empty: none. */
  alpn: string[];
  /** What a client sends first. */
  greeting: Buffer;
  /** The `index`-th query of a connection, from 0. */
  query(index: number, name: string): Buffer;
  /** Messages that begin and do not end, by what is missing. */
  unfinished: Readonly<Record<string, Buffer>>;
}

const host = '127.0.0.1';
const half = framed(queryBytes('example.org')).subarray(0, 20);
const greeting2 = Buffer.concat([
  PREFACE,
  frame(SETTINGS, 0, 0, '00047fffffff'), // windows as wide as can be
  frame(WINDOW, 0, 0, word(0x7fff0000 - 65_535)),
]);
const call = fields(
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/coredns.dns.DnsService/Query'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
);

/** A call of gRPC on a stream of HTTP/2. */
export function grpcCall(stream: number, message: Uint8Array, head = call): Buffer {
  const packet = encodePacket(message);
  const body = Buffer.concat([Buffer.of(0), word(packet.length), packet]);
  return Buffer.concat([frame(HEADERS, END_HEADERS, stream, head), frame(DATA, END_STREAM, stream, body)]);
}

const tcp: Pick<RawStream, 'greeting' | 'query' | 'unfinished' | 'alpn'> = {
  alpn: [],
  greeting: Buffer.alloc(0),
  query: (_, name) => framed(queryBytes(name)),
  unfinished: { 'half a message': half, 'half a length': Buffer.of(0) },
};
const grpc: typeof tcp = {
  alpn: ['h2'],
  greeting: greeting2,
  query: (index, name) => grpcCall(2 * index + 1, queryBytes(name)),
  unfinished: {
    'half a preface': PREFACE.subarray(0, 9),
    'half a frame': Buffer.concat([greeting2, frame(HEADERS, END_HEADERS, 1, call).subarray(0, 20)]),
    'half a field block': Buffer.concat([greeting2, frame(HEADERS, 0, 1, call)]),
  },
};
const head1 = 'POST /dns-query HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/dns-message\r\n';

export const rawStreams: readonly RawStream[] = [
  { name: 'TCP', transport: 'dns', encrypted: false, ...tcp },
  { name: 'TLS', transport: 'tls', encrypted: true, ...tcp, alpn: ['dot'] },
  {
    name: 'HTTPS by HTTP/1',
    transport: 'https',
    encrypted: true,
    alpn: ['http/1.1'],
    greeting: Buffer.alloc(0),
    query: (_, name) => {
      const message = queryBytes(name);
      return Buffer.concat([Buffer.from(`${head1}content-length: ${message.length}\r\n\r\n`), message]);
    },
    unfinished: {
      'half a header': Buffer.from(head1),
      'half a body': Buffer.from(`${head1}content-length: 100\r\n\r\nabc`),
    },
  },
  {
    name: 'HTTPS by HTTP/2',
    transport: 'https',
    encrypted: true,
    ...grpc,
    query: (index, name) => request(2 * index + 1, queryBytes(name)),
  },
  { name: 'gRPC', transport: 'grpc', encrypted: true, ...grpc },
  { name: 'gRPC without TLS', transport: 'grpc', encrypted: false, ...grpc },
];

/** A connection that is open, encrypted where the transport is, and on which nothing has been sent. */
export async function openRaw({ encrypted, alpn }: RawStream, port: number, own: Certificate): Promise<Socket> {
  const options = { host, port, allowHalfOpen: true };
  const socket = encrypted
    ? connectTls({ ...options, ca: own.cert, servername: 'localhost', ALPNProtocols: alpn })
    : connectTcp(options);
  await once(socket, encrypted ? 'secureConnect' : 'connect');
  socket.on('error', () => undefined);
  return socket;
}
