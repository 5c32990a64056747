/** What an answer cache may keep, for how long, and for whom. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { holds, type Rule } from '../rule.js';
import type { Site } from '../site.js';
import { queryOf, readReply, type Asked } from '../wire.js';

/** Asks so often; how many of the questions came to the handler, and the last reply. */
async function times(
  count: number,
  site: Site,
  ...asked: readonly Asked[]
): Promise<{ called: number; reply: Buffer }> {
  const before = site.calls();
  let reply: Buffer = Buffer.alloc(0);
  for (let i = 0; i < count; i++) {
    for (const each of asked) reply = await site.exchangeCached(queryOf(each));
  }
  return { called: site.calls() - before, reply };
}

/** A rule for questions of which each, asked three times, comes to the handler so often. */
function called(rfc: number, section: string, rule: string, expected: number, ...asked: readonly Asked[]): Rule {
  return holds(rfc, section, rule, async (site) => {
    assert.equal((await times(3, site, ...asked)).called, expected);
  });
}

/** A rule for two questions that may not share an answer. */
function apart(rfc: number, section: string, rule: string, name: string, one: Asked, other: Asked): Rule {
  return called(rfc, section, rule, 2, { name, ...one }, { name, ...other });
}

export const rules: readonly Rule[] = [
  called(1035, '7.4', 'an answer is cached', 1, { name: 'keep.test' }),
  holds(1035, '4.1.1', 'a cached answer has the ID of the query', async (site) => {
    const { reply } = await times(2, site, { name: 'id.test', id: 1 }, { name: 'id.test', id: 2 });
    assert.equal(reply.readUInt16BE(0), 2);
  }),
  holds(4343, '4.1', 'a cached answer has the upper and lower case of the query', async (site) => {
    const { called, reply } = await times(1, site, { name: 'spelling.test' }, { name: 'SPELLing.Test' });
    assert.equal(called, 1);
    const { question, answer } = readReply(reply);
    assert.deepEqual([question, answer], ['SPELLing.Test IN A', ['SPELLing.Test 60 IN A 192.0.2.1']]);
  }),
  holds(1035, '3.2.1', 'TTLs count down', async (site) => {
    await times(1, site, { name: 'ttl-100.test' });
    await wait(2100);
    const { called, reply } = await times(1, site, { name: 'ttl-100.test' });
    assert.equal(called, 0);
    const ttls = readReply(reply).answer.map((record) => Number(record.split(' ')[1]));
    assert.ok(ttls[0] >= 90 && ttls[0] <= 98 && ttls[1] === ttls[0] + 200, ttls.join());
  }),
  called(1035, '3.2.1', 'an answer with a TTL of 0 is not cached', 3, { name: 'ttl-0.test' }),
  holds(2181, '8', 'a TTL with its uppermost bit set counts as 0', async (site) => {
    const { called } = await times(3, site, { name: 'huge.test' });
    assert.equal(called, 3);
  }),
  holds(1035, '3.2.1', 'an answer is cached for its smallest TTL at most', async (site) => {
    const first = await times(2, site, { name: 'ttl-1.test' });
    await wait(2100);
    // One that asks after its end has it renewed, and is answered by the handler.
    const second = await times(1, site, { name: 'ttl-1.test' });
    assert.deepEqual([first.called, second.called], [1, 1]);
  }),
  holds(8767, '4', 'a stale answer has TTLs of 30 seconds at most', async (site) => {
    await times(1, site, { name: 'ttl-1.old.test' });
    await wait(2100);
    // The first one has it renewed by the handler: ask in a way that another one is stale meanwhile.
    const before = site.calls();
    const [one, two] = await Promise.all([
      site.exchangeCached(queryOf({ name: 'ttl-1.old.test', id: 1 })),
      site.exchangeCached(queryOf({ name: 'ttl-1.old.test', id: 2 })),
    ]);
    assert.ok(site.calls() - before >= 1);
    for (const reply of [one, two]) {
      const ttls = readReply(reply).answer.map((record) => Number(record.split(' ')[1]));
      assert.ok(ttls[0] <= 30, ttls.join());
    }
  }),

  called(2308, '5', 'a denial is cached', 1, { name: 'none-300.test' }),
  holds(2308, '5', 'a denial is cached for MINIMUM if it is lower than the TTL of SOA', async (site) => {
    const first = await times(2, site, { name: 'none-1.test' });
    await wait(2100);
    const second = await times(1, site, { name: 'none-1.test' });
    assert.deepEqual([first.called, second.called], [1, 1]);
  }),
  holds(2308, '5', 'a denial is cached for the TTL of SOA if it is lower than MINIMUM', async (site) => {
    const first = await times(2, site, { name: 'nodata-1.test' });
    await wait(2100);
    const second = await times(1, site, { name: 'nodata-1.test' });
    assert.deepEqual([first.called, second.called], [1, 1]);
  }),
  called(2308, '5', 'a denial without SOA is not cached', 3, { name: 'none.test' }),
  called(2308, '7.1', 'SERVFAIL is not cached', 3, { name: 'fails.test' }),
  called(2181, '9', 'a truncated answer is not cached', 3, { name: 'rrset-60.test' }),
  called(6891, '6.2.1', 'an answer is cached without OPT, which is made for each reply', 1, {
    name: 'opt.test',
    opt: {},
  }),

  apart(3225, '3', 'DO and its absence', 'do.test', { opt: {} }, { opt: { flags: 0x8000 } }),
  apart(6891, '6.1.1', 'OPT and its absence', 'edns.test', {}, { opt: {} }),
  apart(6891, '6.2.3', 'payload sizes', 'size.test', { opt: { size: 512 } }, { opt: { size: 1232 } }),
  apart(4035, '3.2.2', 'CD and its absence', 'cd.test', {}, { flags: 0x0110 }),
  apart(1035, '4.1.1', 'RD and its absence', 'rd.test', {}, { flags: 0 }),
  apart(6840, '5.7', 'AD and its absence', 'ad.test', {}, { flags: 0x0120 }),
  apart(1035, '4.1.2', 'types', 'type.test', {}, { type: 'AAAA' }),
  apart(1035, '4.1.2', 'classes', 'class.test', {}, { class: 3 }),
  apart(
    7871,
    '7.3.1',
    'client subnets',
    'subnet.test',
    { opt: { options: ['8:00011800c00002'] } },
    { opt: { options: ['8:00011800c63364'] } },
  ),
  called(6891, '6.1.2', 'an answer with EDNS options of the handler is not cached', 3, {
    name: 'option.test',
    opt: { options: ['65001:00'] },
  }),
  holds(1035, '4.2', 'TCP and UDP do not share answers, since one may be truncated', async (site) => {
    await times(1, site, { name: 'rrset-55.test' });
    const reply = await site.exchangeCached(queryOf({ name: 'rrset-55.test' }), 'tcp');
    assert.equal(readReply(reply).answer.length, 55);
    assert.equal(readReply(await site.exchangeCached(queryOf({ name: 'rrset-55.test' }))).flags, 'qr aa tc rd');
  }),
];
