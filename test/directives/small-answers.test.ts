/** chaos, header, local and minimal; and that acl sees what rewrite makes of a query. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import packet from 'dns-packet';
import { ask, opt } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { refuses } from '../support/refuses.js';

type Reply = Awaited<ReturnType<typeof ask>>;
type Ask = (
  name: string,
  type?: packet.RecordType,
  recordClass?: packet.RecordClass,
  more?: Partial<packet.Packet>,
) => Promise<Reply>;

const ZONE =
  '$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n@ MX 1 ns\nsub NS ns.sub\nns.sub A 192.0.2.2\nwww A 192.0.2.3\n';

/** What a server with the lines says; `db` in them is a file of example.org with the text `zone`. */
async function answersOf(lines: string, work: (ask: Ask) => Promise<void>, zone = ZONE): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
  const db = join(folder, 'db');
  writeFileSync(db, zone);
  const { server, port } = await serveCorefile(`.:0 {\n${lines.replaceAll(/\bdb\b/g, db)}\n}`, { workers: 0 });
  try {
    await work((name, type = 'A', recordClass = 'IN', more = {}) =>
      ask(port, name, type, { questions: [{ name, type, class: recordClass }], ...more }),
    );
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
}
const dataOf = ({ answers }: Reply): string[] =>
  answers!.map((record) => [(record as unknown as { data: string | Buffer[] }).data].flat().join(''));

describe('the directive chaos', () => {
  it('tells version, host and authors in class CHAOS, and leaves all else alone', async () => {
    await answersOf(`chaos "1.2 x" b a b\nwhoami`, async (asked) => {
      for (const name of ['version.bind', 'VERSION.server'])
        assert.deepEqual(dataOf(await asked(name, 'TXT', 'CH')), ['1.2 x']);
      for (const name of ['hostname.bind', 'id.server'])
        assert.deepEqual(dataOf(await asked(name, 'TXT', 'CH')), [hostname()]);
      const authors = await asked('authors.bind', 'TXT', 'CH');
      assert.deepEqual(dataOf(authors), ['a', 'b']);
      assert.deepEqual(
        authors.answers!.map((record) => [
          record.type,
          (record as packet.StringAnswer).class,
          (record as packet.StringAnswer).ttl,
        ]),
        Array(2).fill(['TXT', 'CH', 0]),
      );
      assert.equal((await asked('version.bind', 'TXT', 'IN')).additionals!.length, 2); // whoami's
    });
    await answersOf('chaos', async (asked) => {
      assert.match(dataOf(await asked('version.bind', 'TXT', 'CH')).join(), /^multisocket-\d/);
    });
    await answersOf(`chaos ${'é'.repeat(200)}`, async (asked) => {
      const [text] = dataOf(await asked('version.bind', 'TXT', 'CH'));
      assert.ok(Buffer.byteLength(text) >= 254);
    });
  });

  refuses([['chaos {\n x\n}', 3, "unknown property 'x'"]]);
});

describe('the directive minimal', () => {
  it('leaves answers bare, and negative ones, referrals and errors whole', async () => {
    await answersOf('minimal\nfile db example.org', async (asked) => {
      const counts = async (name: string, type: packet.RecordType = 'A'): Promise<number[]> => {
        const { answers, authorities, additionals } = await asked(name, type);
        return [answers!.length, authorities!.length, additionals!.length];
      };
      assert.deepEqual(await counts('example.org', 'MX'), [1, 0, 0]);
      assert.deepEqual(await counts('www.example.org'), [1, 0, 0]);
      assert.deepEqual(await counts('www.example.org', 'TXT'), [0, 1, 0]);
      assert.deepEqual(await counts('none.example.org'), [0, 1, 0]);
      assert.deepEqual(await counts('x.sub.example.org'), [0, 1, 1]);
    });
  });

  it('leaves the proofs of wildcards, without which their signatures are bogus (RFC 4035 s.3.1.3.3)', async () => {
    const signature = 'RRSIG A 13 3 60 20400101000000 20200101000000 1 example.org. AAAA';
    const zone = `${ZONE}*.w A 192.0.2.9\n*.w ${signature}\n@ NSEC *.w MX NS SOA\n*.w NSEC www A\nwww NSEC @ A\n`;
    const work = async (asked: Ask): Promise<void> => {
      const dnssecOk = { additionals: [opt(1232, { flags: packet.DNSSEC_OK })] };
      const { answers, authorities } = await asked('x.w.example.org', 'A', 'IN', dnssecOk);
      assert.deepEqual(
        [answers, authorities].map((records) => records!.map(({ type }) => type)),
        [['A', 'RRSIG'], ['NSEC']],
      );
      const plain = await asked('x.w.example.org');
      assert.deepEqual([plain.answers!.length, plain.authorities!.length], [1, 0]);
    };
    await answersOf('minimal\nfile db example.org', work, zone);
  });

  refuses([['minimal x', 2, "Wrong argument count or unexpected line ending after 'x'"]]);
});

describe('the directive header', () => {
  it('sets and clears flags of replies; the last line about a flag counts', async () => {
    const flagsOf = async (rules: string): Promise<boolean[]> => {
      let flags: boolean[] = [];
      await answersOf(`header {\n${rules}\n}\nfile db example.org`, async (asked) => {
        const { flag_aa, flag_ra } = (await asked('www.example.org')) as unknown as Record<string, boolean>;
        flags = [flag_aa, flag_ra];
      });
      return flags;
    };
    assert.deepEqual(await flagsOf('response set ra'), [true, true]);
    assert.deepEqual(await flagsOf('RESPONSE Clear AA\nresponse set ra\nresponse clear ra'), [false, false]);
  });

  it('warns of what has no effect', async () => {
    const { server, warnings } = await serveCorefile(
      '.:0 {\n header {\n query set aa\n response set rd\n }\n whoami\n}',
    );
    assert.deepEqual(
      warnings.map(({ message }) => message.replace(/^.*Warning: /, '')),
      ['query aa', 'response rd'].map((what) => `plugin/header: ${what} has no effect: it is the client's`),
    );
    await server.close();
  });

  refuses([
    ['header', 2, "Wrong argument count or unexpected line ending after 'header'"],
    ['header {\n reply set aa\n}', 3, 'setting up rule: invalid selector=reply should be query or response'],
    ['header {\n response flip aa\n}', 3, 'setting up rule: unknown flag action=flip, should be set or clear'],
    ['header {\n response set\n}', 3, 'setting up rule: invalid length for flags, at least one should be provided'],
    ['header {\n response set tc\n}', 3, 'setting up rule: unknown/unsupported flag=tc'],
  ]);
});

describe('the directive local', () => {
  it('answers for the host and its networks', async () => {
    await answersOf('local\nwhoami', async (asked) => {
      for (const name of ['localhost', 'a.b.LOCALHOST', 'localhost.example.org']) {
        assert.deepEqual(dataOf(await asked(name)), ['127.0.0.1']);
        assert.deepEqual(dataOf(await asked(name, 'AAAA')), ['::1']);
        const { rcode, authorities } = await asked(name, 'MX');
        assert.deepEqual([rcode, authorities!.map(({ type }) => type)], ['NOERROR', ['SOA']]);
      }
      assert.deepEqual(dataOf(await asked('1.0.0.127.in-addr.arpa', 'PTR')), ['localhost']);
      assert.deepEqual(dataOf(await asked('127.in-addr.arpa', 'NS')), ['localhost']);
      assert.equal((await asked('localhost', 'SOA')).answers!.length, 1);
      assert.equal((await asked('2.0.0.127.in-addr.arpa', 'PTR')).rcode, 'NXDOMAIN');
      assert.equal((await asked('xlocalhost')).additionals!.length, 2); // whoami's
    });
    await answersOf('local {\n localhost_prefix off\n}\nwhoami', async (asked) => {
      assert.equal((await asked('localhost.example.org')).additionals!.length, 2);
      assert.deepEqual(dataOf(await asked('a.localhost')), ['127.0.0.1']);
    });
  });

  refuses([
    ['local x', 2, "Wrong argument count or unexpected line ending after 'x'"],
    ['local {\n localhost_prefix no\n}', 3, "localhost_prefix expects 'on' or 'off', got \"no\""],
    ['local {\n x\n}', 3, "unknown property 'x'"],
  ]);
});

describe('rewrite before acl and cache', () => {
  it('lets nobody pass acl by another name, and keeps answers by the name that is asked in the end', async () => {
    const lines = (acl: string): string =>
      `rewrite name suffix .a.test .example.org answer auto\nacl ${acl} {\n block\n}\ncache\nfile db example.org`;
    await answersOf(lines('www.example.org'), async (asked) => {
      assert.equal((await asked('www.a.test')).rcode, 'REFUSED');
      assert.equal((await asked('www.example.org')).rcode, 'REFUSED');
      assert.equal((await asked('ns.a.test')).rcode, 'NOERROR');
    });
    await answersOf(lines('www.a.test'), async (asked) => {
      for (const name of ['www.a.test', 'www.example.org', 'www.a.test']) {
        const reply = await asked(name);
        assert.deepEqual([dataOf(reply), reply.answers![0].name], [['192.0.2.3'], name]);
      }
    });
  });
});
