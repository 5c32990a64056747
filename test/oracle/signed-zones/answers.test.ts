/**
 * Answers of signed zones beside those of NSD and Knot, with and without DO. `QUESTIONS=2800` asks 50,000 questions and more
 * of each server.
 */
import assert from 'node:assert/strict';
import { typeNumber } from '../../../dist/dns/registry.js';
import { generateQuestion, ORIGIN, Random, type GeneratedQuestion } from '../../directives/file/zone-generator.js';
import type { DnsProgram } from '../../support/dns-program.js';
import { findKnot, startKnot } from '../../support/knot.js';
import { readMessage, type ReadMessage } from '../../support/messages.js';
import { findNsd, startNsd } from '../../support/nsd.js';
import { askAll } from '../../support/questions.js';
import { zoneSigners } from '../../support/zone-signers.js';
import { ANOTHER_RRSET, explain, isNs, KNOT_RULES, NSD_RULES, TRUNCATED, typeOf } from './differences.js';
import { servers, type ZoneServer } from './servers.js';
import { signableZone } from './signable-zone.js';

const SEED = 20261129;
const RRSIG = typeNumber('RRSIG')!;
/** For each zone. */
const QUESTIONS = Number(process.env.QUESTIONS ?? 120);

interface Asked extends GeneratedQuestion {
  dnssecOk: boolean;
}

/** Types that only signed zones have, or that depend on signatures. */
const SIGNED_TYPES = ['DS', 'NSEC', 'DNSKEY', 'NSEC3PARAM', 'CDS'];

async function ask(port: number, questions: readonly Asked[]): Promise<ReadMessage[]> {
  const numbered = questions.map(({ name, type, dnssecOk }) => ({ name, type: typeNumber(type)!, dnssecOk }));
  return (await askAll(port, numbered, 20_000)).map(readMessage);
}

describe('answers of signed zones, beside NSD and Knot', function () {
  this.timeout(3_600_000);
  const { text, names } = signableZone(SEED);
  const found = new Map<string, number>();

  before(function () {
    if (findNsd() !== undefined && findKnot() !== undefined) return;
    console.log('      skipped: nsd or knotd is not installed');
    this.skip();
  });

  for (const [index, signer] of zoneSigners.entries()) {
    // Each zone is served in one way in turn; a long run serves it in all ways.
    const kinds = process.env.QUESTIONS === undefined ? [servers[index % servers.length]] : servers;
    it(`signed by ${signer.name}, served by ${kinds.map(({ name }) => name).join(' and ')}`, async () => {
      const signed = await signer.sign(ORIGIN, text);
      const running: (DnsProgram | ZoneServer)[] = [];
      try {
        const nsd = await startNsd(findNsd()!, ORIGIN, signed.text);
        running.push(nsd);
        const knot = await startKnot(findKnot()!, ORIGIN, signed.text);
        running.push(knot);
        const random = new Random(SEED + index);
        const questions = Array.from({ length: QUESTIONS }, () => generateQuestion(random, names)).flatMap(
          ({ name, type }): Asked[] => {
            const question = { name, type: random.chance(10) ? random.pick(SIGNED_TYPES) : type };
            return [false, true].map((dnssecOk) => ({ ...question, dnssecOk }));
          },
        );
        const theirs = [await ask(nsd.port, questions), await ask(knot.port, questions)];
        for (const kind of kinds) {
          const ours = await kind.start(ORIGIN, signed.text);
          running.push(ours);
          await compare(ours.port, questions, theirs);
        }
      } finally {
        for (const server of running) await server.stop();
      }
    });
  }

  it('differ only as the rules say, and seldom', () => {
    if (process.env.SHOW_DIFFERENCES !== undefined) console.log(found);
    const equal = found.get('equal') ?? 0;
    const rare = [TRUNCATED, ANOTHER_RRSET, 'a longer chain', 'DNAME at a wildcard', 'a name that gets too long'];
    for (const rule of rare) assert.ok((found.get(rule) ?? 0) < equal / 20, `${rule}: ${found.get(rule)}`);
    assert.ok(equal > 0.6 * [...found.values()].reduce((sum, count) => sum + count, 0));
  });

  async function compare(port: number, questions: readonly Asked[], peers: readonly ReadMessage[][]): Promise<void> {
    const ours = await ask(port, questions);
    const [top] = await ask(port, [{ name: `${ORIGIN}.`, type: 'NS', dnssecOk: true }]);
    const known = { ns: top.sections[0].filter(isNs), addresses: top.sections[2] };
    for (const [i, question] of questions.entries()) {
      for (const [peer, rules] of [NSD_RULES, KNOT_RULES].entries()) {
        const [theirs, third] = [peers[peer][i], peers[1 - peer][i]];
        const ownTop = question.dnssecOk
          ? known
          : { ns: known.ns.filter((r) => typeOf(r) !== RRSIG), addresses: known.addresses };
        const names = await explained(port, question, { ours: ours[i], theirs, third, top: ownTop }, rules);
        for (const name of names.length === 0 ? ['equal'] : names) found.set(name, (found.get(name) ?? 0) + 1);
      }
    }
  }
});

async function explained(
  port: number,
  question: Asked,
  messages: Omit<Parameters<typeof explain>[0], 'name' | 'type'>,
  rules: typeof NSD_RULES,
): Promise<string[]> {
  const { ours, theirs } = messages;
  if (ours.truncated || theirs.truncated) {
    assert.equal(ours.authoritative, theirs.authoritative, question.name);
    return [TRUNCATED];
  }
  const [type, own] = [theirs, ours].map(({ sections }) => sections[0].map(typeOf).find((number) => number !== RRSIG));
  if (question.type === 'ANY' && type !== own) {
    const [other] = await ask(port, [{ ...question, type: `TYPE${type}` }]);
    return [ANOTHER_RRSET, ...explain({ ...question, ...messages, ours: other }, rules)];
  }
  return explain({ ...question, ...messages }, rules);
}
