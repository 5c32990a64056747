/** The server of the conformance suite, on every transport, and its clients. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { createServer, type Handler, type Server } from 'multisocket';
import { ZoneFilesHandler } from '../support/zone-files.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { framed, TcpClient, udpExchange } from '../support/clients.js';
import { answerTest, answerTransaction } from './handler.js';
import { ZONES } from './zones.js';

/** How a message travels. */
export type Transport = 'udp' | 'tcp' | 'tls' | 'https';

/** An answer by HTTP. */
export interface HttpAnswer {
  status: number;
  headers: Record<string, unknown>;
  body: Buffer;
}

/** The key of the server with the opcodes NOTIFY and UPDATE. */
export const TRANSACTION_KEY = { name: 'test.key', secret: 'MDEyMzQ1Njc4OWFiY2RlZg==' } as const;

/** The server under test, and its clients. */
export class Site {
  readonly ports: Record<Transport, number>;
  /** The port of the same server with an answer cache, by UDP and TCP. */
  readonly cachedPort: number;
  /** The port of a server with the opcodes NOTIFY and UPDATE, and a key, by UDP and TCP. */
  readonly transactionsPort: number;
  readonly certificate: Certificate;
  readonly folder: string;
  /** How often the handler behind the cache was called. */
  readonly calls: () => number;
  readonly #servers: readonly Server[];
  readonly #file: ZoneFilesHandler;
  #http: ClientHttp2Session | undefined;
  #tcp: TcpClient | undefined;
  #tls: TLSSocket | undefined;

  private constructor(
    servers: readonly Server[],
    file: ZoneFilesHandler,
    certificate: Certificate,
    folder: string,
    calls: () => number,
  ) {
    const [server, cached, transactions] = servers;
    this.#servers = servers;
    this.#file = file;
    this.certificate = certificate;
    this.folder = folder;
    this.calls = calls;
    const [plain, tls, https] = server.addresses().map(({ port }) => port);
    this.ports = { udp: plain, tcp: plain, tls, https };
    this.cachedPort = cached.addresses()[0].port;
    this.transactionsPort = transactions.addresses()[0].port;
  }

  static async start(): Promise<Site> {
    const certificate = await makeCertificate();
    const folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
    const uses = Object.entries(ZONES).map(([zone, text]) => {
      const file = join(folder, zone);
      writeFileSync(file, text, 'latin1');
      return { file, zones: [zone], reload: 0, fallthrough: [] };
    });
    // One whose file is not there yet.
    uses.push({ file: join(folder, 'missing'), zones: ['missing.example'], reload: 3_600_000, fallthrough: [] });
    const logger = { ...console, warn: () => undefined };
    const file = await ZoneFilesHandler.start(uses, logger);
    let calls = 0;
    const handler: Handler = (query, reply) => {
      calls++;
      return file.handle(query, reply, answerTest);
    };
    const options = { sockets: 1, workers: 0, handler, handlerTimeout: 200, tls: certificate } as const;
    const server = createServer({ ...options, listen: ['127.0.0.1:0', 'tls://127.0.0.1:0', 'https://127.0.0.1:0'] });
    const cached = createServer({ ...options, listen: '127.0.0.1:0', cache: { maxBytes: 1 << 20, serveStale: 60 } });
    const transactions = createServer({
      ...options,
      listen: '127.0.0.1:0',
      handler: answerTransaction,
      opcodes: ['QUERY', 'NOTIFY', 'UPDATE'],
      tsig: { keys: [TRANSACTION_KEY] },
    });
    for (const each of [server, cached, transactions]) {
      each.on('warning', () => undefined); // handlers that fail on purpose
      await each.listen();
    }
    return new Site([server, cached, transactions], file, certificate, folder, () => calls);
  }

  async stop(): Promise<void> {
    this.#http?.destroy();
    this.#tcp?.close();
    this.#tls?.destroy();
    for (const server of this.#servers) await server.close();
    await this.#file.close();
    rmSync(this.folder, { recursive: true });
  }

  /** The reply to a message; rejects when none comes. */
  async exchange(transport: Transport, message: Uint8Array, port = this.ports[transport]): Promise<Buffer> {
    if (transport === 'udp') {
      const answered = await udpExchange(message, port);
      if (answered === undefined) throw new Error('no reply');
      return answered.reply;
    }
    if (transport === 'https') {
      const { status, body } = await this.post(message);
      if (status !== 200) throw new Error(`HTTP status ${status}`);
      return body;
    }
    if (transport === 'tls') {
      if (this.#tls === undefined || this.#tls.destroyed) this.#tls = await this.openTls();
      return exchangeFramed(this.#tls, message);
    }
    if (port !== this.ports.tcp) {
      const client = await TcpClient.connect(port);
      const reply = await client.exchange(message);
      client.close();
      if (reply === undefined) throw new Error('no reply');
      return reply;
    }
    if (this.#tcp === undefined || this.#tcp.socket.destroyed) this.#tcp = await TcpClient.connect(port);
    const reply = await this.#tcp.exchange(message);
    if (reply === undefined) throw new Error('no reply');
    return reply;
  }

  /** The same by the server that has a cache. */
  async exchangeCached(message: Uint8Array, transport: 'udp' | 'tcp' = 'udp'): Promise<Buffer> {
    return this.exchange(transport, message, this.cachedPort);
  }

  /** What comes first after several messages, by a socket of their own. */
  async firstReply(transport: 'udp' | 'tcp' | 'tls', messages: readonly Uint8Array[]): Promise<Buffer> {
    if (transport === 'udp') {
      const socket = createSocket('udp4');
      const answered = once(socket, 'message', { signal: AbortSignal.timeout(20_000) }) as Promise<[Buffer]>;
      for (const message of messages) socket.send(message, this.ports.udp, '127.0.0.1');
      const [reply] = await answered;
      socket.close();
      return reply;
    }
    if (transport === 'tcp') {
      const client = await TcpClient.connect(this.ports.tcp);
      client.socket.write(Buffer.concat(messages.map(framed)));
      const reply = await client.next();
      client.close();
      if (reply === undefined) throw new Error('closed without a reply');
      return reply;
    }
    const socket = await this.openTls();
    const reply = await exchangeFramed(socket, ...messages);
    socket.destroy();
    return reply;
  }

  /** A connection by TLS that has agreed on `dot`. */
  async openTls(options: object = {}): Promise<TLSSocket> {
    const ca = this.certificate.cert;
    const socket = connectTls({ port: this.ports.tls, host: '127.0.0.1', ca, ALPNProtocols: ['dot'], ...options });
    await once(socket, 'secureConnect');
    return socket;
  }

  /** Sends a message by HTTP/2. */
  post(message: Uint8Array, type = 'application/dns-message', path = '/dns-query'): Promise<HttpAnswer> {
    return this.request({ ':method': 'POST', ':path': path, 'content-type': type }, message);
  }

  /** A request by HTTP/2. */
  async request(headers: Record<string, string>, body?: Uint8Array): Promise<HttpAnswer> {
    const { https } = this.ports;
    // Connections that rest for ten seconds are closed.
    if (this.#http === undefined || this.#http.destroyed || this.#http.closed) {
      this.#http = connectHttp2(`https://127.0.0.1:${https}`, { ca: this.certificate.cert });
    }
    const stream = this.#http.request(headers);
    stream.end(body);
    const [received] = (await once(stream, 'response')) as [Record<string, unknown>];
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { status: Number(received[':status']), headers: received, body: Buffer.concat(chunks) };
  }
}

/** Sends messages by a stream and reads one. */
export async function exchangeFramed(socket: Socket, ...messages: readonly Uint8Array[]): Promise<Buffer> {
  socket.write(Buffer.concat(messages.map(framed)));
  let input = Buffer.alloc(0);
  while (input.length < 2 || input.length < 2 + input.readUInt16BE(0)) {
    const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer];
    input = Buffer.concat([input, chunk]);
  }
  return input.subarray(2, 2 + input.readUInt16BE(0));
}
