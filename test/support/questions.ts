/** Many questions by UDP, in batches. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A question of class IN. */
export interface Question {
  /** Presentation form with the last dot. */
  name: string;
  /** 0 to 65,535. */
  type: number;
  /** Whether it asks for signatures and proofs: the DO bit (RFC 3225). Default: false. */
  dnssecOk?: boolean;
  /** RD. Default: false. */
  recursionDesired?: boolean;
}

/** How many questions wait for their answers at a time: fewer than what socket buffers hold. */
const WINDOW = 64;
/** An OPT record with a payload size of 4,096 octets, so that nothing is truncated. */
const OPT_4096 = Buffer.of(0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0);
const OPT_DO_4096 = Buffer.of(0, 0, 41, 0x10, 0, 0, 0, 0x80, 0, 0, 0);

/** The answers of the server at `port` of 127.0.0.1, in the order of the questions; rejects when some do not come. */
export async function askAll(port: number, questions: readonly Question[], timeout = 5000): Promise<Buffer[]> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  try {
    await once(socket, 'listening');
    const answers: Buffer[] = [];
    for (let start = 0; start < questions.length; start += WINDOW) {
      answers.push(...(await askBatch(socket, port, questions.slice(start, start + WINDOW), timeout)));
    }
    return answers;
  } finally {
    socket.close();
  }
}

function askBatch(socket: Socket, port: number, questions: readonly Question[], timeout: number): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const answers: Buffer[] = [];
    let missing = questions.length;
    const timer = setTimeout(() => {
      done();
      const unanswered = questions.filter((_, id) => !(id in answers)).map(({ name }) => name);
      reject(new Error(`no answer to ${unanswered.join(', ')}`));
    }, timeout);
    const onMessage = (message: Buffer): void => {
      answers[message.readUInt16BE(0)] = message;
      if (--missing > 0) return;
      done();
      resolve(answers);
    };
    const done = (): void => {
      clearTimeout(timer);
      socket.off('message', onMessage);
    };
    socket.on('message', onMessage);
    for (const [id, { name, type, dnssecOk = false, recursionDesired = false }] of questions.entries()) {
      // One question, one record in the additional section.
      const header = Buffer.of(id >> 8, id & 255, Number(recursionDesired), 0, 0, 1, 0, 0, 0, 0, 0, 1);
      socket.send(
        Buffer.concat([header, encodeQuestion(name, type), dnssecOk ? OPT_DO_4096 : OPT_4096]),
        port,
        '127.0.0.1',
      );
    }
  });
}

/** A question of class IN as it goes on the wire; `name` in presentation form with the last dot. */
export function encodeQuestion(name: string, type: number): Buffer {
  const labels = (name.match(/(?:\\.|[^\\.])+/g) ?? []).map((label) => Buffer.from(unescape(label), 'latin1'));
  const octets = labels.flatMap((label) => [Buffer.of(label.length), label]);
  return Buffer.concat([...octets, Buffer.of(0, type >> 8, type & 255, 0, 1)]);
}

function unescape(label: string): string {
  return label.replace(/\\(\d{3}|.)/g, (_, of: string) => (of.length === 3 ? String.fromCharCode(Number(of)) : of));
}
