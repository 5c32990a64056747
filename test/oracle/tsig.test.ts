/** Signed messages, valid and not, to BIND and to this server: the same response code, the same error of TSIG. */
import assert from 'node:assert/strict';
import type { Server } from 'multisocket';
import { findBind, startBind } from '../support/bind.js';
import { opt, queryBytes, udpExchange } from '../support/clients.js';
import type { DnsProgram } from '../support/dns-program.js';
import { message, sign, tsigOf, withRecord, type Signing } from '../support/other-opcodes.js';
import { seededNumbers } from '../support/seeded-numbers.js';
import { serve } from '../support/server.js';

const SECRET = Buffer.from('0123456789abcdef0123456789abcdef');
const ALGORITHMS = ['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;
const KEYS = ALGORITHMS.map((algorithm) => ({ name: algorithm, algorithm, secret: SECRET.toString('base64') }));
const ZONE =
  '@ 3600 IN SOA ns admin 1 3600 600 86400 60\n@ 3600 IN NS ns\nns 3600 IN A 192.0.2.1\nwww 60 IN A 192.0.2.2\n';

/** What a reply says: `RCODE`, and of its TSIG the error, and whether there is a MAC. */
function told(reply: Buffer): string {
  const tsig = tsigOf(reply);
  const rcode = reply[3] & 15;
  if (tsig === undefined) return `${rcode}`;
  const { error, mac, key, algorithm, other } = tsig;
  return `${rcode} ${error} ${mac.length} ${key} ${algorithm} ${other.length / 2}`;
}

/**
 * Whether two outcomes differ for a known reason. BIND refuses a class without zones before it looks at the signature, and
 * an unknown record of class ANY. It takes a TSIG with a TTL, which must be 0 (RFC 8945 s.4.2).
 */
function isExplained(octets: Buffer, ours: string, theirs: string): boolean {
  const tsig = tsigOf(octets);
  if (tsig === undefined) return ours === '0' && theirs === '1';
  if (tsig.ttl !== 0) return ours === '1' && theirs.startsWith('9 16');
  return ours.startsWith('9 16') && theirs === '4';
}

describe('TSIG beside BIND', function () {
  this.timeout(120_000);
  const program = findBind();
  let bind: DnsProgram | undefined;
  let server: Server | undefined;
  let port = 0;

  before(async function () {
    if (program === undefined) this.skip();
    bind = await startBind(program, 'example.org', ZONE, KEYS);
    const handler = (query: { opcode: string }, reply: { rcode: string; authoritative: boolean }): void => {
      reply.rcode = query.opcode === 'NOTIFY' ? 'NOTAUTH' : 'NOERROR';
      reply.authoritative = true;
    };
    const options = { opcodes: ['QUERY', 'UPDATE', 'NOTIFY'], tsig: { keys: KEYS } } as const;
    ({ server, port } = await serve({ workers: 0, sockets: 1, handler: handler, ...options }));
  });
  after(async () => {
    await bind?.stop();
    await server?.close();
  });

  async function both(octets: Buffer): Promise<[ours: string, theirs: string]> {
    const replies = await Promise.all([port, bind?.port ?? 0].map((to) => udpExchange(octets, to)));
    return replies.map((answered) => (answered === undefined ? 'nothing' : told(answered.reply))) as [string, string];
  }

  it('agrees on 1,000 signed messages with faults', async () => {
    const random = seededNumbers('tsig');
    const next = (count: number): number => random.next().value % count;
    const pick = <T>(values: readonly T[]): T => values[next(values.length)];
    const outcomes = new Map<string, number>();
    const differences: string[] = [];
    for (let i = 0; i < 1000; i++) {
      const algorithm = pick(ALGORITHMS);
      const whole = { 'hmac-sha1': 20, 'hmac-sha256': 32, 'hmac-sha384': 48, 'hmac-sha512': 64 }[algorithm];
      const now = Math.floor(Date.now() / 1000);
      const signing: Signing = { key: algorithm, algorithm, secret: SECRET };
      const fault = next(12);
      if (fault === 0) signing.key = pick(['unknown', 'hmac-sha1.example', 'HMAC-SHA256']);
      if (fault === 1) signing.algorithm = pick([...ALGORITHMS, 'hmac-md5']);
      if (fault === 2) signing.secret = Buffer.alloc(20);
      if (fault === 3) signing.time = now + pick([-100_000, -400, -290, -10, 10, 290, 400, 100_000]);
      if (fault === 4) signing.fudge = pick([0, 5, 60, 65_535]);
      if (fault === 4) signing.time = now - pick([0, 30, 200]);
      if (fault === 5) signing.macSize = pick([1, 9, 10, whole / 2 - 1, whole / 2, whole - 1, whole + 1]);
      if (fault === 6) signing.originalId = next(65_536);
      if (fault === 7) signing.other = pick(['00', '000000000000', 'ab'.repeat(20)]);
      if (fault === 8) signing.error = pick([16, 17, 18, 22]);
      const plain = pick([
        queryBytes('www.example.org'),
        queryBytes('www.example.org', 'A', { additionals: [opt(1232)] }),
        message({ second: [{ name: 'new.example.org', data: 'c0000263', ttl: 60 }] }),
      ]);
      let octets = sign(plain, signing);
      if (fault === 9) octets[12 + next(octets.length - 12)] ^= 1 << next(8);
      if (fault === 10) octets = octets.subarray(0, octets.length - 1 - next(20));
      if (fault === 11)
        octets = withRecord(
          octets,
          pick([
            { name: '.', type: 'OPT', class: 512 },
            { name: 'a', data: '01020304' },
          ]),
        );
      const [ours, theirs] = await both(octets);
      const kind = ours.split(' ').slice(0, 2).join(' ');
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
      if (ours !== theirs && !isExplained(octets, ours, theirs))
        differences.push(`fault ${fault}: ${ours} here, ${theirs} there: ${octets.toString('hex')}`);
    }
    assert.deepEqual(differences, []);
  });
});
