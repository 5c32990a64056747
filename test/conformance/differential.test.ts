/**
 * Ours beside NSD and Knot, and with an answer cache beside without one: the same generated queries to all, and each
 * difference accounted for. DIFFERENTIAL_QUESTIONS=50000 asks as many; RECORD_FIGURES=1 keeps how many are of
 * which class.
 */
import assert from 'node:assert/strict';
import { generateZone, ORIGIN, Random } from '../directives/file/zone-generator.js';
import { exchangeAll } from '../support/exchange-all.js';
import { readAny, withoutTtls } from './any-reply.js';
import { classify, type DifferenceClass } from './differences.js';
import { record } from './figures.js';
import { generateQuery } from './generated-query.js';
import { Peers } from './peers.js';
import { optHex, queryOf } from './wire.js';

const SEED = 20261125;
const QUESTIONS = Number(process.env.DIFFERENTIAL_QUESTIONS ?? 5000);
/** How many differences that nothing accounts for are shown. */
const SHOWN = 10;

describe(`${QUESTIONS} generated queries`, function () {
  this.timeout(600_000);
  const { text, names } = generateZone(new Random(SEED));
  const random = new Random(SEED + 1);
  const queries = Array.from({ length: QUESTIONS }, () => generateQuery(random, names));
  const messages = queries.map(({ message }) => message);
  const marker = queryOf({ name: 'mail.example.org' });
  let peers: Peers;
  let ours: (Buffer | undefined)[];
  let whole: (Buffer | undefined)[];

  before(async () => {
    peers = await Peers.start(ORIGIN, text);
    ours = await exchangeAll(peers.port, messages, marker);
    // Without what is special about them, and with room.
    const roomy = queries.map(({ message, shape }) => {
      if (shape !== 'plain') return marker;
      const question = message.subarray(12, endOfQuestion(message));
      return Buffer.concat([
        Buffer.from('000000000001000000000001', 'hex'),
        question,
        Buffer.from(optHex({ size: 4096 }), 'hex'),
      ]);
    });
    whole = await exchangeAll(peers.port, roomy, marker);
  });
  after(() => peers.stop());

  for (const name of ['NSD', 'Knot']) {
    it(`get the same replies from ${name}, but for what RFCs ask for or leave open`, async function () {
      const program = peers.programs.get(name);
      if (program === undefined) this.skip();
      const theirs = await exchangeAll(program.port, messages, marker);
      const counts = new Map<DifferenceClass, number>();
      const faults: unknown[] = [];
      let same = 0;
      for (const [i, query] of queries.entries()) {
        const pair = { query, ours: readAny(ours[i]), theirs: readAny(theirs[i]), whole: readAny(whole[i]) };
        const classes = classify(pair);
        if (classes.size === 0) same++;
        for (const found of new Set(classes.values())) {
          if (found !== undefined) counts.set(found, (counts.get(found) ?? 0) + 1);
        }
        for (const [field, found] of classes) {
          if (found !== undefined) continue;
          const [mine, other] = [pair.ours[field], pair.theirs[field]];
          faults.push({
            asked: `${query.name} ${query.type}`,
            hex: query.message.toString('hex'),
            field,
            ours: mine,
            theirs: other,
          });
        }
      }
      assert.deepEqual(faults.slice(0, SHOWN), [], `${faults.length} differences`);
      // The comparison means something: most replies that hold data are the same.
      assert.ok(same > QUESTIONS / 5);
      const classes = Object.fromEntries([...counts].map(([{ name: kind }, count]) => [kind, count]));
      record('differential', ({ peers: others, cacheHits }) => ({
        questions: QUESTIONS,
        peers: { ...others, [name]: { same, classes } },
        cacheHits,
      }));
    });
  }

  it('get the same bytes with an answer cache and without, save TTLs', async () => {
    const masked = ours.map((reply) => withoutTtls(reply)?.toString('hex').slice(4));
    for (let time = 0; time < 2; time++) {
      const cached = await exchangeAll(peers.cachedPort, messages, marker);
      for (const [i, reply] of cached.entries()) {
        const found = withoutTtls(reply)?.toString('hex').slice(4);
        if (found !== masked[i]) assert.equal(found, masked[i], messages[i].toString('hex'));
      }
    }
    const cacheHits = peers.cacheHits();
    assert.ok(cacheHits > QUESTIONS / 4);
    record('differential', (before) => ({ ...before, cacheHits }));
  });
});

/** Where the question of a well-formed query ends. */
function endOfQuestion(message: Buffer): number {
  let at = 12;
  while (message[at] !== 0) at += 1 + message[at];
  return at + 5;
}
