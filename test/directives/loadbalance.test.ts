import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import packet from 'dns-packet';
import { parseWeights } from '../../dist/directives/loadbalance/weights.js';
import { ask } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const directory = temporaryDirectory();
const weights = join(directory, 'weights');
const ADDRESSES = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1'];

writeFileSync(
  join(directory, 'zone'),
  [
    '@ 60 IN SOA ns admin 1 60 60 60 60',
    '@ 60 IN NS ns',
    ...ADDRESSES.slice(0, 3).map((address) => `www 60 IN A ${address}`),
    'alias 60 IN CNAME www',
    'www 60 IN MX 10 mail',
  ].join('\n'),
);

const serve = (lines: string): ReturnType<typeof serveCorefile> =>
  serveCorefile(`example.org:0 {\n bind 127.0.0.1\n loadbalance ${lines}\n file ${join(directory, 'zone')}\n}`);

/** How often each address came first, of many answers. */
async function firsts(port: number, name = 'www.example.org'): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let i = 0; i < 200; i++) {
    const { answers = [] } = await ask(port, name, 'A');
    const addresses = answers.filter(({ type }) => type === 'A').map((record) => (record as packet.StringAnswer).data);
    assert.deepEqual([...addresses].sort(), ADDRESSES.slice(0, 3));
    if (answers.length > 3) assert.equal(answers[0].type, 'CNAME');
    counts.set(addresses[0], (counts.get(addresses[0]) ?? 0) + 1);
  }
  return counts;
}

/** Asks until an address comes first in nearly all answers. */
async function untilFirst(port: number, address: string): Promise<void> {
  for (let tries = 0; ((await firsts(port)).get(address) ?? 0) < 180; tries++) {
    assert.ok(tries < 50, `${address} does not come first`);
  }
}

describe('the directive loadbalance', () => {
  it('weighted: puts an address first as often as its weight says, and reads the file again', async () => {
    writeFileSync(weights, '# twice\nWWW.example.org\n192.0.2.1 198\n\n192.0.2.2 1\n');
    const { server, port } = await serve(`weighted ${weights} {\n  reload 100ms\n }`);
    for (const name of ['www.example.org', 'alias.example.org']) {
      const counts = await firsts(port, name);
      assert.ok((counts.get('192.0.2.1') ?? 0) > 180, JSON.stringify([...counts]));
    }
    writeFileSync(weights, 'www.example.org.\n192.0.2.3 255\n');
    await untilFirst(port, '192.0.2.3');
    await server.close();
  });

  it('weighted: a file that is missing is tried again, a malformed one is refused', async () => {
    const missing = join(directory, 'later');
    const { server, port, log } = await serve(`weighted ${missing} {\n  reload 100ms\n }`);
    assert.ok(log.some((line) => line.startsWith('warn plugin/loadbalance: Failed to open weight file')));
    writeFileSync(missing, 'www.example.org\n192.0.2.2 255\n');
    await untilFirst(port, '192.0.2.2');
    await server.close();
    await assert.rejects(serve(`weighted ${join(directory, 'nowhere')} {\n  reload 0\n }`), { code: 'ENOENT' });
    writeFileSync(weights, 'www.example.org\nx 1\n');
    await assert.rejects(serve(`weighted ${weights}`), /wrong IP address: "x" in weight file/);
  });

  it('prefer: addresses of the networks come first, in their order', async () => {
    const { server, port } = await serve('{\n  prefer 192.0.2.3/32 192.0.2.2/32\n }');
    for (let i = 0; i < 20; i++) {
      const { answers = [] } = await ask(port, 'www.example.org', 'A');
      assert.deepEqual(
        answers.map((record) => (record as packet.StringAnswer).data),
        ['192.0.2.3', '192.0.2.2', '192.0.2.1'],
      );
    }
    await server.close();
  });

  for (const [text, message] of [
    ['192.0.2.1 1', 'missing domain name in weight file f, line 1'],
    ['a\n192.0.2.1 0', 'wrong weight value: "0" in weight file f, line 2'],
    ['a\n192.0.2.1 256', 'wrong weight value: "256" in weight file f, line 2'],
    ['a\n192.0.2.300 1', 'wrong IP address: "192.0.2.300" in weight file f, line 2'],
    ['a\n\n192.0.2.1', 'wrong domain name: "192.0.2.1" (maybe a missing weight value?) in weight file f, line 3'],
    ['a b c', 'could not parse weight line: "a b c" in weight file f, line 1'],
  ] as const) {
    it(`refuses the weights ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseWeights(text, 'f'), { message });
    });
  }

  it('takes an address in any spelling, and a name in any case', () => {
    const found = parseWeights('a.Example.\n2001:DB8:0:0::1 7\r\n# c\n\nB\n192.0.2.1 3\n', 'f');
    assert.equal(found.get('a.example')?.get('2001:db8::1'), 7);
    assert.equal(found.get('b')?.get('192.0.2.1'), 3);
  });
});
