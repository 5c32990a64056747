import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CorefileServer } from 'multisocket';
import signFile from '../../dist/directives/sign/sign-file.js';
import { typeNumber } from '../../dist/dns/registry.js';
import { generateQuestion, generateZone, ORIGIN, Random } from '../directives/file/zone-generator.js';
import { serveCorefile } from '../support/corefile-server.js';
import { makeKey } from '../support/dnssec-keys.js';
import { exchangeAll } from '../support/exchange-all.js';
import { readMessage } from '../support/messages.js';
import { encodeQuestion } from '../support/questions.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const QUESTIONS = Number(process.env.QUESTIONS ?? 2000);
const ZONES = ['unsigned', 'unsigned', 'nsec', 'nsec3', 'nsec3-opt-out'] as const;
/** Payload sizes; 0: no OPT record. */
const SIZES = [0, 0, 0, 300, 512, 700, 1232, 1232, 4096];
const OPTIONS = [
  Buffer.alloc(0),
  Buffer.alloc(0),
  Buffer.of(0, 3, 0, 0), // NSID
  Buffer.of(0, 12, 0, 2, 0, 0), // padding
  Buffer.of(0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2), // Client Subnet
];
const ID_SIZE = 2;
const RD = 0x0100;
const CD = 0x0010;
const IXFR = 251;
const AXFR = 252;
const CH = 3;

interface RandomQuery {
  message: Buffer;
  /** Whether its name has escapes in presentation form. JavaScript compresses less then, so that fewer records may fit. */
  isEscaped: boolean;
}

/** A query about one of a zone's names, or one near it. */
function randomQuery(random: Random, names: Parameters<typeof generateQuestion>[1]): RandomQuery {
  const { name, type } = generateQuestion(random, names);
  const isEscaped = name.includes('\\');
  const number = random.chance(1) ? random.pick([IXFR, AXFR, 0, 41, 46, 65535]) : typeNumber(type)!;
  const question = encodeQuestion(name, number);
  if (random.chance(1)) question[question.length - 1] = CH;
  const flags = (random.chance(50) ? RD : 0) | (random.chance(10) ? CD : 0);
  const size = random.pick(SIZES);
  const header = Buffer.of(0, 0, flags >> 8, flags & 255, 0, 1, 0, 0, 0, 0, 0, size === 0 ? 0 : 1);
  if (size === 0) return { message: Buffer.concat([header, question]), isEscaped };
  const options = random.pick(OPTIONS);
  const opt = Buffer.of(0, 0, 41, size >> 8, size & 255, 0, 0, random.chance(60) ? 0x80 : 0, 0, 0, options.length);
  return { message: Buffer.concat([header, question, opt, options]), isEscaped };
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

  /** Signs a zone file; returns the signed one. */
  async function sign(file: string, denial: 'nsec' | 'nsec3' | 'nsec3-opt-out'): Promise<string> {
    const keys = [{ kind: 'file' as const, path: await makeKey(folder, ORIGIN, '-a', '13', '-f', 'KSK') }];
    const task = { signal: new AbortController().signal, progress: () => undefined };
    await signFile({ origin: ORIGIN, file, signed: `${file}.signed`, keys, denial }, task);
    return `${file}.signed`;
  }

  for (const [seed, kind] of ZONES.entries()) {
    it(`are those of JavaScript, octet by octet, for ${QUESTIONS} questions (${kind} zone, seed ${seed})`, async () => {
      const { text, names } = generateZone(new Random(seed));
      const plain = join(folder, `zone${seed}`);
      writeFileSync(plain, text, 'latin1');
      const file = kind === 'unsigned' ? plain : await sign(plain, kind);
      const native = await start(`${ORIGIN}:0 {\n bind 127.0.0.1\n file ${file}\n}`);
      // `acl` sees each query.
      const scripted = await start(
        `${ORIGIN}:0 {\n bind 127.0.0.1\n acl {\n allow net 127.0.0.1\n }\n file ${file}\n}`,
      );
      const random = new Random(seed + 1000);
      const queries = Array.from({ length: QUESTIONS }, () => randomQuery(random, names));
      const marker = Buffer.concat([Buffer.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0), encodeQuestion(`${ORIGIN}.`, 6)]);
      const messages = queries.map(({ message }) => message);
      const ours = await exchangeAll(native.port, messages, marker);
      const expected = await exchangeAll(scripted.port, messages, marker);
      for (const [i, { message, isEscaped }] of queries.entries()) {
        const [answer, right] = [ours[i], expected[i]];
        assert.ok(answer !== undefined && right !== undefined);
        if (answer.subarray(ID_SIZE).equals(right.subarray(ID_SIZE))) continue;
        const query = message.toString('hex');
        assert.ok(isEscaped, `${query}: ${answer.toString('hex')}, not ${right.toString('hex')}`);
        const { sections } = readMessage(answer);
        for (const [k, section] of readMessage(right).sections.entries())
          assert.ok(
            section.every((record) => sections[k].includes(record)),
            query,
          );
      }
      const { zoneAnswers } = native.server.stats().totals;
      assert.ok(zoneAnswers > QUESTIONS * 0.8, `${zoneAnswers} native answers`);
      assert.equal(scripted.server.stats().totals.zoneAnswers, 0);
    });
  }
});
