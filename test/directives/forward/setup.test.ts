import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chain } from '../../../dist/corefile/chain.js';
import { loadCorefile, type Corefile } from '../../../dist/corefile/corefile.js';
import { DirectiveRegistry } from '../../../dist/corefile/registry.js';
import { createServer } from '../../../dist/index.js';
import type { ForwardOptions } from '../../../dist/directives/forward/options.js';
import { forward } from '../../../dist/directives/forward/setup.js';
import { ask } from '../../support/clients.js';
import { makeCertificate } from '../../support/certificate.js';
import { ScriptedUpstream } from '../../support/upstream.js';

const registry = new DirectiveRegistry();
registry.register(forward);
const load = (text: string): Corefile => loadCorefile(text, { registry, environment: {} });
const configOf = (lines: string): ForwardOptions[] =>
  load(`. {\n${lines}\n}`).blocks[0].directives[0].config as ForwardOptions[];
const upstreamsOf = (to: string): string[] =>
  configOf(`forward . ${to}`)[0].upstreams.map(({ transport, address, port, servername, path }) =>
    [transport, address, port, servername ?? '', path].join(' ').replaceAll(/ +/g, ' ').trim(),
  );

describe('the directive forward', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  function write(name: string, text: string): string {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  }

  const addresses: [string, string[]][] = [
    ['192.0.2.1', ['dns 192.0.2.1 53']],
    ['192.0.2.1:5353 dns://192.0.2.2', ['dns 192.0.2.1 5353', 'dns 192.0.2.2 53']],
    ['::1 [::1] [::1]:5353', ['dns ::1 53', 'dns ::1 53', 'dns ::1 5353']],
    ['fe80::1%lo [fe80::1%lo]:5353', ['dns fe80::1%lo 53', 'dns fe80::1%lo 5353']],
    ['tls://192.0.2.1 tls://[::1]:8853', ['tls 192.0.2.1 853', 'tls ::1 8853']],
    ['192.0.2.1%lo', ['dns 192.0.2.1 53']],
    ['dns.example Dns.Example.:5353', ['dns dns.example 53', 'dns Dns.Example. 5353']],
    ['tls://dns.example', ['tls dns.example 853']],
    ['tls://192.0.2.1%dns.example', ['tls 192.0.2.1 853 dns.example']],
    ['tls://192.0.2.1%dns.example:8853', ['tls 192.0.2.1 8853 dns.example']],
    ['tls://2001:db8::1%dns.example:8853', ['tls 2001:db8::1 8853 dns.example']],
    ['https://192.0.2.1 https://[::1]:8443', ['https 192.0.2.1 443 /dns-query', 'https ::1 8443 /dns-query']],
    [
      'https://dns.example https://192.0.2.1%a:44',
      ['https dns.example 443 /dns-query', 'https 192.0.2.1 44 a /dns-query'],
    ],
  ];
  for (const [to, upstreams] of addresses) {
    it(`asks ${to}`, () => {
      assert.deepEqual(upstreamsOf(to), upstreams);
    });
  }

  it('warns of a server name for what is asked without TLS', () => {
    const { warnings } = load('. {\n forward . 192.0.2.1 {\n tls_servername dns.example\n }\n}');
    assert.match(warnings.map(({ message }) => message).join(), /tls_servername has no effect .* 192\.0\.2\.1/);
  });

  it('reads upstreams from a file like resolv.conf', () => {
    const file = write(
      'resolv.conf',
      '# nameserver 192.0.2.9\nnameserver 192.0.2.1\nsearch a\nnameserver\t2001:db8::1 # x\nnameserver [192.0.2.2]:5353\n',
    );
    assert.deepEqual(upstreamsOf(file), ['dns 192.0.2.1 53', 'dns 2001:db8::1 53', 'dns 192.0.2.2 5353']);
  });

  it('has defaults', () => {
    const [{ upstreams: to, ...rest }] = configOf('forward Example.ORG. 192.0.2.1');
    assert.equal(to.length, 1);
    assert.deepEqual(rest, {
      from: ['example.org'],
      except: [],
      forceTcp: false,
      preferUdp: false,
      expire: 10_000,
      maxFails: 2,
      maxAge: 0,
      maxIdleConns: 0,
      readTimeout: 2000,
      resolvers: [],
      maxAttempts: undefined,
      timeout: 4800,
      httpMethod: 'POST',
      sourceAddress: undefined,
      policy: 'random',
      healthCheck: { interval: 500, recursionDesired: true, domain: '.' },
      maxConcurrent: 0,
      tls: { cert: undefined, key: undefined, ca: undefined },
      next: [],
      nextOnNodata: false,
      failover: [],
      failfast: false,
    });
  });

  it('takes all options', async () => {
    const made = await makeCertificate();
    const [cert, key, ca] = [write('cert', made.cert), write('key', made.key), write('ca', made.cert)];
    const [config] = configOf(`forward 10.0.0.0/23 tls://192.0.2.1 {
      except a.Example b.example
      except c.example
      force_tcp
      prefer_udp
      expire 1m
      max_age 1m
      max_idle_conns 3
      read_timeout 500ms
      resolver 192.0.2.1 192.0.2.1:5353 2001:db8::1 [2001:db8::1]:53
      source_address 127.0.0.2
      max_fails 5
      max_connect_attempts 4
      doh_method GET
      policy round_robin
      health_check 2s no_rec domain Example.org.
      max_concurrent 100
      tls ${cert} ${key} ${ca}
      tls_servername dns.example
      next nxdomain SERVFAIL
      next_on_nodata
      failover REFUSED
      failfast_all_unhealthy_upstreams
    }`);
    assert.deepEqual(config, {
      from: ['0.0.10.in-addr.arpa', '1.0.10.in-addr.arpa'],
      upstreams: [{ transport: 'tls', address: '192.0.2.1', port: 853, servername: 'dns.example', path: '' }],
      except: ['a.example', 'b.example', 'c.example'],
      forceTcp: true,
      preferUdp: true,
      expire: 60_000,
      maxFails: 5,
      maxAge: 60_000,
      maxIdleConns: 3,
      readTimeout: 500,
      resolvers: ['192.0.2.1', '192.0.2.1:5353', '[2001:db8::1]', '[2001:db8::1]:53'],
      maxAttempts: 4,
      timeout: 4800,
      httpMethod: 'GET',
      sourceAddress: '127.0.0.2',
      policy: 'round_robin',
      healthCheck: { interval: 2000, recursionDesired: false, domain: 'example.org' },
      maxConcurrent: 100,
      tls: { cert: made.cert, key: made.key, ca: made.cert },
      next: ['NXDOMAIN', 'SERVFAIL'],
      nextOnNodata: true,
      failover: ['REFUSED'],
      failfast: true,
    });
    assert.deepEqual(configOf(`forward . 192.0.2.1 {\n tls ${ca}\n}`)[0].tls, {
      cert: undefined,
      key: undefined,
      ca: made.cert,
    });
    assert.deepEqual(configOf(`forward . 192.0.2.1 {\n tls ${cert} ${key}\n}`)[0].tls, {
      cert: made.cert,
      key: made.key,
      ca: undefined,
    });
  });

  it('refuses files that are no certificate, no key, or of no pair', async () => {
    const [made, other] = [await makeCertificate(), await makeCertificate()];
    const [cert, key, empty] = [write('cert', made.cert), write('key', made.key), write('empty', '')];
    const foreign = write('foreign', other.key);
    for (const files of [
      empty,
      key,
      `${key} ${cert}`,
      `${cert} ${empty}`,
      `${cert} ${foreign}`,
      `${cert} ${key} ${empty}`,
    ]) {
      assert.throws(() => configOf(`forward . 192.0.2.1 {\n tls ${files}\n}`), {
        code: 'ERR_MULTISOCKET_COREFILE',
        line: 3,
      });
    }
  });

  it('looks up hosts for -check, and reads any file that is there as a list of resolvers', async () => {
    const check = async (to: string): Promise<unknown> => forward.setup.check?.(configOf(`forward . ${to}`));
    assert.deepEqual(await check('localhost'), []);
    await assert.rejects(check('nowhere.invalid'), /failed to resolve "nowhere.invalid"/);
    const home = process.cwd();
    process.chdir(folder);
    try {
      write('resolvers', 'nameserver 192.0.2.7\n');
      write('none', '');
      assert.deepEqual(upstreamsOf('resolvers none'), ['dns 192.0.2.7 53']);
      assert.throws(() => configOf('forward . none'), /no valid upstream addresses found/);
    } finally {
      process.chdir(home);
    }
  });

  const one = 'forward . 192.0.2.1';
  const sixteen = Array.from({ length: 16 }, (_, i) => `192.0.2.${i}`).join(' ');
  const faults: [string, number, string][] = [
    ['forward', 2, "Wrong argument count or unexpected line ending after 'forward'"],
    ['forward .', 2, "Wrong argument count or unexpected line ending after '.'"],
    ['forward a..b 192.0.2.1', 2, "unable to normalize 'a..b'"],
    ['forward . a..b', 2, 'not an IP address, file, or valid domain: "a..b"'],
    ['forward . 192.0.2', 2, 'not an IP address, file, or valid domain: "192.0.2"'],
    ['forward . 192.0.2.1:0', 2, 'not an IP address, file, or valid domain: "192.0.2.1:0"'],
    ['forward . 192.0.2.1:65536', 2, 'not an IP address, file, or valid domain: "192.0.2.1:65536"'],
    ...['https://192.0.2.1/dns', 'https://dns.example/', 'https:///'].map((to): [string, number, string] => [
      `forward . ${to}`,
      2,
      `paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): ${to}`,
    ]),
    ['forward . https://', 2, 'not an IP address, file, or valid domain: "https://"'],
    ['forward . quic://192.0.2.1', 2, "'quic' is not supported as a destination protocol in forward: quic://192.0.2.1"],
    ['forward . grpc://192.0.2.1', 2, "'grpc' is not supported as a destination protocol in forward: grpc://192.0.2.1"],
    ['forward . x://192.0.2.1', 2, 'not an IP address, file, or valid domain: "x://192.0.2.1"'],
    ['forward . /nowhere/resolv.conf', 2, "ENOENT: no such file or directory, open '/nowhere/resolv.conf'"],
    [`forward . ${sixteen}`, 2, 'more than 15 TOs configured: 16'],
    [`${one} {\n unknown\n}`, 3, "unknown property 'unknown'"],
    [`${one} {\n doh_method get\n}`, 3, 'doh_method must be either POST or GET'],
    [`${one} {\n resolver dns.example\n}`, 3, 'resolver must be an IP address or IP:port: "dns.example"'],
    [`${one} {\n max_idle_conns -1\n}`, 3, 'invalid number "-1": it must be whole and not negative'],
    [`${one} {\n read_timeout 0s\n}`, 3, 'read_timeout must be positive: 0s'],
    [`${one} {\n source_address here\n}`, 3, 'invalid IP address: here'],
    [`${one} {\n max_age 5s\n}`, 2, 'max_age (5000 ms) must not be less than expire (10000 ms)'],
    [`${one} {\n except\n}`, 3, "Wrong argument count or unexpected line ending after 'except'"],
    [`${one} {\n force_tcp yes\n}`, 3, "Wrong argument count or unexpected line ending after 'yes'"],
    [`${one} {\n expire 5\n}`, 3, 'invalid duration "5"'],
    [`${one} {\n max_fails -1\n}`, 3, 'not a number from 0 to 4294967295: -1'],
    [`${one} {\n max_connect_attempts +3\n}`, 3, 'not a number from 0 to 4294967295: +3'],
    [`${one} {\n max_fails 4294967296\n}`, 3, 'not a number from 0 to 4294967295: 4294967296'],
    [`${one} {\n max_concurrent x\n}`, 3, 'invalid number "x": it must be whole and not negative'],
    [`${one} {\n policy best\n}`, 3, "unknown policy 'best'"],
    [`${one} {\n health_check\n}`, 3, "Wrong argument count or unexpected line ending after 'health_check'"],
    [`${one} {\n health_check 1s often\n}`, 3, 'health_check: unknown option often'],
    [`${one} {\n health_check 1s domain\n}`, 3, "Wrong argument count or unexpected line ending after 'domain'"],
    [`${one} {\n health_check 1s domain a..b\n}`, 3, 'health_check: invalid domain name a..b'],
    [`${one} {\n tls a b c d\n}`, 3, "Wrong argument count or unexpected line ending after 'd'"],
    [`${one} {\n tls /nowhere/ca\n}`, 3, "ENOENT: no such file or directory, open '/nowhere/ca'"],
    [`${one} {\n next FINE\n}`, 3, 'FINE is not a valid rcode'],
    [`${one} {\n failover NOERROR\n}`, 3, 'failover with NOERROR makes no sense'],
    [
      'forward . tls://192.0.2.1%a {\n tls_servername b\n}',
      3,
      'tls_servername is given, and an upstream has a server name of its own',
    ],
    [`${one} {\n policy random {\n }\n}`, 3, "Unexpected token '{', expecting argument"],
  ];
  for (const [lines, line, message] of faults) {
    it(`refuses ${JSON.stringify(lines)}`, () => {
      assert.throws(() => load(`. {\n${lines}\n}`), {
        code: 'ERR_MULTISOCKET_COREFILE',
        message: `plugin/forward: Corefile:${line} - Error during parsing: ${message}`,
      });
    });
  }

  it('refuses a resolv.conf without a name server, or with an invalid one', () => {
    const empty = write('empty', 'search a\n');
    assert.throws(() => upstreamsOf(empty), { message: /no valid upstream addresses found/ });
    const odd = write('odd', 'nameserver dns.example\n');
    assert.throws(() => upstreamsOf(odd), { message: /not an IP address: "dns.example" in/ });
  });

  it('runs in a chain', async () => {
    const upstream = await ScriptedUpstream.start();
    const { blocks } = load(`. {\n forward . 127.0.0.1:${upstream.port}\n}`);
    const runtime = { index: 0, logger: console, signal: new AbortController().signal, fatal: assert.ifError };
    const chain = await Chain.start(blocks[0], runtime, registry);
    try {
      await using server = createServer({ listen: '127.0.0.1:0', sockets: 1, workers: 0, handler: chain.handle });
      await server.listen();
      assert.equal((await ask(server.addresses()[0].port, 'example.org')).answers!.length, 1);
    } finally {
      await chain.close();
      await upstream.close();
    }
  });
});
