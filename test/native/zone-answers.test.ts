import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CorefileServer } from 'multisocket';
import { typeNumber } from '../../dist/dns/registry.js';
import { generateQuestion, generateZone, ORIGIN, Random } from '../directives/file/zone-generator.js';
import { serveCorefile } from '../support/corefile-server.js';
import { exchangeAll } from '../support/exchange-all.js';
import { readMessage } from '../support/messages.js';
import { encodeQuestion } from '../support/questions.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const QUESTIONS = 12_000;
const SEEDS = [1, 2, 3];
/** Payload sizes; 0: no OPT record. */
const SIZES = [0, 0, 0, 300, 512, 700, 1232, 1232, 4096];
const OPTIONS = [
  Buffer.alloc(0),
  Buffer.alloc(0),
  Buffer.of(0, 3, 0, 0), // NSID
  Buffer.of(0, 12, 0, 2, 0, 0), // padding
  Buffer.of(0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2), // Client Subnet
];
const RD = 0x0100;
const CD = 0x0010;
const IXFR = 251;
const AXFR = 252;
const CH = 3;

/** A query about one of a zone's names, or one near it. */
function randomQuery(random: Random, names: Parameters<typeof generateQuestion>[1]): Buffer {
  const { name, type } = generateQuestion(random, names);
  const number = random.chance(1) ? random.pick([IXFR, AXFR, 0, 41, 46, 65535]) : typeNumber(type)!;
  const question = encodeQuestion(name, number);
  if (random.chance(1)) question[question.length - 1] = CH;
  const flags = (random.chance(50) ? RD : 0) | (random.chance(10) ? CD : 0);
  const size = random.pick(SIZES);
  const header = Buffer.of(0, 0, flags >> 8, flags & 255, 0, 1, 0, 0, 0, 0, 0, size === 0 ? 0 : 1);
  if (size === 0) return Buffer.concat([header, question]);
  const options = random.pick(OPTIONS);
  const opt = Buffer.of(0, 0, 41, size >> 8, size & 255, 0, 0, random.chance(30) ? 0x80 : 0, 0, 0, options.length);
  return Buffer.concat([header, question, opt, options]);
}

describe('native answers of zones', () => {
  const folder = temporaryDirectory();
  const servers: CorefileServer[] = [];

  after(async () => {
    await Promise.all(servers.map((server) => server.close()));
  });

  /** A server for a Corefile, and its port. */
  async function start(corefile: string): Promise<{ server: CorefileServer; port: number }> {
    const { server, port } = await serveCorefile(corefile, { workers: 0 });
    servers.push(server);
    return { server, port };
  }

  for (const seed of SEEDS) {
    it(`are those of JavaScript, octet by octet, for ${QUESTIONS} questions (seed ${seed})`, async () => {
      const { text, names } = generateZone(new Random(seed));
      const file = join(folder, `zone${seed}`);
      writeFileSync(file, text, 'latin1');
      const native = await start(`${ORIGIN}:0 {\n bind 127.0.0.1\n file ${file}\n}`);
      // `acl` sees each query.
      const scripted = await start(
        `${ORIGIN}:0 {\n bind 127.0.0.1\n acl {\n allow net 127.0.0.1\n }\n file ${file}\n}`,
      );
      const random = new Random(seed + 1000);
      const queries = Array.from({ length: QUESTIONS }, () => randomQuery(random, names));
      const marker = Buffer.concat([Buffer.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0), encodeQuestion(`${ORIGIN}.`, 6)]);
      const ours = await exchangeAll(native.port, queries, marker);
      const expected = await exchangeAll(scripted.port, queries, marker);
      for (const [i, query] of queries.entries()) {
        const [answer, right] = [ours[i], expected[i]];
        assert.ok(answer !== undefined && right !== undefined);
        if (answer.equals(right)) continue;
        assert.deepEqual(readMessage(answer), readMessage(right), query.toString('hex'));
        assert.ok(answer.length <= right.length, query.toString('hex'));
      }
      const { zoneAnswers } = native.server.stats().totals;
      assert.ok(zoneAnswers > QUESTIONS * 0.85, `${zoneAnswers} native answers`);
      assert.equal(scripted.server.stats().totals.zoneAnswers, 0);
    });
  }
});
