import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import packet from 'dns-packet';
import type { DirectiveDefinition } from '../../dist/corefile/directive.js';
import { reverseName } from '../../dist/dns/hosts-table.js';
import { hosts } from '../../dist/directives/hosts/setup.js';
import { ask } from '../support/clients.js';
import { configOf, registryOf, serveChain } from '../support/chain.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { answers } from '../support/zone-of-one.js';

const registry = registryOf(...([hosts, answers] as DirectiveDefinition<never>[]));
const file = join(temporaryDirectory(), 'hosts');
writeFileSync(
  file,
  '# comment\n192.0.2.1 one.example.org ONE # more\n2001:db8::1 one.example.org\n192.0.2.2 one.example.org\nnonsense line\n',
);
const data = (answer: packet.DecodedPacket): string[] =>
  (answer.answers ?? []).map((record) => (record as packet.StringAnswer).data);

describe('the directive hosts', () => {
  it('answers A, AAAA and PTR with authority, in the order of the file, and NODATA for other types', async () => {
    const { server, port } = await serveChain(registry, `hosts ${file}`);
    const answer = await ask(port, 'One.example.org', 'A');
    assert.deepEqual(data(answer), ['192.0.2.1', '192.0.2.2']);
    assert.equal(answer.flag_aa, true);
    assert.equal((answer.answers?.[0] as packet.StringAnswer).ttl, 3600);
    assert.deepEqual(data(await ask(port, 'one', 'A')), ['192.0.2.1']);
    assert.deepEqual(data(await ask(port, 'one.example.org', 'AAAA')), ['2001:db8::1']);
    assert.deepEqual(data(await ask(port, '1.2.0.192.in-addr.arpa', 'PTR')), ['one.example.org', 'one']);
    assert.deepEqual(data(await ask(port, reverseName('2001:db8::1'), 'PTR')), ['one.example.org']);
    const none = await ask(port, 'one.example.org', 'MX');
    assert.deepEqual([none.rcode, none.answers?.length], ['NOERROR', 0]);
    await server.close();
  });

  it('answers SERVFAIL for names that it lacks, or leaves them to the next with fallthrough', async () => {
    const { server, port } = await serveChain(
      registry,
      `hosts ${file} example.org {\nfallthrough a.example.org\n}\nanswers`,
    );
    assert.equal((await ask(port, 'two.example.org', 'A')).rcode, 'SERVFAIL');
    for (const name of ['b.a.example.org', 'example.net'])
      assert.equal((await ask(port, name, 'TXT')).answers?.length, 1);
    assert.equal((await ask(port, '9.9.9.9.in-addr.arpa', 'PTR')).answers?.[0].type, 'TXT');
    await server.close();
  });

  it('has wildcards for one label, as CoreDNS does', async () => {
    const { server, port } = await serveChain(
      registry,
      'hosts /dev/null {\n192.168.1.10 *.example.com\n192.168.1.11 a.example.com\n2001:db8::1 *.example.com\n}',
    );
    assert.deepEqual(data(await ask(port, 'Apps.example.com', 'A')), ['192.168.1.10']);
    assert.deepEqual(data(await ask(port, 'apps.example.com', 'AAAA')), ['2001:db8::1']);
    assert.deepEqual(data(await ask(port, '*.example.com', 'A')), ['192.168.1.10']);
    assert.deepEqual(data(await ask(port, 'a.example.com', 'A')), ['192.168.1.11']);
    assert.deepEqual(data(await ask(port, 'a.example.com', 'AAAA')), ['2001:db8::1']);
    for (const name of ['example.com', 'deep.apps.example.com', 'xexample.com', '10.1.168.192.in-addr.arpa'])
      assert.equal((await ask(port, name, name.endsWith('arpa') ? 'PTR' : 'A')).answers?.length, 0, name);
    const none = await ask(port, 'apps.example.com', 'MX');
    assert.deepEqual([none.rcode, none.answers?.length, none.flag_aa], ['NOERROR', 0, true]);
    await server.close();
  });

  it('takes IPv4-mapped addresses for IPv4 addresses', async () => {
    const { server, port } = await serveChain(registry, 'hosts /dev/null {\n::ffff:10.0.0.2 m\n::FFFF:a00:3 n\n}');
    assert.deepEqual(data(await ask(port, 'm', 'A')), ['10.0.0.2']);
    assert.deepEqual(data(await ask(port, 'n', 'A')), ['10.0.0.3']);
    assert.deepEqual(data(await ask(port, 'm', 'AAAA')), []);
    assert.deepEqual(data(await ask(port, '2.0.0.10.in-addr.arpa', 'PTR')), ['m']);
    await server.close();
  });

  it('answers PTR for names of its zones, whatever zone the address is in', async () => {
    const { server, port } = await serveChain(
      registry,
      'hosts /dev/null example.org {\n192.0.2.7 in.example.org out.example.net\n}\nanswers',
    );
    assert.deepEqual(data(await ask(port, '7.2.0.192.in-addr.arpa', 'PTR')), ['in.example.org']);
    assert.equal((await ask(port, 'out.example.net', 'TXT')).answers?.[0].type, 'TXT');
    await server.close();
  });

  it('leaves other types of its names to the next with fallthrough_unsupported', async () => {
    const { server, port } = await serveChain(
      registry,
      'hosts /dev/null {\n192.0.2.7 a.example.org\n192.0.2.7 a.example.net\nfallthrough example.org\nfallthrough_unsupported\n}\nanswers',
    );
    assert.equal((await ask(port, 'a.example.org', 'TXT')).answers?.length, 1);
    assert.equal((await ask(port, 'a.example.net', 'TXT')).answers?.length, 0);
    assert.equal((await ask(port, 'a.example.org', 'AAAA')).answers?.length, 0);
    assert.deepEqual(data(await ask(port, 'a.example.org', 'A')), ['192.0.2.7']);
    await server.close();
    assert.throws(() => configOf(registry, 'hosts {\nfallthrough_unsupported\n}'), /requires fallthrough/);
  });

  it('answers from the file and then from the Corefile, each address once', async () => {
    const { server, port } = await serveChain(registry, `hosts ${file} {\n192.0.2.9 one\n192.0.2.1 one\n}`);
    assert.deepEqual(data(await ask(port, 'one', 'A')), ['192.0.2.1', '192.0.2.9']);
    await server.close();
  });

  it('says which lines and names it passes over, and -check does, too', async () => {
    const bad = join(temporaryDirectory(), 'bad');
    writeFileSync(bad, '# x\n1.2.3 a\n\n192.0.2.1 a..b ok # c\n::1%lo b\nfe80::zz c\n');
    const check = async (lines: string): Promise<string[]> =>
      (await hosts.setup.check?.(configOf(registry, lines) as never)) ?? [];
    assert.deepEqual(await check(`hosts ${bad}`), [
      `${bad}:2: invalid address "1.2.3": the line is passed over`,
      `${bad}:4: invalid name "a..b": it is passed over`,
      `${bad}:6: invalid address "fe80::zz": the line is passed over`,
    ]);
    assert.match((await check(`hosts ${bad}.missing`)).join(), /ENOENT.*bad\.missing/);
  });

  it('leaves questions of other classes than IN to the next', async () => {
    const { server, port } = await serveChain(registry, `hosts ${file}\nanswers`);
    const [name, type] = ['one.example.org', 'A'] as const;
    const answer = await ask(port, name, type, { questions: [{ name, type, class: 'CH' }] });
    assert.deepEqual(
      answer.answers?.map((record) => record.type),
      ['TXT'],
    );
    await server.close();
  });

  it('takes lines of the Corefile, a TTL, and no_reverse', async () => {
    const lines = [
      'hosts /nowhere {',
      '10.0.0.1 a.test b.test',
      'ttl 60',
      'no_reverse',
      'reload 0',
      '}',
      'answers',
    ].join('\n');
    const { server, port } = await serveChain(registry, lines);
    const answer = await ask(port, 'b.test', 'A');
    assert.deepEqual(data(answer), ['10.0.0.1']);
    assert.equal((answer.answers?.[0] as packet.StringAnswer).ttl, 60);
    assert.equal((await ask(port, '1.0.0.10.in-addr.arpa', 'PTR')).answers?.[0].type, 'TXT');
    await server.close();
  });

  it('sees changes of the file', async () => {
    const changing = `${file}-changing`;
    writeFileSync(changing, '192.0.2.1 a.test\n');
    const { server, port, chain } = await serveChain(registry, `hosts ${changing} {\nreload 20ms\n}`);
    assert.deepEqual(data(await ask(port, 'a.test', 'A')), ['192.0.2.1']);
    writeFileSync(changing, '192.0.2.99 a.test\n192.0.2.98 a.test\n');
    for (let i = 0; i < 100 && data(await ask(port, 'a.test', 'A')).length === 1; i++) await wait(20);
    assert.deepEqual(data(await ask(port, 'a.test', 'A')), ['192.0.2.99', '192.0.2.98']);
    await chain.close();
    await server.close();
  });

  const faults: [string, number, string][] = [
    ['hosts f {\n ttl 0\n}', 3, 'ttl provided is invalid: 0'],
    ['hosts f {\n ttl x\n}', 3, 'ttl provided is invalid: x'],
    ['hosts f {\n fallthrough\n color\n}', 4, "unknown property 'color'; lines of addresses stand before fallthrough"],
    ['hosts f {\n no_reverse {\n }\n}', 3, "Unexpected token '{', expecting argument"],
    ['hosts f\nhosts f', 3, 'this plugin can only be used once per Server Block'],
  ];
  for (const [text, line, message] of faults) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => configOf(registry, text), {
        message: `plugin/hosts: Corefile:${line} - Error during parsing: ${message}`,
      });
    });
  }
});
