import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import { parseKey } from '../../dist/corefile/keys.js';
import { parseCorefile, type ParsedCorefile } from '../../dist/corefile/parser.js';
import { CHAIN_ORDER, DirectiveRegistry } from '../../dist/corefile/registry.js';
import { shortLine, type ShortLine } from '../support/corefile.js';

const directory = fileURLToPath(new URL('../../test/corefile/fixtures/', import.meta.url));
const environment = { UPSTREAM: '192.0.2.53', TLS_DIRECTORY: '/etc/tls', PLAIN_PORT: '5300' };
const known = new Set([...CHAIN_ORDER, 'kubernetes']);

const parse = (name: string): ParsedCorefile =>
  parseCorefile(readFileSync(`${directory}${name}.corefile`, 'utf8'), {
    file: name,
    environment,
    unknown: (directive) => (known.has(directive) ? undefined : directive),
  });

/** The lines of one directive in one server block. */
const lines = ({ blocks }: ParsedCorefile, block: number, name: string): ShortLine[] =>
  blocks[block].directives.filter((directive) => directive.name.text === name).map(shortLine);

/** The zones of each block with their transports and ports. */
const zones = ({ blocks }: ParsedCorefile): string[][] =>
  blocks.map(({ keys }) =>
    keys.flatMap((key) => parseKey(key, 53)).map(({ transport, zone, port }) => `${transport}://${zone}:${port}`),
  );

const directives = ({ blocks }: ParsedCorefile, block: number): string[] =>
  blocks[block].directives.map(({ name }) => name.text);

describe('Corefiles as they are in use', () => {
  it('kubeadm writes', () => {
    const corefile = parse('kubeadm');
    assert.deepEqual(zones(corefile), [['dns://.:53']]);
    assert.deepEqual(lines(corefile, 0, 'health'), [['health', [['lameduck', '5s']]]]);
    const disabled = ['success', 'denial'].map((kind) => ['disable', kind, 'cluster.local']);
    assert.deepEqual(lines(corefile, 0, 'cache'), [['cache', '30', disabled]]);
    assert.equal(corefile.blocks[0].directives.length, 10);
  });

  it('a cache on each node has', () => {
    const corefile = parse('node-local-cache');
    assert.deepEqual(zones(corefile), [
      ['dns://cluster.local:53'],
      ['dns://in-addr.arpa:53'],
      ['dns://ip6.arpa:53'],
      ['dns://.:53'],
    ]);
    assert.deepEqual(lines(corefile, 0, 'cache'), [
      [
        'cache',
        [
          ['success', '9984', '30'],
          ['denial', '9984', '5'],
        ],
      ],
    ]);
    assert.deepEqual(lines(corefile, 3, 'forward'), [['forward', '.', '192.0.2.53']]);
  });

  it('a house has', () => {
    const corefile = parse('home');
    assert.deepEqual(zones(corefile), [['dns://home.arpa:53', 'dns://168.192.in-addr.arpa:53'], ['dns://.:53']]);
    const [[, hosts]] = lines(corefile, 0, 'hosts');
    assert.deepEqual(hosts.slice(1, 4), [
      ['192.168.1.10', 'nas.home.arpa', 'nas'],
      ['192.168.1.11', 'printer.home.arpa'],
      ['ttl', '60'],
    ]);
    assert.deepEqual(directives(corefile, 1), ['forward', 'cache', 'errors']);
  });

  it('block advertisers', () => {
    const corefile = parse('blocking');
    assert.deepEqual(lines(corefile, 0, 'bind'), [['bind', 'eth0', [['except', '10.0.0.3']]]]);
    assert.deepEqual(lines(corefile, 0, 'acl'), [
      ['acl', [['allow', 'net', '10.0.0.0/8', '192.168.0.0/16'], ['block']]],
    ]);
    const [[, consolidations]] = lines(corefile, 0, 'errors');
    assert.deepEqual(consolidations, [
      ['consolidate', '5m', '.* i/o timeout$', 'warning'],
      ['consolidate', '30s', '^Failed to .+'],
    ]);
    assert.equal(directives(corefile, 0).length, 8);
  });

  it('split a horizon', () => {
    const corefile = parse('split-horizon');
    const [inside, outside, reverse] = zones(corefile);
    assert.deepEqual([inside, outside], [['dns://example.com:53'], ['dns://example.com:53']]);
    assert.deepEqual(
      reverse.slice(0, 4),
      ['0', '1', '2', '3'].map((octet) => `dns://${octet}.0.10.in-addr.arpa:53`),
    );
    assert.deepEqual(
      reverse.slice(4),
      ['8', '9', 'a', 'b'].map((digit) => `dns://${digit}.9.8.7.6.5.4.3.2.1.d.f.ip6.arpa:53`),
    );
    assert.deepEqual(lines(corefile, 3, 'acl'), [['acl', [['filter', 'type', 'AAAA', 'net', '10.0.0.0/24']]]]);
  });

  it('are an authority', () => {
    const corefile = parse('authoritative');
    assert.deepEqual(zones(corefile), [['dns://example.org:1053', 'dns://example.net:1053']]);
    assert.deepEqual(lines(corefile, 0, 'log'), [['log', 'example.org', '{remote} {name} {type} {rcode} {duration}']]);
  });

  it('are encrypted', () => {
    const corefile = parse('encrypted');
    assert.deepEqual(zones(corefile), [['tls://.:853', 'https://.:8443'], ['dns://.:5300']]);
    assert.deepEqual(lines(corefile, 0, 'tls'), [
      ['tls', '/etc/tls/tls.crt', '/etc/tls/tls.key', [['client_auth', 'nocert']]],
    ]);
    assert.deepEqual(directives(corefile, 0), ['tls', 'errors', 'cache', 'forward', 'timeouts', 'multisocket']);
  });

  it('rewrite names', () => {
    const corefile = parse('rewriting');
    const [[, , rules]] = lines(corefile, 0, 'rewrite');
    assert.deepEqual(rules[0], ['name', 'regex', '(.*)\\.lab\\.example', '{1}.lab.internal.example']);
    const [[, , , , template]] = lines(corefile, 0, 'template');
    assert.deepEqual(template[0], ['match', '^(?P<a>[0-9]+)-(?P<b>[0-9]+)\\.wild\\.lab\\.internal\\.example\\.$']);
  });

  it('have one block and no braces', () => {
    const corefile = parse('alone');
    assert.deepEqual(zones(corefile), [['dns://.:5300']]);
    assert.deepEqual(directives(corefile, 0), ['whoami', 'log']);
  });

  it('have more than one socket', () => {
    assert.deepEqual(lines(parse('multisocket'), 0, 'multisocket'), [['multisocket', '5']]);
    assert.deepEqual(lines(parse('multisocket-default'), 0, 'multisocket'), [['multisocket']]);
  });

  it('have all their directives, or are refused for the one that is missing', () => {
    const registry = new DirectiveRegistry();
    for (const name of CHAIN_ORDER.filter((other) => other !== 'bind')) {
      registry.register({ name, setup: { configure: (uses) => uses.map(({ line }) => line) } });
    }
    // Not the interfaces of this machine, which the Corefiles know nothing of.
    const listen = (addresses: string[]): { addresses: string[] } => ({ addresses });
    registry.register({ name: 'bind', setup: { configure: ([use]) => [...use.args], listen } });
    const refused: string[] = [];
    for (const file of readdirSync(directory)) {
      try {
        const { blocks, warnings } = loadCorefile({ path: `${directory}${file}` }, { registry, environment });
        assert.ok(blocks.every(({ directives }) => directives.length > 0));
        // The directives of this registry give no certificate to any address.
        assert.deepEqual(
          warnings.filter(({ message }) => !message.includes('is not encrypted')),
          [],
        );
      } catch (error) {
        if ((error as { code?: string }).code !== 'ERR_MULTISOCKET_COREFILE') throw error;
        refused.push((error as Error).message);
      }
    }
    assert.deepEqual(refused, [
      `${directory}kubeadm.corefile:7 - Error during parsing: Unknown directive 'kubernetes': CoreDNS has it ` +
        '(https://coredns.io/plugins/kubernetes/), multisocket has not; remove it, or forward to a CoreDNS',
    ]);
  });
});
