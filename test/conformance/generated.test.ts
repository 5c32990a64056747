/** Messages by the grammar, and changed ones, on every transport; and our parser beside dns-packet's and dig's. */
import assert from 'node:assert/strict';
import packet from 'dns-packet';
import fc from 'fast-check';
import { dig } from '../support/clients.js';
import { messages } from '../support/message-arbitrary.js';
import { receiveOne, type Query } from '../support/queries.js';
import { Site } from './site.js';
import { queryOf } from './wire.js';

const SEED = 20261125;
/** IDs of queries that come last: no generated message that is sent has one. */
const MARKER = 0xfffe;

/** Whether a message is to be answered: it has a header, and QR is clear. */
const wants = (message: Buffer): boolean => message.length >= 12 && (message[2] & 0x80) === 0;

/** The query that native code reads in a message; undefined where it reads none. */
function read(message: Buffer): Query | undefined {
  try {
    return receiveOne(message);
  } catch {
    return undefined;
  }
}

describe('messages by the grammar', () => {
  let site: Site;

  before(async () => (site = await Site.start()));
  after(() => site.stop());

  /** What must hold for the reply to a message. */
  function check(message: Buffer, reply: Buffer, limit: number): void {
    assert.equal(reply.readUInt16BE(0), message.readUInt16BE(0));
    assert.equal(reply[2] & 0xf8, 0x80 | (message[2] & 0x78), 'QR, and the opcode of the query');
    assert.ok(reply.length <= limit, `${reply.length} octets, and ${limit} are allowed`);
    if (reply.length > 12) packet.decode(reply);
    else assert.equal(reply.readUInt16BE(4), 0);
  }

  for (const [transport, runs] of [
    ['udp', 1500],
    ['tcp', 700],
    ['tls', 150],
    ['https', 400],
  ] as const) {
    it(`are answered when they are queries, and never keep others from being (${transport}, ${runs})`, async () => {
      let answered = 0;
      const property = fc.asyncProperty(messages, async (message) => {
        if (message.length >= 2) message.writeUInt16BE(message.readUInt16BE(0) & 0x7fff);
        if (transport === 'https') {
          const { status, body } = await site.post(message);
          assert.equal(status, wants(message) ? 200 : 400);
          if (status === 200) check(message, body, 65535);
          answered += Number(status === 200);
          return;
        }
        const reply = await site.firstReply(transport, [message, queryOf({ id: MARKER })]);
        if (!wants(message)) {
          assert.equal(reply.readUInt16BE(0), MARKER);
          return;
        }
        answered++;
        // Errors, which native code answers at once, and answers may change places.
        if (reply.readUInt16BE(0) !== MARKER) check(message, reply, transport === 'udp' ? 1232 : 65535);
      });
      await fc.assert(property, { seed: SEED, numRuns: runs });
      assert.ok(answered > runs / 2, 'the messages do not reach far enough');
    }).timeout(120_000);
  }

  it('are read as dns-packet reads them, where both read them', () => {
    let [both, ours, theirs] = [0, 0, 0];
    const property = fc.property(messages, (message) => {
      const query = read(message);
      let decoded: packet.DecodedPacket | undefined;
      try {
        decoded = packet.decode(message);
      } catch {
        decoded = undefined;
      }
      if (query === undefined) {
        theirs += Number(decoded !== undefined);
        return;
      }
      ours++;
      // dns-packet reads RDATA as well, of which queries have none that matters: it fails where we do not look.
      if (decoded === undefined) return;
      both++;
      const [asked] = decoded.questions!;
      assert.equal(decoded.questions!.length, 1);
      assert.equal(query.id, decoded.id);
      const sent = message.subarray(12, query.questionEnd);
      if (!query.name.includes('\\')) assert.equal(query.name, asked.name);
      assert.equal(plain(query.name), plain(escaped(sent)));
      assert.equal(query.typeNumber, sent.readUInt16BE(sent.length - 4));
      assert.equal(query.classNumber, sent.readUInt16BE(sent.length - 2));
      // It does not hold RDATA to RDLENGTH, and so loses its way behind records that lie.
      if (message.readUInt32BE(6) !== 0 || message.readUInt16BE(10) > 1) return;
      const [opt] = decoded.additionals!.filter((record) => record.type === 'OPT');
      assert.equal(query.edns === undefined, (opt as packet.OptAnswer | undefined) === undefined);
      if (query.edns === undefined) return;
      assert.equal(query.edns.udpPayloadSize, opt.udpPayloadSize);
      assert.equal(query.edns.dnssecOk, opt.flag_do);
      const codes = ({ code }: { code: number }): number => code;
      assert.deepEqual(query.edns.options.map(codes), (opt.options as { code: number }[]).map(codes));
    });
    fc.assert(property, { seed: SEED, numRuns: 8000 });
    // What we refuse and dns-packet reads is much: octets behind a message, several questions, several OPT.
    assert.ok(
      both > 800 && ours > both && theirs > 400,
      `${both} by both, ${ours} by ours, ${theirs} by dns-packet alone`,
    );
  }).timeout(60_000);

  const asked: readonly (readonly [args: string[], told: RegExp])[] = [
    [['+noedns'], /TXT\s+"none"/],
    [['+nocookie'], /TXT\s+"1232 false"/],
    [['+nocookie', '+bufsize=4096', '+dnssec'], /TXT\s+"4096 true"/],
    [['+nocookie', '+nsid'], /TXT\s+"1232 false 3:"/],
    [['+nocookie', '+subnet=192.0.2.0/24'], /TXT\s+"1232 false 8:00011800c00002"/],
    [['+nocookie', '+subnet=2001:db8::/32'], /TXT\s+"1232 false 8:0002200020010db8"/],
    [['+cookie=0102030405060708'], /TXT\s+"1232 false 10:0102030405060708"/],
    [['+nocookie', '+ednsopt=65001:abcdef', '+ednsopt=65002'], /TXT\s+"1232 false 65001:abcdef 65002:"/],
    [['+nocookie', '+expire', '+keepalive'], /TXT\s+"1232 false 9: 11:"/],
    [['+nocookie', '+ednsflags=0x7fff'], /TXT\s+"1232 false"/],
  ];
  for (const [args, told] of asked) {
    it(`are read as dig means them: ${args.join(' ')}`, async () => {
      const at = ['@127.0.0.1', '-p', String(site.ports.udp), '+norecurse', ...args, 'told.test', 'TXT'];
      assert.match(await dig(...at), told);
    });
  }

  for (const name of ['a\\.b.test', 'a\\032b.test', '\\000\\255.test', '\\"\\(\\;.test', 'AbC.test', '*.test']) {
    it(`have the name that dig means: ${name}`, async () => {
      const raw = await dig('@127.0.0.1', '-p', String(site.ports.udp), '+norecurse', '+nocookie', name);
      // The question as dig reads it in our reply, which is the one that it sent, and the owner of the answer.
      const [question] = /^;\S+\.test\.\s+IN\s+A$/m.exec(raw) ?? [];
      const [owner] = /^\S+\.test\.(?=\s+60\s+IN\s+A\s+192\.0\.2\.1$)/m.exec(raw) ?? [];
      assert.equal(owner, `${name}.`);
      assert.equal(question?.split(/\s/)[0], `;${name}.`);
    });
  }
});

/** A question's name with all but letters and digits as numbers. */
function escaped(sent: Buffer): string {
  const labels: string[] = [];
  for (let at = 0; sent[at] !== 0; at += 1 + sent[at]) {
    const label = sent.toString('latin1', at + 1, at + 1 + sent[at]);
    labels.push(label.replace(/[^A-Za-z0-9]/g, (octet) => `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`));
  }
  return labels.length === 0 ? '.' : labels.join('.');
}

/** A name in presentation form with each escape written as a number. */
function plain(name: string): string {
  if (name === '.') return name;
  const parts = name.match(/\\\d{3}|\\.|[^\\]/g) ?? [];
  return parts
    .map((part) => {
      if (/^\\\d{3}$/.test(part) || part === '.') return part;
      const octet = part.startsWith('\\') ? part[1] : part;
      return /[A-Za-z0-9]/.test(octet) ? octet : `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`;
    })
    .join('');
}
