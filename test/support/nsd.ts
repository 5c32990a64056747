/** NSD as a child process that serves one zone on loopback. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** How many questions wait for their answers at a time: fewer than what socket buffers hold. */
const WINDOW = 64;

/** The program's path; undefined when it is not installed. */
export function findNsd(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'nsd')).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** See the file's head. */
export class Nsd {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #socket: Socket;

  private constructor(port: number, folder: string, child: ChildProcess, socket: Socket) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
    this.#socket = socket;
  }

  /** Resolves when it answers. Rejects with what it logged when it ends instead. */
  static async start(program: string, origin: string, zone: string): Promise<Nsd> {
    const folder = mkdtempSync(join(tmpdir(), 'nsd-'));
    const port = await freePort();
    const configuration = join(folder, 'nsd.conf');
    writeFileSync(join(folder, 'zone'), zone, 'latin1');
    writeFileSync(configuration, configurationOf(folder, port, origin));
    const child = spawn(program, ['-d', '-c', configuration], { stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += text.toString()));
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const nsd = new Nsd(port, folder, child, socket);
    const soa = Buffer.concat([header(0), encodeQuestion(`${origin}.`, 6), OPT_4096]);
    for (let attempt = 0; attempt < 100; attempt++) {
      if (child.exitCode !== null) break;
      const answer = once(socket, 'message', { signal: AbortSignal.timeout(100) });
      socket.send(soa, port, '127.0.0.1');
      const answered = await answer.then(
        ([message]) => ((message as Buffer)[3]! & 15) === 0,
        () => false,
      );
      if (answered) return nsd;
    }
    await nsd.stop();
    throw new Error(`nsd does not serve the zone: ${log}`);
  }

  /** The answers to questions with numbers as types, in their order. */
  async ask(questions: readonly { name: string; type: number }[]): Promise<Buffer[]> {
    const answers: Buffer[] = [];
    for (let start = 0; start < questions.length; start += WINDOW) {
      answers.push(...(await this.#askBatch(questions.slice(start, start + WINDOW))));
    }
    return answers;
  }

  async stop(): Promise<void> {
    this.#socket.close();
    if (this.#child.exitCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#folder, { recursive: true });
  }

  #askBatch(questions: readonly { name: string; type: number }[]): Promise<Buffer[]> {
    return new Promise((resolve, reject) => {
      const answers: Buffer[] = [];
      let missing = questions.length;
      const done = (error?: Error): void => {
        clearTimeout(timer);
        this.#socket.off('message', onMessage);
        if (error) reject(error);
        else resolve(answers);
      };
      const onMessage = (message: Buffer): void => {
        const id = message.readUInt16BE(0) - 1;
        if (id < 0 || answers[id] !== undefined) return; // late answers to the first question
        answers[id] = message;
        if (--missing === 0) done();
      };
      const timer = setTimeout(() => {
        done(
          new Error(
            `${missing} questions got no answer: ${questions
              .filter((_, i) => answers[i] === undefined)
              .map(({ name, type }) => `${name} ${type}`)
              .join(', ')}`,
          ),
        );
      }, 5000);
      this.#socket.on('message', onMessage);
      for (const [id, { name, type }] of questions.entries()) {
        this.#socket.send(
          Buffer.concat([header(id + 1), encodeQuestion(name, type), OPT_4096]),
          this.port,
          '127.0.0.1',
        );
      }
    });
  }
}

/** What `nsd -v` says on its first line. */
export function nsdVersion(program: string): string {
  return spawnSync(program, ['-v'], { encoding: 'utf8' }).stderr.split('\n', 1)[0]!;
}

/** One question, one record in the additional section. */
function header(id: number): Buffer {
  return Buffer.of(id >> 8, id & 255, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1);
}

/** An OPT record with a payload size of 4,096 octets, so that nothing is truncated. */
const OPT_4096 = Buffer.of(0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0);

/** A question of class IN; `name` in presentation form with the last dot. */
export function encodeQuestion(name: string, type: number): Buffer {
  const labels = name.match(/(?:\\.|[^\\.])+/g) ?? [];
  const octets = labels.map((label) =>
    Buffer.from(
      label.replace(/\\(\d{3}|.)/g, (_, of: string) => (of.length === 3 ? String.fromCharCode(Number(of)) : of)),
      'latin1',
    ),
  );
  return Buffer.concat([
    ...octets.flatMap((label) => [Buffer.of(label.length), label]),
    Buffer.of(0, type >> 8, type & 255, 0, 1),
  ]);
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

function configurationOf(folder: string, port: number, origin: string): string {
  return `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
  ipv4-edns-size: 4096
  minimal-responses: no
  refuse-any: no
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "${origin}"
  zonefile: "${folder}/zone"
`;
}
