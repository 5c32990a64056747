import assert from 'node:assert/strict';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import packet, { type Answer, type Packet } from 'dns-packet';
import { clampTtls } from '../../../dist/dns/encoded-message.js';
import { opt, queryBytes, TcpClient, udpExchange } from '../../support/clients.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { replyTo, ScriptedUpstream, type Script } from '../../support/upstream.js';

type Served = Awaited<ReturnType<typeof serveCorefile>>;

const soa: Answer = {
  type: 'SOA',
  name: 'example.org',
  ttl: 900,
  data: { mname: 'a.example.org', rname: 'b.example.org', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 600 },
};
const a = (name: string, ttl: number, data: string): Answer => ({ type: 'A', name, ttl, data });

/** What the upstream says to a name, by its first label; `data`: an address that tells one time from another. */
function saying(data: string): Script {
  const kinds: Record<string, (name: string) => Packet & { rcode?: number }> = {
    two: (name) => ({ answers: [a(name, 300, data), a(name, 40, data)] }),
    alias: (name) => ({ answers: [{ type: 'CNAME', name, ttl: 20, data: 'c.org' }, a('c.org', 700, data)] }),
    glue: (name) => ({ answers: [a(name, 300, data)], additionals: [a(`x.${name}`, 250, data)] }),
    none: () => ({ rcode: 3, answers: [], authorities: [soa] }),
    empty: () => ({ answers: [], authorities: [soa] }),
    bare: () => ({ rcode: 3, answers: [] }),
    fails: () => ({ rcode: 2, answers: [] }),
    refused: () => ({ rcode: 5, answers: [] }),
    zero: (name) => ({ answers: [a(name, 0, data)] }),
    large: (name) => ({ answers: [{ type: 'TXT', name, ttl: 300, data: Array<string>(4).fill('x'.repeat(200)) }] }),
  };
  return ({ message, decoded, send }) => {
    const name = decoded.questions![0].name;
    const { rcode = 0, ...more } = kinds[name.split('.')[0].toLowerCase()](name);
    const reply = replyTo(message, more);
    reply[3] |= rcode;
    send(reply);
  };
}

const NAMES = ['two', 'alias', 'glue', 'none', 'empty', 'bare', 'fails', 'refused', 'zero', 'large'];
interface Way {
  transport: 'udp' | 'tcp';
  spell: (name: string) => string;
  more: Packet;
}

/** Ways of asking, of which each is another question to a cache. */
const WAYS: readonly Way[] = [
  { transport: 'udp', spell: (name) => name, more: {} },
  { transport: 'udp', spell: (name) => name.toUpperCase(), more: { additionals: [opt(1232, { flags: 0x8000 })] } },
  { transport: 'tcp', spell: (name) => `${name[0].toUpperCase()}${name.slice(1)}`, more: {} },
];

/** One Corefile in both modes, each with an upstream of its own. */
interface Pair {
  options: string;
  upstreams: ScriptedUpstream[];
  servers: Served[];
  streams: TcpClient[];
}

/** Between the three rounds of questions, in ms. */
type Waits = readonly [number, number];
/**
 * When each round has to be over, in ms, so that no answer ends or is renewed between the two servers: ages are whole seconds,
 * and may be one more than the time that has passed.
 */
type Ends = readonly [number, number, number];
/** Turns of the event loop in which a server in this thread has taken in what its upstream has sent. */
const TURNS = 20;

/** A machine that is too slow: answers have become too old between the two servers. */
class TooSlow extends Error {}

describe('cache in native code', () => {
  it('gives the answers that the chain gives, and asks its upstream what the chain asks', async function () {
    this.timeout(300_000);
    const lines = [
      '',
      '30',
      'example.net',
      'success 1000 30 10',
      'denial 1000 60 50',
      'servfail 0',
      'servfail 1m',
      'disable success\n disable denial',
      'keepttl',
      'success 1000 5 5\n serve_stale 1h',
      'success 1000 5 5\n serve_stale 1h verify\n servfail 0',
    ];
    await compareModes(lines, [1100, 5100], [1700, 3900, 18_000]);
  });

  it('renews answers before their ends when the chain does', async function () {
    this.timeout(300_000);
    await compareModes(['success 1000 40 40\n prefetch 2 1m 90%'], [4100, 5100], [2900, 19_000, 30_000]);
  });

  /** Asks all servers in three rounds and compares; half of them at a time if that took so long that it says nothing. */
  async function compareModes(lines: readonly string[], waits: Waits, ends: Ends, tries = 3): Promise<void> {
    const late = await compareOnce(lines, waits, ends);
    if (late === undefined) return;
    if (lines.length === 1) {
      assert.ok(tries > 0, `the machine is too slow for this test: ${late}`);
      return compareModes(lines, waits, ends, tries - 1);
    }
    const half = Math.floor(lines.length / 2);
    for (const part of [lines.slice(0, half), lines.slice(half)]) await compareModes(part, waits, ends);
  }

  /** Resolves with what was late. */
  async function compareOnce(lines: readonly string[], waits: Waits, ends: Ends): Promise<string | undefined> {
    const pairs = await Promise.all(lines.map(start));
    const began = performance.now();
    try {
      await ask(pairs, 2, began + ends[0]);
      await wait(waits[0]);
      speak(pairs, saying('192.0.2.2'));
      await ask(pairs, 3, began + ends[1]);
      await wait(waits[1]);
      speak(pairs, ({ message, send }) => {
        const reply = replyTo(message, { answers: [] });
        reply[3] |= 2;
        send(reply);
      });
      await ask(pairs, 2, began + ends[2]);
      for (const pair of pairs) checkCounts(pair);
      return undefined;
    } catch (error) {
      if (error instanceof TooSlow) return error.message;
      throw error;
    } finally {
      for (const { servers, streams, upstreams } of pairs) {
        for (const client of streams) client.close();
        await Promise.all(servers.map(({ server }) => server.close()));
        await Promise.all(upstreams.map((upstream) => upstream.close()));
      }
    }
  }

  function checkCounts({ options, servers }: Pair): void {
    const [native, chain] = servers.map(({ server }) => server.stats().totals);
    assert.equal(chain.cacheHits, 0);
    if (options === 'example.net') assert.equal(native.cacheHits, 0, 'no name of these is in its zones');
    else assert.ok(native.cacheHits > 0, options);
    // All else that it has answered has come to the chain.
    assert.equal(native.handled + native.cacheHits, chain.handled, options);
  }

  /** The options are lines of its block, or what stands behind its name. */
  async function start(options: string): Promise<Pair> {
    const upstreams = await Promise.all([
      ScriptedUpstream.start(saying('192.0.2.1')),
      ScriptedUpstream.start(saying('192.0.2.1')),
    ]);
    const written = /[a-z] |keep/.test(options) ? `cache {\n ${options}\n }` : `cache ${options}`;
    // What is not allowed to see the answers that the chain gives is there to have it give them: it changes nothing.
    const servers = await Promise.all(
      ['', 'bufsize 1232'].map((ahead, i) =>
        serveCorefile(`.:0 {\n ${ahead}\n ${written}\n forward . 127.0.0.1:${upstreams[i].port}\n}`, { workers: 0 }),
      ),
    );
    const streams = await Promise.all(servers.map(({ port }) => TcpClient.connect(port)));
    return { options, upstreams, servers, streams };
  }

  function speak(pairs: Pair[], script: Script): void {
    for (const { upstreams } of pairs) for (const upstream of upstreams) upstream.script = script;
  }

  /** Asks all, so many times in a row, and compares. Throws {@link TooSlow} after `end`. */
  async function ask(pairs: Pair[], times: number, end: number): Promise<void> {
    await Promise.all(
      pairs.map(async (pair) => {
        for (let i = 0; i < times; i++)
          for (const way of WAYS) for (const name of NAMES) await compare(pair, way, name, end);
        const [one, other] = pair.upstreams;
        assert.deepEqual(one.names().sort(), other.names().sort(), pair.options);
      }),
    );
  }

  async function compare(
    { options, servers, streams, upstreams }: Pair,
    way: Way,
    name: string,
    end: number,
  ): Promise<void> {
    const { transport, spell, more } = way;
    const question = queryBytes(spell(`${name}.example.org`), name === 'large' ? 'TXT' : 'A', more);
    const what = `${options}: ${name} by ${transport}`;
    const [one, other] = await Promise.all(
      servers.map(async ({ port }, i) => {
        const reply =
          transport === 'tcp' ? await streams[i].exchange(question) : (await udpExchange(question, port))?.reply;
        assert.ok(reply !== undefined, what);
        return parts(reply);
      }),
    );
    // What is renewed is so after its client has been answered.
    for (let i = 0; i < TURNS; i++) await turn();
    const [asked, askedOther] = upstreams.map((upstream) => upstream.asked);
    while (asked.length !== askedOther.length && performance.now() < end) await wait(5);
    for (let i = 0; i < TURNS; i++) await turn();
    if (performance.now() > end) throw new TooSlow(`${what}: upstreams ${asked.length} and ${askedOther.length}`);
    assert.deepEqual(one.message, other.message, what);
    // Two servers, and a second may be over between them.
    one.ttls.forEach((ttl, i) => {
      assert.ok(Math.abs(ttl - other.ttls[i]) <= 1, `${what}: TTLs ${one.ttls.join()} and ${other.ttls.join()}`);
    });
  }

  /** A reply with all its TTLs 0, and these. */
  function parts(reply: Buffer): { message: Buffer; ttls: number[] } {
    const { answers = [], authorities = [], additionals = [] } = packet.decode(reply);
    const records = [...answers, ...authorities, ...additionals].filter(({ type }) => type !== 'OPT');
    const message = Buffer.from(reply);
    clampTtls(message, 0, 0);
    return { message, ttls: records.map((record) => (record as { ttl: number }).ttl) };
  }

  it('keeps to the server block that an address has for a name, and to those with cache', async () => {
    const upstream = await ScriptedUpstream.start(saying('192.0.2.1'));
    const forward = `forward . 127.0.0.1:${upstream.port}`;
    const { server } = await serveCorefile(
      `example.org:0 {\n bind 127.0.0.1\n cache\n ${forward}\n}
       two.example.org:0 {\n bind 127.0.0.1\n ${forward}\n}
       .:0 {\n bind 127.0.0.2\n template IN A {\n answer "{{ .Name }} 60 IN A 192.0.2.99"\n }\n}
       example.org:0 {\n bind 127.0.0.2\n cache\n template IN A {\n answer "{{ .Name }} 60 IN A 192.0.2.100"\n }\n}`,
    );
    const [one, other] = server.addresses();
    const addressesOf = async (name: string, { address, port }: typeof one): Promise<unknown[]> => {
      const answered = await udpExchange(queryBytes(name), port, address);
      return packet.decode(answered!.reply).answers!.map((record) => (record as { data: unknown }).data);
    };
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await addressesOf('glue.example.org', one), ['192.0.2.1']);
      assert.deepEqual(await addressesOf('two.example.org', one), ['192.0.2.1', '192.0.2.1']);
      assert.deepEqual(await addressesOf('glue.example.org', other), ['192.0.2.100']);
      assert.deepEqual(await addressesOf('glue.example.net', other), ['192.0.2.99']);
    }
    assert.deepEqual(upstream.names().sort(), ['glue.example.org', ...Array<string>(3).fill('two.example.org')]);
    const { cacheHits, handled } = server.stats().totals;
    assert.deepEqual([cacheHits, handled], [4, 8]);
    await server.close();
    await upstream.close();
  });

  it('begins anew with a reload', async () => {
    const upstream = await ScriptedUpstream.start(saying('192.0.2.1'));
    const corefile = `.:0 {\n multisocket 2\n cache\n forward . 127.0.0.1:${upstream.port}\n}`;
    const { server, port } = await serveCorefile(corefile);
    const ask2 = async (): Promise<void> => {
      for (let i = 0; i < 2; i++) assert.ok(await udpExchange(queryBytes('glue.example.org'), port));
    };
    await ask2();
    assert.equal(upstream.asked.length, 1);
    await server.reload();
    await ask2();
    assert.equal(upstream.asked.length, 2);
    assert.equal(server.stats().totals.cacheHits, 2);
    await server.close();
    await upstream.close();
  });
});
