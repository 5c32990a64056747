/** Asks a server, and has its answers in a form that can be compared. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import packet from 'dns-packet';
import { encodeQuestion, type Question } from './questions.js';

/** What matters of a reply; the records of a section are sorted, since their order means nothing (RFC 2181 s.5). */
export interface Answer {
  rcode: string;
  /** `aa`, `tc`, `ra`, `rd`, `cd`, `ad`. */
  flags: string[];
  answer: string[];
  authority: string[];
  additional: string[];
  /** Whether there is an OPT record. */
  edns: boolean;
}

const FLAGS = ['aa', 'tc', 'rd', 'ra', 'ad', 'cd'] as const;
const PATIENCE = 3000;
const TRIES = 3;

/** A client of one server. */
export class Asker {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (reply: Buffer) => void>();
  #id = 0;

  static async connect(port: number): Promise<Asker> {
    const socket = createSocket('udp4');
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Asker(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (reply) => this.#waiting.get(reply.readUInt16BE(0))?.(reply));
  }

  /** Resolves with undefined when there is no reply. */
  async ask(question: Question): Promise<Answer | undefined> {
    for (let i = 0; i < TRIES; i++) {
      const reply = await this.#exchange(question);
      if (reply !== undefined) return readAnswer(reply, this.#socket.address().port);
    }
    return undefined;
  }

  close(): void {
    this.#socket.close();
  }

  #exchange(question: Question): Promise<Buffer | undefined> {
    this.#id = (this.#id + 1) & 0xffff;
    const id = this.#id;
    return new Promise((resolve) => {
      const finish = (reply?: Buffer): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(reply);
      };
      const timer = setTimeout(finish, PATIENCE);
      this.#waiting.set(id, finish);
      this.#socket.send(encodeQuestion(question, id));
    });
  }
}

/** `port`: of the client, which `whoami` tells and which is not the same for both. */
function readAnswer(reply: Buffer, port: number): Answer {
  const textOf = (record: packet.Answer): string => wordsOf(record).replace(`"port":${port},`, '"port":client,');
  const decoded = packet.decode(reply) as packet.DecodedPacket & { rcode: string } & Record<string, unknown>;
  const additionals = decoded.additionals ?? [];
  return {
    rcode: decoded.rcode,
    flags: FLAGS.filter((flag) => decoded[`flag_${flag}`]),
    answer: (decoded.answers ?? []).map(textOf).sort(),
    authority: (decoded.authorities ?? []).map(textOf).sort(),
    additional: additionals
      .filter(({ type }) => type !== 'OPT')
      .map(textOf)
      .sort(),
    edns: additionals.some(({ type }) => type === 'OPT'),
  };
}

/** Case means nothing in names (RFC 4343). */
function wordsOf(record: packet.Answer): string {
  const { name, type, class: recordClass, ttl, data } = record as packet.StringAnswer;
  return `${name} ${ttl} ${recordClass} ${type} ${JSON.stringify(data)}`.toLowerCase();
}
