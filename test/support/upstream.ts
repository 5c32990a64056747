/**
 * A DNS server for tests of forwarders. The test scripts it: it answers, drops, delays, gives wrong answers, closes and
 * opens again.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import packet, { type Answer, type DecodedPacket, type Packet } from 'dns-packet';
import type { Certificate } from './certificate.js';
import { framed } from './clients.js';
import { freePort } from './free-port.js';

/** A query as it arrived. */
export interface Asked {
  message: Buffer;
  decoded: DecodedPacket;
  transport: 'udp' | 'tcp';
  /** The address and the port that it came from. */
  address: string;
  port: number;
  /** Sends a message back to where the query came from. */
  send: (message: Uint8Array) => void;
  /** UDP: sends it from another socket of the same address. */
  sendFromElsewhere: (message: Uint8Array) => void;
  /** TCP: sends bytes as they are, without a length. */
  write: (bytes: Uint8Array) => void;
  /** TCP: closes the connection. */
  hangUp: () => void;
  /** TCP: resets the connection. */
  reset: () => void;
}

/** What a {@link ScriptedUpstream} does with a query. */
export type Script = (asked: Asked, upstream: ScriptedUpstream) => void;

/** A reply to a query, with these in place of an A record 192.0.2.1. */
export function replyTo(message: Buffer, more: Packet = {}): Buffer {
  const { id, questions, flags = 0 } = packet.decode(message);
  const name = questions?.[0].name ?? '.';
  const answers: Answer[] = [{ type: 'A', name, ttl: 300, data: '192.0.2.1' }];
  return packet.encode({
    type: 'response',
    id,
    flags: (flags & packet.RECURSION_DESIRED) | packet.RECURSION_AVAILABLE,
    questions,
    answers,
    ...more,
  });
}

/** Answers with {@link replyTo}. */
export const answer: Script = ({ message, send }) => {
  send(replyTo(message));
};

/** A DNS server that a test scripts. */
export class ScriptedUpstream {
  /** What is done with the next queries. */
  script: Script;
  /** Gets the error of a query that cannot be read; default: throws it. */
  unreadable: (error: unknown) => void = (error) => {
    throw error;
  };
  /** All that have come. */
  readonly asked: Asked[] = [];
  connections = 0;
  readonly #tls: Certificate | undefined;
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  private constructor(script: Script, tls?: Certificate) {
    this.script = script;
    this.#tls = tls;
  }

  /** Starts one on 127.0.0.1; with a certificate it speaks TLS and nothing else. */
  static async start(script: Script = answer, tls?: Certificate): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream(script, tls);
    await upstream.open();
    return upstream;
  }

  get port(): number {
    return this.#port;
  }

  /** Names asked for, in order; `transport`: by this one only. */
  names(transport?: 'udp' | 'tcp'): string[] {
    const chosen = this.asked.filter((asked) => transport === undefined || asked.transport === transport);
    return chosen.map(({ decoded }) => decoded.questions?.[0].name ?? '');
  }

  /** Opens the port, the one from before if there was one. */
  async open(): Promise<void> {
    const onConnection = (socket: Socket): void => {
      this.#accept(socket);
    };
    this.#tcp = this.#tls === undefined ? createServer(onConnection) : createTlsServer(this.#tls, onConnection);
    // A client that does not like our certificate.
    this.#tcp.on('tlsClientError', () => undefined);
    if (this.#port === 0) this.#port = await freePort();
    this.#tcp.listen(this.#port, '127.0.0.1');
    await once(this.#tcp, 'listening');
    if (this.#tls !== undefined) return;
    this.#udp = createSocket('udp4', (message, from) => {
      this.#ask(message, 'udp', from);
    });
    this.#udp.bind(this.#port, '127.0.0.1');
    await once(this.#udp, 'listening');
  }

  /** Is gone, until {@link open}. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const udp = this.#udp;
    const tcp = this.#tcp;
    this.#udp = this.#tcp = undefined;
    if (udp !== undefined) await new Promise<void>((resolve) => udp.close(resolve));
    if (tcp !== undefined) await new Promise((resolve) => tcp.close(resolve));
  }

  #accept(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let input: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      input = Buffer.concat([input, chunk]);
      while (input.length >= 2 && input.length >= 2 + input.readUInt16BE(0)) {
        const end = 2 + input.readUInt16BE(0);
        this.#ask(input.subarray(2, end), 'tcp', socket);
        input = input.subarray(end);
      }
    });
  }

  #ask(message: Buffer, transport: 'udp' | 'tcp', from: RemoteInfo | Socket): void {
    let decoded: DecodedPacket;
    try {
      decoded = packet.decode(message);
    } catch (error) {
      this.unreadable(error);
      return;
    }
    const { address, port } = 'port' in from ? from : { address: from.remoteAddress ?? '', port: from.remotePort ?? 0 };
    const asked: Asked = {
      message,
      decoded,
      transport,
      address,
      port,
      send: (reply) => {
        if ('port' in from) this.#udp?.send(reply, from.port, from.address);
        else from.write(framed(reply));
      },
      sendFromElsewhere: (reply) => {
        const other = createSocket('udp4');
        other.send(reply, port, '127.0.0.1', () => other.close());
      },
      write: (bytes) => {
        if (!('port' in from)) from.write(bytes);
      },
      hangUp: () => {
        if (!('port' in from)) from.destroySoon();
      },
      reset: () => {
        if (!('port' in from)) from.resetAndDestroy();
      },
    };
    this.asked.push(asked);
    this.script(asked, this);
  }
}
