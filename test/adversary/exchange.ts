/** One query by each protocol. */
import { connect as connectHttp2 } from 'node:http2';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { framed, udpExchange } from '../support/clients.js';
import type { Listener } from './target.js';

/** How long an answer may take, in ms. */
const PATIENCE = 3000;

/** The answer to a message, over UDP where the listener speaks plain DNS; undefined if none comes. `tls`: of the client. */
export async function exchange(
  { protocol, port }: Listener,
  message: Buffer,
  tls: ConnectionOptions = {},
): Promise<Buffer | undefined> {
  if (protocol === 'dns') return (await udpExchange(message, port, '127.0.0.1', PATIENCE))?.reply;
  if (protocol === 'tls') return byTls(port, message, tls);
  return byHttp2(protocol, port, message, tls);
}

async function byTls(port: number, message: Buffer, tls: ConnectionOptions): Promise<Buffer | undefined> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['dot'], ...tls });
  socket.on('error', () => undefined);
  socket.setTimeout(PATIENCE, () => socket.destroy());
  socket.on('secureConnect', () => socket.write(framed(message)));
  let input = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    input = Buffer.concat([input, chunk]);
    if (input.length >= 2 && input.length >= 2 + input.readUInt16BE(0)) socket.destroy();
  });
  await closed(socket);
  return input.length > 2 ? input.subarray(2, 2 + input.readUInt16BE(0)) : undefined;
}

async function byHttp2(
  protocol: Listener['protocol'],
  port: number,
  message: Buffer,
  tls: ConnectionOptions,
): Promise<Buffer | undefined> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
    ...tls,
  });
  session.on('error', () => undefined);
  session.setTimeout(PATIENCE, () => {
    session.destroy();
  });
  const grpc = protocol === 'grpc';
  const stream = session.request({
    ':method': 'POST',
    ':path': grpc ? '/coredns.dns.DnsService/Query' : '/dns-query',
    'content-type': grpc ? 'application/grpc' : 'application/dns-message',
    ...(grpc ? { te: 'trailers' } : {}),
  });
  const chunks: Buffer[] = [];
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.end(grpc ? grpcMessage(message) : message);
  await closed(stream);
  session.destroy();
  const body = Buffer.concat(chunks);
  if (!grpc) return body.length >= 12 ? body : undefined;
  return body.length > 7 ? withoutField(body.subarray(5)) : undefined;
}

/** Waits until a stream is closed, whether or not with an error. */
export async function closed(stream: Duplex): Promise<void> {
  if (stream.closed) return;
  await new Promise<void>((resolve) => {
    stream.once('close', () => {
      resolve();
    });
  });
}

/** A message of gRPC that has a DNS message for its first field. */
export function grpcMessage(message: Buffer): Buffer {
  const length = message.length < 128 ? [message.length] : [(message.length & 127) | 128, message.length >> 7];
  const field = Buffer.concat([Buffer.from([0x0a, ...length]), message]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(field.length, 1);
  return Buffer.concat([head, field]);
}

function withoutField(field: Buffer): Buffer {
  let at = 1;
  while (field[at] >= 128) at++;
  return field.subarray(at + 1);
}
