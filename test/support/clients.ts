/** Clients for tests: one datagram or stream exchange, and the programs from Debian. */
import { execFile } from 'node:child_process';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import packet, { type DecodedPacket, type Packet } from 'dns-packet';
import { foreign } from './addon-build.js';

/** A query as most clients send it. */
export function queryBytes(name: string, type: packet.RecordType = 'A', more: Packet = {}): Buffer {
  return packet.encode({
    type: 'query',
    id: Math.floor(Math.random() * 65536),
    flags: packet.RECURSION_DESIRED,
    questions: [{ name, type, class: 'IN' }],
    ...more,
  });
}

/** An OPT record for {@link queryBytes}. */
export function opt(udpPayloadSize = 1232, more: Partial<packet.OptAnswer> = {}): packet.OptAnswer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
    ...more,
  };
}

/** A COOKIE option (RFC 7873) for {@link opt}, of octets in hexadecimal digits. */
export function cookieOption(hex: string): packet.PacketOpt {
  // dns-packet writes the data of options that it does not know as they are; its types know of none.
  return { code: 10, data: Buffer.from(hex, 'hex') } as unknown as packet.PacketOpt;
}

/** Sends one datagram and returns the first that comes back, or undefined after `timeout` ms. */
export async function udpExchange(
  message: Uint8Array,
  port: number,
  address = '127.0.0.1',
  timeout = 10_000,
): Promise<{ reply: Buffer; from: RemoteInfo } | undefined> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(timeout) }) as Promise<[Buffer, RemoteInfo]>;
    socket.send(message, port, address);
    const [reply, from] = await answered;
    return { reply, from };
  } catch (error) {
    if ((error as Error).name === 'AbortError') return undefined;
    throw error;
  } finally {
    socket.close();
  }
}

/** Asks by UDP and decodes the answer; fails when none comes. */
export async function ask(
  port: number,
  name: string,
  type: packet.RecordType = 'A',
  more: Packet = {},
): Promise<DecodedPacket & { rcode: string }> {
  const answered = await udpExchange(queryBytes(name, type, more), port);
  if (answered === undefined) throw new Error(`no answer to ${name} ${type}`);
  return packet.decode(answered.reply) as DecodedPacket & { rcode: string };
}

/** A message with its length in front (RFC 1035 s.4.2.2). */
export function framed(message: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);
}

/** A DNS client on one TCP connection. */
export class TcpClient {
  readonly socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake = (): void => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
    socket.on('data', (chunk: Buffer) => {
      this.#input = Buffer.concat([this.#input, chunk]);
      this.#wake();
    });
  }

  static async connect(port: number, address = '127.0.0.1'): Promise<TcpClient> {
    const socket = connect(port, address);
    const client = new TcpClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** The next message; undefined when the server has closed the connection. Rejects after `timeout` ms without either. */
  async next(timeout = 10_000): Promise<Buffer | undefined> {
    const end = Date.now() + timeout;
    for (;;) {
      const length = this.#input.length >= 2 ? this.#input.readUInt16BE(0) : Infinity;
      if (this.#input.length >= 2 + length) {
        const message = this.#input.subarray(2, 2 + length);
        this.#input = this.#input.subarray(2 + length);
        return message;
      }
      if (this.#ended) return undefined;
      await this.#more(end - Date.now());
    }
  }

  async #more(timeout: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve;
      timer = setTimeout(() => {
        reject(new Error('no message came in time'));
      }, timeout);
    });
    clearTimeout(timer);
  }

  send(message: Uint8Array): void {
    this.socket.write(framed(message));
  }

  async exchange(message: Uint8Array): Promise<Buffer | undefined> {
    this.send(message);
    return this.next();
  }

  close(): void {
    this.socket.destroy();
  }
}

const execute = promisify(execFile);

/** Runs a program to its end; returns its standard output, and rejects when it fails. */
export async function run(program: string, args: readonly string[], timeout = 60_000): Promise<string> {
  const env = program === process.execPath ? process.env : foreign;
  const { stdout } = await execute(program, args, { timeout, maxBuffer: 64 << 20, env });
  return stdout;
}

/** Runs dig; fails on any warning in what it prints, but for the one that this server offers no recursion. */
export async function dig(...args: string[]): Promise<string> {
  const output = await run('dig', ['+time=10', '+tries=1', ...args]);
  const warnings = output.replace(';; WARNING: recursion requested but not available', '');
  if (/warning|malformed|mismatch|truncated, retrying/i.test(warnings))
    throw new Error(`dig is not content:\n${output}`);
  return output;
}
