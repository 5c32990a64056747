/** A DNS server by HTTP/2 (RFC 8484) for tests of forwarders. The test scripts its responses. */
import { once } from 'node:events';
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificate.js';
import { replyTo } from './upstream.js';

/** A request as it arrived. */
export interface HttpsAsked {
  headers: IncomingHttpHeaders;
  /** The DNS message that it carried. */
  message: Buffer;
  stream: ServerHttp2Stream;
  session: ServerHttp2Session;
  /** Responds with a body. */
  respond: (body: Uint8Array, headers?: Record<string, string | number>) => void;
}

/** What an {@link HttpsUpstream} does with a request. */
export type HttpsScript = (asked: HttpsAsked, upstream: HttpsUpstream) => void;

/** Answers with `replyTo`. */
export const answerByHttps: HttpsScript = ({ message, respond }) => {
  respond(replyTo(message));
};

/** A DNS server by HTTP/2 that a test scripts. */
export class HttpsUpstream implements AsyncDisposable {
  script: HttpsScript;
  /** All that have come. */
  readonly asked: HttpsAsked[] = [];
  /** All connections that there were. */
  readonly sessions: ServerHttp2Session[] = [];
  /** The most streams that one connection had at a time. */
  mostStreams = 0;
  readonly #server: Http2SecureServer;

  private constructor(script: HttpsScript, server: Http2SecureServer) {
    this.script = script;
    this.#server = server;
  }

  /** Starts one on 127.0.0.1. */
  static async start(
    certificate: Certificate,
    script: HttpsScript = answerByHttps,
    options: SecureServerOptions & { port?: number } = {},
  ): Promise<HttpsUpstream> {
    const server = createSecureServer({ ...certificate, ...options });
    const upstream = new HttpsUpstream(script, server);
    server.on('session', (session) => {
      upstream.sessions.push(session);
      session.on('error', () => undefined);
    });
    const open = new Map<ServerHttp2Session, number>();
    server.on('stream', (stream, headers) => {
      const session = stream.session as ServerHttp2Session;
      const count = (by: number): number => {
        open.set(session, (open.get(session) ?? 0) + by);
        return open.get(session) ?? 0;
      };
      upstream.mostStreams = Math.max(upstream.mostStreams, count(1));
      stream.on('close', () => count(-1));
      stream.on('error', () => undefined);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const encoded = new URL(headers[':path'] ?? '', 'https://upstream').searchParams.get('dns');
        const message = encoded === null ? Buffer.concat(chunks) : Buffer.from(encoded, 'base64url');
        const respond: HttpsAsked['respond'] = (body, more = {}) => {
          if (stream.destroyed) return;
          stream.respond({ ':status': 200, 'content-type': 'application/dns-message', ...more });
          stream.end(body);
        };
        const asked = { headers, message, stream, session, respond };
        upstream.asked.push(asked);
        upstream.script(asked, upstream);
      });
    });
    server.on('tlsClientError', () => undefined); // a client that refuses our certificate
    server.listen(options.port ?? 0, '127.0.0.1');
    await once(server, 'listening');
    return upstream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Its address for `createForwarder`. */
  get url(): string {
    return `https://127.0.0.1:${this.port}/dns-query`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const session of this.sessions) session.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
