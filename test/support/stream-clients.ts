/** A client for each transport that is encrypted: asks one question on a connection of its own. */
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { request as requestHttp1 } from 'node:https';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import { decodePacket, encodePacket } from '../../dist/worker/grpc/grpc-packet.js';
import { framed, queryBytes } from './clients.js';

/** Who asks: the certificates that it trusts, and its own one. */
export type Identity = Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>;

/** Asks, and resolves with the reply; rejects without one. */
export type Ask = (port: number, identity: Identity, name?: string) => Promise<Buffer>;

const POST = { ':method': 'POST', ':path': '/dns-query', 'content-type': 'application/dns-message' };
const PATH = '/coredns.dns.DnsService/Query';
const host = '127.0.0.1';

const askTls: Ask = async (port, identity, name = 'example.org') => {
  const socket = connectTls({ host, port, servername: 'localhost', ALPNProtocols: ['dot'], ...identity });
  try {
    socket.on('error', () => undefined);
    socket.write(framed(queryBytes(name)));
    const [chunk] = (await Promise.race([
      once(socket, 'data'),
      once(socket, 'close').then(() => Promise.reject(new Error('closed'))),
    ])) as [Buffer];
    return chunk.subarray(2);
  } finally {
    socket.destroy();
  }
};

const askHttp1: Ask = async (port, identity, name = 'example.org') => {
  const headers = { 'content-type': 'application/dns-message' };
  const request = requestHttp1({ host, port, path: '/dns-query', method: 'POST', agent: false, headers, ...identity });
  request.end(queryBytes(name));
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const askHttp2: Ask = async (port, identity, name = 'example.org') => {
  const session = connectHttp2(`https://${host}:${port}`, identity);
  try {
    session.on('error', () => undefined);
    const stream = session.request(POST);
    stream.end(queryBytes(name));
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    if (chunks.length === 0) throw new Error('closed');
    return Buffer.concat(chunks);
  } finally {
    session.destroy();
  }
};

const askGrpc: Ask = async (port, { ca, cert, key }, name = 'example.org') => {
  const bytes = (text: unknown): Buffer | null => (text === undefined ? null : Buffer.from(text as string));
  const client = new grpc.Client(`${host}:${port}`, grpc.credentials.createSsl(bytes(ca), bytes(key), bytes(cert)), {
    'grpc.use_local_subchannel_pool': 1, // a connection of its own
    'grpc.ssl_target_name_override': 'localhost',
  });
  try {
    const same = (value: Buffer): Buffer => value;
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const packet = encodePacket(queryBytes(name));
      client.makeUnaryRequest(PATH, same, same, packet, { deadline: Date.now() + 5000 }, (error, value) => {
        if (error === null && value !== undefined) resolve(value);
        else reject(error ?? new Error('neither an error nor an answer'));
      });
    });
    return decodePacket(answer);
  } finally {
    client.close();
  }
};

/** What a test's table has a row for: a name, the transport of the server's address, and a client. */
export const encryptedClients: readonly { name: string; transport: 'tls' | 'https' | 'grpc'; ask: Ask }[] = [
  { name: 'TLS', transport: 'tls', ask: askTls },
  { name: 'HTTPS by HTTP/1', transport: 'https', ask: askHttp1 },
  { name: 'HTTPS by HTTP/2', transport: 'https', ask: askHttp2 },
  { name: 'gRPC', transport: 'grpc', ask: askGrpc },
];
