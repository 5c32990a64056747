import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { writeRecord } from '../../../dist/message/record.js';
import { rcodeNumber, typeName, typeNumber } from '../../../dist/message/registry.js';
import { MessageWriter } from '../../../dist/message/writer.js';
import { absoluteName } from '../../../dist/plugins/file/names.js';
import { Zone } from '../../../dist/plugins/file/zone.js';
import { readMessage, type ReadMessage } from '../../support/messages.js';
import { encodeQuestion, findNsd, Nsd } from '../../support/nsd.js';
import { generateQuestion, generateZone, ORIGIN, Random, type GeneratedQuestion } from './zone-generator.js';

const SEED = 20260101;
const QUESTIONS = 20_000;

/** How an answer of ours may differ from NSD's, with what leaves it open. */
type Difference =
  // NSD adds the zone's NS RRset and its addresses to positive answers. The algorithm of RFC 1034 s.4.3.2 puts NS into
  // the authority section of referrals alone, and smaller answers are the better ones.
  | 'NS added'
  // Which of its RRsets a name gives for ANY is the server's choice (RFC 8482 s.4.1).
  | 'another RRset for ANY'
  // RFC 1034 s.3.6.2 has chains of aliases followed and sets no bound; ours is 16.
  | 'a longer chain';

const { text, names } = generateZone(new Random(SEED));
const zone = Zone.parse(text, ORIGIN, 'generated.zone');
const apexNs = readOurs({ name: `${ORIGIN}.`, type: 'NS' }).sections[0];
const apexAddresses = readOurs({ name: `${ORIGIN}.`, type: 'NS' }).sections[2];

/** Our answer, through the library's own writer, read as NSD's is. */
function readOurs(question: GeneratedQuestion): ReadMessage {
  const key = absoluteName(question.name, '.').toLowerCase();
  const found = zone.lookup(key, question.type);
  assert.ok(found, `${question.name} is in the zone`);
  const sections = [found.answer, found.authority, found.additional];
  const asked = encodeQuestion(question.name, typeNumber(question.type)!);
  const message = Buffer.alloc(0xffff);
  message.writeUInt16BE(0x8000 | (found.authoritative ? 0x0400 : 0) | rcodeNumber(found.rcode)!, 2);
  message.writeUInt16BE(1, 4);
  for (const [i, section] of sections.entries()) message.writeUInt16BE(section.length, 6 + 2 * i);
  asked.copy(message, 12);
  const writer = new MessageWriter();
  writer.begin(message, 0, message.length, key);
  writer.at = 12 + asked.length;
  for (const record of sections.flat()) writeRecord(writer, record, 1);
  return readMessage(message.subarray(0, writer.at));
}

function difference(question: GeneratedQuestion, ours: ReadMessage, theirs: ReadMessage): Difference | undefined {
  const ourRest = { ...ours, id: theirs.id };
  if (inspect(ourRest, { depth: 3 }) === inspect(theirs, { depth: 3 })) return undefined;
  const [answer, authority, additional] = ours.sections;
  const [theirAnswer, theirAuthority, theirAdditional] = theirs.sections;
  const alike = ours.rcode === theirs.rcode && ours.authoritative && theirs.authoritative;
  const addresses = new Set([...additional, ...apexAddresses].filter((record) => !answer.includes(record)));
  const addsNs =
    alike &&
    ours.rcode === 0 &&
    authority.length === 0 &&
    same(theirAuthority, apexNs) &&
    same(theirAdditional, [...addresses].sort());
  if (addsNs && same(answer, theirAnswer)) return 'NS added';
  if (alike && question.type === 'ANY' && answer.length > 0 && theirAnswer.length > 0) {
    const types = new Set(theirAnswer.map((record) => Number(record.split(' ')[3])));
    const other = readOurs({ name: question.name, type: typeName([...types][0]!) });
    if (types.size === 1 && same(theirAnswer, other.sections[0])) return 'another RRset for ANY';
  }
  if (alike && answer.length === 17 && answer.every((record) => theirAnswer.includes(record))) return 'a longer chain';
  assert.deepEqual(ourRest, theirs, `${question.name} ${question.type}`);
  return undefined;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((record, i) => record === b[i]);
}

describe('file, beside NSD', function () {
  let nsd: Nsd | undefined;

  before(async function () {
    const program = findNsd();
    if (program === undefined) {
      console.log('      skipped: nsd is not installed');
      this.skip();
    }
    nsd = await Nsd.start(program, ORIGIN, text);
  });

  after(() => nsd?.stop());

  it(`gives the same answers to ${QUESTIONS} questions, but for what the RFCs leave open`, async () => {
    assert.ok(zone.size >= 2000, `only ${zone.size} records`);
    const random = new Random(SEED + 1);
    const questions = Array.from({ length: QUESTIONS }, () => generateQuestion(random, names));
    const answers = await nsd!.ask(questions.map(({ name, type }) => ({ name, type: typeNumber(type)! })));
    const differences = new Map<Difference | undefined, number>();
    const kinds = new Set<string>();
    for (const [i, question] of questions.entries()) {
      const theirs = readMessage(answers[i]!);
      assert.ok(!theirs.truncated, question.name);
      const found = difference(question, readOurs(question), theirs);
      differences.set(found, (differences.get(found) ?? 0) + 1);
      kinds.add(kindOf(theirs));
    }
    // All kinds of answers came up, so that the comparison means something.
    for (const kind of [
      'answer',
      'chain',
      'no data',
      'no name',
      'chain to no name',
      'referral',
      'chain to referral',
      'too long',
    ]) {
      assert.ok(kinds.has(kind), `no question got: ${kind}`);
    }
    if (process.env['SHOW_DIFFERENCES']) console.log(differences);
    // What is not listed has failed above; most answers are equal to the octet.
    assert.ok((differences.get(undefined) ?? 0) > QUESTIONS / 2);
  });
});

function kindOf({ rcode, authoritative, sections: [answer, authority] }: ReadMessage): string {
  if (rcode === 6) return 'too long';
  const chain = answer.some((record) => record.split(' ')[3] === '5');
  const negative = authority.some((record) => record.split(' ')[3] === '6');
  if (negative && rcode === 3) return chain ? 'chain to no name' : 'no name';
  if (!authoritative) return 'referral';
  if (chain && !negative && authority.length > 0 && !same(authority, apexNs)) return 'chain to referral';
  if (negative) return chain ? 'chain to no data' : 'no data';
  return chain ? 'chain' : 'answer';
}
