import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from '../../../dist/index.js';
import { typeNumber } from '../../../dist/dns/registry.js';
import { ZoneFilesHandler } from '../../support/zone-files.js';
import { readMessage, type ReadMessage } from '../../support/messages.js';
import type { DnsProgram } from '../../support/dns-program.js';
import { findNsd, startNsd } from '../../support/nsd.js';
import { askAll } from '../../support/questions.js';
import { generateQuestion, generateZone, ORIGIN, Random, type GeneratedQuestion } from './zone-generator.js';

const SEED = 20260101;
const QUESTIONS = 20_000;

/** How an answer of this server may differ from that of NSD, with the RFC that allows it. */
type Difference =
  // NSD adds the zone's NS RRset and its addresses to positive answers. The algorithm of RFC 1034 s.4.3.2 puts NS into
  // the authority section of referrals alone.
  | 'NS added'
  // Which of its RRsets a name gives for ANY is the server's choice (RFC 8482 s.4.1).
  | 'another RRset for ANY'
  // SVCB and HTTPS come with the addresses of their targets (RFC 9460 s.4.1), which this NSD does not add.
  | 'addresses of a service'
  // RFC 1034 s.3.6.2 has chains of aliases followed and sets no bound; ours is 17 records.
  | 'a longer chain';

const KINDS = [
  'answer',
  'chain',
  'no data',
  'no name',
  'chain to no data',
  'chain to no name',
  'referral',
  'chain to referral',
  'too long',
];
const NS = 2;
const CNAME = 5;
const SOA = 6;
/** SVCB and HTTPS. */
const SERVICES = [64, 65];

/** Server and NSD, both asked by UDP. */
class Pair {
  readonly #server: Server;
  readonly #nsd: DnsProgram;
  /** The NS RRset at the top of the zone. */
  #ns: string[] = [];
  #nsAddresses: string[] = [];

  constructor(server: Server, nsd: DnsProgram) {
    this.#server = server;
    this.#nsd = nsd;
  }

  async prepare(): Promise<void> {
    const [reply] = await this.ours([{ name: `${ORIGIN}.`, type: 'NS' }]);
    [this.#ns, , this.#nsAddresses] = reply.sections;
  }

  ours(questions: readonly GeneratedQuestion[]): Promise<ReadMessage[]> {
    return ask(this.#server.addresses()[0].port, questions);
  }

  theirs(questions: readonly GeneratedQuestion[]): Promise<ReadMessage[]> {
    return ask(this.#nsd.port, questions);
  }

  /** Undefined when both answers are the same but for order and compression; fails for what is not accounted for. */
  async difference(
    question: GeneratedQuestion,
    ours: ReadMessage,
    theirs: ReadMessage,
  ): Promise<Difference | undefined> {
    if (JSON.stringify(ours) === JSON.stringify(theirs)) return undefined;
    const [answer, authority, additional] = ours.sections;
    const [theirAnswer, theirAuthority, theirAdditional] = theirs.sections;
    if (ours.rcode === 0 && theirs.rcode === 0 && ours.authoritative && theirs.authoritative && answer.length > 0) {
      const addresses = [...additional, ...this.#nsAddresses].filter((record) => !answer.includes(record));
      const expected = [...new Set(addresses)].sort();
      const adds = authority.length === 0 && same(theirAuthority, this.#ns) && same(theirAdditional, expected);
      if (adds && same(answer, theirAnswer)) return 'NS added';
      const isService = answer.some((record) => SERVICES.includes(typeOf(record)));
      const fewer = theirAdditional.every((record) => expected.includes(record));
      if (isService && fewer && same(theirAuthority, this.#ns) && same(answer, theirAnswer))
        return 'addresses of a service';
      if (question.type === 'ANY' && theirAnswer.length > 0) {
        const type = `TYPE${typeOf(theirAnswer[0])}`;
        const [other] = await this.ours([{ name: question.name, type }]);
        if (same(theirAnswer, other.sections[0])) return 'another RRset for ANY';
      }
      const isPart = answer.every((record) => theirAnswer.includes(record));
      if (answer.length === 17 && isPart && authority.length + additional.length === 0) return 'a longer chain';
    }
    assert.deepEqual(ours, theirs, `${question.name} ${question.type}`);
    return undefined;
  }

  /** What kind of answer one of NSD's is; for positive ones {@link Pair.difference} has checked the authority section. */
  kindOf({ rcode, authoritative, sections: [answer, authority] }: ReadMessage): string {
    if (rcode === 6) return 'too long';
    const end = authority.some((record) => typeOf(record) === SOA)
      ? rcode === 3
        ? 'no name'
        : 'no data'
      : !authoritative ||
          (authority.length > 0 && authority.every((record) => typeOf(record) === NS) && !same(authority, this.#ns))
        ? 'referral'
        : 'answer';
    if (!answer.some((record) => typeOf(record) === CNAME)) return end;
    return end === 'answer' ? 'chain' : `chain to ${end}`;
  }
}

async function ask(port: number, questions: readonly GeneratedQuestion[]): Promise<ReadMessage[]> {
  const answers = await askAll(
    port,
    questions.map(({ name, type }) => ({ name, type: typeNumber(type)! })),
  );
  return answers.map(readMessage);
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((record, i) => record === b[i]);
}

function typeOf(record: string): number {
  return Number(record.split(' ')[3]);
}

describe('file, beside NSD', function () {
  const { text, names } = generateZone(new Random(SEED));
  let folder: string | undefined;
  let handler: ZoneFilesHandler | undefined;
  let server: Server | undefined;
  let nsd: DnsProgram | undefined;

  before(async function () {
    const program = findNsd();
    if (program === undefined) {
      console.log('      skipped: nsd is not installed');
      this.skip();
    }
    nsd = await startNsd(program, ORIGIN, text);
    folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
    const file = join(folder, 'zone');
    writeFileSync(file, text, 'latin1');
    const zones = await ZoneFilesHandler.start([{ file, zones: [ORIGIN], reload: 0, fallthrough: [] }], console);
    handler = zones;
    server = createServer({
      listen: '127.0.0.1:0',
      sockets: 1,
      workers: 0,
      maxPayloadSize: 4096,
      handler: (query, reply) =>
        zones.handle(query, reply, () => {
          reply.rcode = 'REFUSED';
        }),
    });
    await server.listen();
  });

  after(async () => {
    await server?.close();
    await handler?.close();
    await nsd?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  it(`gives the same answers to ${QUESTIONS} questions, but for what RFCs leave open`, async () => {
    assert.ok(text.split('\n').length >= 2000);
    const pair = new Pair(server!, nsd!);
    await pair.prepare();
    const random = new Random(SEED + 1);
    const questions = Array.from({ length: QUESTIONS }, () => generateQuestion(random, names));
    const ours = await pair.ours(questions);
    const theirs = await pair.theirs(questions);
    const differences = new Map<Difference | undefined, number>();
    const kinds = new Set<string>();
    for (const [i, question] of questions.entries()) {
      assert.ok(!theirs[i].truncated, question.name);
      const difference = await pair.difference(question, ours[i], theirs[i]);
      differences.set(difference, (differences.get(difference) ?? 0) + 1);
      kinds.add(pair.kindOf(theirs[i]));
    }
    if (process.env.SHOW_DIFFERENCES !== undefined) console.log(differences);
    // All kinds of answers came up, so that the comparison means something.
    assert.deepEqual([...kinds].sort(), KINDS.toSorted());
    assert.ok(differences.get(undefined)! > QUESTIONS / 2);
  });
});
