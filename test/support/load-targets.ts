/** Small servers for a load generator, which do what the first label of a question says. */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import packet from 'dns-packet';
import { framed } from './clients.js';

/** What is sent back, in order, for one query. */
function replies(query: Buffer): Buffer[] {
  const { id = 0, questions = [] } = packet.decode(query);
  const [{ name, type }] = questions;
  const reply = (more: packet.Packet = {}): Buffer =>
    packet.encode({
      type: 'response',
      id,
      questions,
      answers: [{ type: 'A', name, ttl: 60, data: '192.0.2.1' }],
      ...more,
    });
  switch (name.split('.')[0]) {
    case 'silent':
      return [];
    case 'twice':
      return [reply(), reply()];
    case 'wrong-id':
      return [reply({ id: (id + 0x8000) & 0xffff })];
    case 'wrong-name':
      return [reply({ questions: [{ name: name.replace('name', 'nome'), type, class: 'IN' }] })];
    case 'wrong-case':
      return [reply({ questions: [{ name: name.toUpperCase(), type, class: 'IN' }] })];
    case 'wrong-type':
      return [reply({ questions: [{ name, type: 'AAAA', class: 'IN' }] })];
    case 'echo':
      return [query];
    case 'no-question':
      return [reply({ questions: [] })];
    case 'wrong-opcode':
      return [reply({ flags: 4 << 11 })];
    case 'short':
      return [Buffer.from([id >> 8, id & 255, 0x80])];
    case 'truncated':
      return [reply({ flags: packet.TRUNCATED_RESPONSE, answers: [] })];
    case 'servfail':
      return [reply({ flags: 2, answers: [] })];
    case 'nxdomain':
      return [reply({ flags: 3, answers: [] })];
    default:
      return [reply()];
  }
}

/** Milliseconds to wait before the replies: `slow-300.example` is answered after 300. */
function delay(query: Buffer): number {
  const { questions = [] } = packet.decode(query);
  return Number(/^slow-(\d+)\./.exec(questions[0].name)?.[1] ?? 0);
}

/** A UDP server on loopback that records its clients in order. */
export class UdpTarget {
  readonly port: number;
  /** The source port of each query. */
  readonly askers: number[] = [];
  readonly #socket: UdpSocket;
  readonly #timers: NodeJS.Timeout[] = [];

  private constructor(socket: UdpSocket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (query: Buffer, from: RemoteInfo) => {
      this.askers.push(from.port);
      const send = (): void => {
        for (const reply of replies(query)) socket.send(reply, from.port, from.address);
      };
      const wait = delay(query);
      if (wait > 0) this.#timers.push(setTimeout(send, wait));
      else send();
    });
  }

  static async open(address = '127.0.0.1'): Promise<UdpTarget> {
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
    socket.bind(0, address);
    await once(socket, 'listening');
    return new UdpTarget(socket);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#socket.close();
  }
}

/** How a {@link TcpTarget} treats its connections. */
export interface TcpManners {
  /** Closes a connection after that many answers. */
  closeAfter?: number;
  /** Gives the bytes of its answers one at a time. */
  drip?: boolean;
  /** Answers the queries of one read in the opposite order. */
  backwards?: boolean;
}

/** A TCP server on loopback that counts its connections. */
export class TcpTarget {
  readonly port: number;
  connections = 0;
  readonly #server: Server;

  private constructor(server: Server, manners: TcpManners) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      this.connections++;
      serve(socket, manners);
    });
  }

  static async open(manners: TcpManners = {}): Promise<TcpTarget> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1', 511);
    await once(server, 'listening');
    return new TcpTarget(server, manners);
  }

  close(): void {
    this.#server.close();
  }
}

function serve(socket: Socket, { closeAfter = Infinity, drip = false, backwards = false }: TcpManners): void {
  let input = Buffer.alloc(0);
  let answered = 0;
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    input = Buffer.concat([input, chunk]);
    const answers: Buffer[] = [];
    while (input.length >= 2 && input.length >= 2 + input.readUInt16BE(0) && answered < closeAfter) {
      const end = 2 + input.readUInt16BE(0);
      answers.push(...replies(input.subarray(2, end)).map(framed));
      answered++;
      input = input.subarray(end);
    }
    if (backwards) answers.reverse();
    const output = Buffer.concat(answers);
    if (drip) for (const byte of output) socket.write(Buffer.from([byte]));
    else socket.write(output);
    if (answered >= closeAfter) socket.end();
  });
}
