/** Compares replies of a library's own server with those of its handler on this one. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { QuestionName, readName, type Charset } from '../../../dist/adapters/question-name.js';
import { readRecord } from '../../../dist/adapters/encoded-reply.js';
import { Random } from '../coredns/random.js';
import { rowFor, type Difference } from './differences.js';
import { serveHandler, type Library } from './peers.js';
import { queryWith, type OracleQuery } from './queries.js';

const charsets: Record<Library['name'], Charset> = {
  dns2: 'latin1',
  'dns-packet': 'utf8',
  dinodns: 'utf8',
  'native-dns': 'ascii',
};
/** Queries that wait for their reply at a time. */
const AT_A_TIME = 100;
/** How long a server may take for those, in ms. */
const PATIENCE = 20_000;
const GRACE = 50;
/** A query that no handler throws for, sent after others: a server answers in turn. */
const LAST_ID = 0xffff;
const LAST = Buffer.from('ffff01000001000000000000046c6173740000010001', 'hex');

/** What there was to compare, how much of it was equal, and which rows of the guide the rest is; `open`: none of them. */
export interface Comparison {
  equal: number;
  rows: Map<string, number>;
  open: string[];
}

/** A reply in a form in which compression, OPT, and the flags that are the query's do not show. */
export interface Shown {
  rcode: number;
  flags: number;
  question: string;
  records: string[];
}

/** Sends `count` seeded queries to both. */
export async function compare(library: Library, count: number, seed: number): Promise<Comparison> {
  const [plain, ours] = await Promise.all([library.plain(), serveHandler(library.handler)]);
  const clients = [new Client(plain.port), new Client(ours.port)];
  const random = new Random(seed);
  const result: Comparison = { equal: 0, rows: new Map(), open: [] };
  try {
    for (let at = 0; at < count; at += AT_A_TIME) {
      const batch = Array.from({ length: Math.min(AT_A_TIME, count - at) }, (_, i) =>
        queryWith(random, (at + i) % LAST_ID),
      );
      const replies = await Promise.all(clients.map((client) => client.ask(batch)));
      batch.forEach((query, i) => {
        judge(library, query, replies[0][i], replies[1][i], result);
      });
    }
  } finally {
    for (const client of clients) client.close();
    await plain.close();
    await ours.close();
  }
  return result;
}

function judge(
  { name }: Library,
  query: OracleQuery,
  plain: Buffer | undefined,
  ours: Buffer | undefined,
  result: Comparison,
): void {
  const asked = query.message.subarray(12, 12 + query.name.length + 4);
  const question = new QuestionName(asked, charsets[name]);
  const difference: Difference = {
    query,
    exact: question.exact,
    plain: plain === undefined ? undefined : shown(plain),
    plainLength: plain?.length ?? 0,
    ours: ours === undefined ? undefined : shown(ours),
  };
  if (difference.ours !== undefined && difference.ours.question !== asked.toString('hex')) {
    result.open.push(`${name}: the question of the reply to ${query.message.toString('hex')}`);
    return;
  }
  const row = rowFor(name, difference);
  if (row === 'equal') result.equal++;
  else if (row !== undefined) result.rows.set(row, (result.rows.get(row) ?? 0) + 1);
  else
    result.open.push(
      `${name}: ${query.message.toString('hex')}\n  ${plain?.length} ${String(plain?.toString('hex'))}\n  ${String(ours?.toString('hex'))}`,
    );
}

/** Undefined for what is no message. */
function shown(message: Buffer): Shown | undefined {
  try {
    const flags = message.readUInt16BE(2);
    const first = readName(message, 12);
    const whole = new QuestionName(Buffer.of(0), 'latin1');
    let at = first.end + 4;
    const records: string[] = [];
    for (const [section, counter] of [6, 8, 10].entries()) {
      for (let left = message.readUInt16BE(counter); left > 0; left--) {
        const read = readRecord(message, at, whole);
        at = read.end;
        if (!('record' in read)) continue;
        const { name, type, class: of, ttl, data } = read.record;
        records.push(
          `${section} ${name.toLowerCase()} ${type} ${String(of)} ${String(ttl)} ${data.toString('latin1').toLowerCase()}`,
        );
      }
    }
    const question = Buffer.concat([message.subarray(12, first.end), message.subarray(first.end, first.end + 4)]);
    return { rcode: flags & 0x0f, flags: flags & 0x8680, question: question.toString('hex'), records };
  } catch {
    return undefined;
  }
}

/** Asks by UDP, many at a time. */
class Client {
  readonly #socket: Socket = createSocket('udp4');
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** The replies, by the place of their query; undefined where none came before that to a query sent after all. */
  async ask(queries: readonly OracleQuery[]): Promise<(Buffer | undefined)[]> {
    const replies = new Map<number, Buffer>();
    const deadline = AbortSignal.timeout(PATIENCE);
    for (const message of [...queries.map((query) => query.message), LAST]) {
      this.#socket.send(message, this.#port, '127.0.0.1');
    }
    const keep = (reply: Buffer): unknown => replies.set(reply.readUInt16BE(0), reply);
    this.#socket.on('message', keep);
    while (!replies.has(LAST_ID)) await once(this.#socket, 'message', { signal: deadline });
    // Handlers that throw asynchronously are answered for a little later.
    await new Promise((resolve) => setTimeout(resolve, GRACE));
    this.#socket.off('message', keep);
    return queries.map(({ message }) => replies.get(message.readUInt16BE(0)));
  }

  close(): void {
    this.#socket.close();
  }
}
