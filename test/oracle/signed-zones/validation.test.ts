/** Answers and transfers of signed zones, judged by validators: Unbound, delv, dnssec-verify and ldns-verify-zone. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { typeNumber } from '../../../dist/dns/registry.js';
import { encodeData } from '../../../dist/zone/same-data.js';
import { recordLine } from '../../../dist/zone/signing/zone-text.js';
import { parseZone, type Zone } from '../../../dist/zone.js';
import { generateQuestion, ORIGIN, Random } from '../../directives/file/zone-generator.js';
import { run } from '../../support/clients.js';
import { DnsProgram } from '../../support/dns-program.js';
import { findProgram } from '../../support/find-program.js';
import { readMessage, type ReadMessage } from '../../support/messages.js';
import { askAll, type Question } from '../../support/questions.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { unboundServer } from '../../support/unbound.js';
import { zoneSigners, type SignedZone } from '../../support/zone-signers.js';
import { typeOf } from './differences.js';
import { servers } from './servers.js';
import { signableZone } from './signable-zone.js';

const SEED = 20261130;
/** For each zone. */
const QUESTIONS = Number(process.env.QUESTIONS ?? 60);
/** Of these, so many also go to delv. */
const FOR_DELV = 6;
const [NS, SOA, CNAME, DNAME, DS, ANY] = ['NS', 'SOA', 'CNAME', 'DNAME', 'DS', 'ANY'].map((name) => typeNumber(name)!);
const NOERROR = 0;
const NXDOMAIN = 3;
const AUTHENTIC = 0x20;
/** Aliases that resolvers follow at most. */
const MOST_ALIASES = 8;

const folder = temporaryDirectory();

/** Whether a zone alone can answer: without referral, a chain that ends elsewhere, or one that resolvers give up. */
function isComplete({ type }: Question, { rcode, authoritative, sections: [answer, authority] }: ReadMessage): boolean {
  const aliases = answer.filter((record) => [CNAME, DNAME].includes(typeOf(record)));
  const ends = answer.some((record) => typeOf(record) === type) || authority.some((record) => typeOf(record) === SOA);
  const isReferral = authority.some((record) => typeOf(record) === NS);
  return authoritative && !isReferral && ends && aliases.length <= MOST_ALIASES && [NOERROR, NXDOMAIN].includes(rcode);
}

/**
 * Whether a resolver asks this question of the zone: DS of the zone itself is the parent's, ANY gets what is cached, and a
 * DNAME in the answer is taken for the answer itself if the question is for DNAME.
 */
function isForResolvers(name: string, type: number): boolean {
  return type !== ANY && type !== DNAME && (type !== DS || name.toLowerCase() !== `${ORIGIN}.`);
}

function startResolver(port: number, anchors: readonly string[]): Promise<DnsProgram> {
  const style = {
    configuration: (
      directory: string,
      at: number,
    ) => `${unboundServer(directory, at).replace('"iterator"', '"validator iterator"')}  do-not-query-localhost: no
  qname-minimisation: no
  edns-buffer-size: 4096
  max-udp-size: 4096
${anchors.map((anchor) => `  trust-anchor: "${anchor.trim()}"\n`).join('')}stub-zone:
  name: "${ORIGIN}"
  stub-addr: 127.0.0.1@${port}
remote-control:
  control-enable: no
`,
    args: (file: string) => ['-d', '-p', '-c', file],
    serves: () => true,
  };
  return DnsProgram.start(findProgram('unbound')!, style, '.', '');
}

/** The text of a zone as a transfer gives it. */
function transferred(zone: Zone): string {
  return [...zone.transfer()]
    .map(({ name, type, ttl = 0, data }) => {
      const number = typeNumber(type)!;
      return `${name}.${recordLine(number, ttl, encodeData(number, type, data))}`;
    })
    .join('');
}

function anchorsForDelv({ anchors }: SignedZone): string {
  const lines = anchors.map((anchor) => {
    const [, flags, protocol, algorithm, key] = /DNSKEY\s+(\d+)\s+(\d+)\s+(\d+)\s+(.*)/.exec(anchor)!;
    return `"${ORIGIN}." static-key ${flags} ${protocol} ${algorithm} "${key.replaceAll(/\s/g, '')}";\n`;
  });
  return `trust-anchors {\n${lines.join('')}};\n`;
}

describe('signed zones, judged by validators', function () {
  this.timeout(3_600_000);
  const { text, names } = signableZone(SEED);

  before(function () {
    const missing = ['unbound', 'delv', 'dnssec-verify', 'ldns-verify-zone', 'knotd'].filter(
      (name) => !findProgram(name),
    );
    if (missing.length === 0) return;
    console.log(`      skipped: ${missing.join(', ')} not installed`);
    this.skip();
  });

  for (const [index, signer] of zoneSigners.entries()) {
    describe(`signed by ${signer.name}`, () => {
      let signed: SignedZone;

      before(async () => {
        signed = await signer.sign(ORIGIN, text);
      });

      it('get answers that Unbound and delv validate, negative ones too', async () => {
        const isOptOut = signer.name.includes('opt-out');
        const kind = servers[index % servers.length];
        const server = await kind.start(ORIGIN, signed.text);
        let resolver: DnsProgram | undefined;
        try {
          const random = new Random(SEED + index);
          const asked = Array.from({ length: QUESTIONS }, () => generateQuestion(random, names))
            .map(({ name, type }) => ({ name, type: typeNumber(type)!, dnssecOk: true }))
            .filter(({ name, type }) => isForResolvers(name, type));
          const all = (await askAll(server.port, asked, 20_000)).map(readMessage);
          const questions = asked.filter((question, i) => isComplete(question, all[i]));
          const ours = all.filter((answer, i) => isComplete(asked[i], answer));
          assert.ok(questions.length > QUESTIONS / 3);
          assert.ok(ours.some(({ rcode }) => rcode === NXDOMAIN));
          resolver = await startResolver(server.port, signed.anchors);
          const theirs = await askAll(
            resolver.port,
            questions.map((question) => ({ ...question, recursionDesired: true })),
            60_000,
          );
          for (const [i, { name, type }] of questions.entries()) {
            const { rcode } = readMessage(theirs[i]);
            assert.equal(rcode, ours[i].rcode, `${name} ${type}`);
            // What opt-out leaves open is insecure (RFC 5155 s.9.2).
            assert.ok(isOptOut || (theirs[i][3] & AUTHENTIC) !== 0, `not authentic: ${name} ${type}`);
          }
          const anchors = join(folder, 'anchors');
          writeFileSync(anchors, anchorsForDelv(signed));
          for (const { name, type } of questions.filter(({ name }) => !/[\\"]/.test(name)).slice(0, FOR_DELV)) {
            const at = ['@127.0.0.1', '-p', String(server.port), '-a', anchors, `+root=${ORIGIN}`, '+nocrypto'];
            const said = await run('sh', ['-c', 'delv "$@" 2>&1 || true', 'delv', ...at, name, `TYPE${type}`]);
            assert.match(
              said,
              isOptOut ? /fully validated|unsigned answer|response, unsigned/ : /fully validated/,
              `${name} ${type}: ${said}`,
            );
          }
        } finally {
          await resolver?.stop();
          await server.stop();
        }
      });

      it('are transferred whole: dnssec-verify and ldns-verify-zone accept the records', async () => {
        const file = join(folder, 'transferred');
        writeFileSync(file, transferred(parseZone(Buffer.from(signed.text, 'latin1'), { origin: ORIGIN })), 'latin1');
        await run('dnssec-verify', ['-o', ORIGIN, file]);
        await run('ldns-verify-zone', [file]);
      });
    });
  }
});
