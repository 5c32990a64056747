/**
 * The Corefiles of test/corefile/fixtures at work. What belongs to somebody's network is replaced, and nothing else:
 * addresses by those of this host, ports by free ones, upstreams by servers of this test, paths by those of its directory.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packet from 'dns-packet';
import { makeCertificate } from '../support/certificate.js';
import { dig, run } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { get } from '../support/http.js';
import { killAll, listen, start, type Running } from '../support/program.js';
import { until } from '../support/server.js';
import { replyTo, ScriptedUpstream, type Script } from '../support/upstream.js';

const fixtures = fileURLToPath(new URL('../../test/corefile/fixtures/', import.meta.url));
const ZONE = `$TTL 60
@ SOA ns hostmaster 1 3600 900 604800 60
@ NS ns
ns A 192.0.2.53
www A 192.0.2.80
1 PTR www.example.com.
`;

/** Answers A with an address, and all else with no data. */
const answering =
  (address: string): Script =>
  ({ message, decoded, send }) => {
    const { name, type } = decoded.questions![0];
    const answers: packet.Answer[] = type === 'A' ? [{ type, name, ttl: 300, data: address }] : [];
    send(replyTo(message, { answers }));
  };

describe('Corefiles as they are in use run:', () => {
  let directory: string;
  let port: number;
  let one: ScriptedUpstream;
  let two: ScriptedUpstream;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    port = await freePort();
    one = await ScriptedUpstream.start(answering('192.0.2.1'));
    two = await ScriptedUpstream.start(answering('192.0.2.2'));
  });
  afterEach(async () => {
    killAll();
    await Promise.all([one.close(), two.close()]);
    rmSync(directory, { recursive: true });
  });

  /** Writes a file into the directory; returns its path. */
  function write(name: string, text: string): string {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Writes a fixture as the directory's Corefile, with all occurrences of texts replaced, each of which it must have. */
  function adapt(name: string, replacements: Readonly<Record<string, string>>): void {
    let text = readFileSync(`${fixtures}${name}.corefile`, 'utf8');
    for (const [from, to] of Object.entries(replacements)) {
      assert.ok(text.includes(from), `${from} is in ${name}`);
      text = text.replaceAll(from, to);
    }
    write('Corefile', text);
  }

  const serve = (environment: NodeJS.ProcessEnv = {}): Promise<Running> =>
    listen(['-dns.port', String(port)], directory, environment);

  /** What dig prints. Cookies would keep the cache out of it. That an authority does not recurse is no fault here. */
  async function ask(...args: string[]): Promise<string> {
    const server = args[0].startsWith('@') ? [] : ['@127.0.0.1'];
    const options = ['-p', String(port), '+nocookie', '+time=10', '+tries=1'];
    const output = await run('dig', [...server, ...args, ...options]);
    assert.doesNotMatch(output, /malformed|mismatch|truncated, retrying/i);
    return output;
  }
  /** Only the data of what answers. */
  const askShort = async (...args: string[]): Promise<string[]> =>
    (await ask(...args, '+short')).split('\n').filter((line) => line !== '');

  async function end({ child, ended, err }: Running): Promise<void> {
    child.kill('SIGTERM');
    assert.deepEqual([await ended, err()], [0, '']);
  }

  it('alone: one block without braces', async () => {
    adapt('alone', { ':5300': `:${port}` });
    const running = await serve();
    assert.match(await ask('example.org'), /^example\.org\.\s+0\s+IN\s+A\s+127\.0\.0\.1$/m);
    await until(() => running.out().includes('"A IN example.org. udp'), 'the line of the log');
    await end(running);
  });

  it('authoritative: two zones of one file, round robin, ANY by RFC 8482, a log of one of them', async () => {
    adapt('authoritative', { ':1053': `:${port}` });
    write('zones/db.example', `${ZONE}www A 192.0.2.81\n`);
    const running = await serve();
    assert.match(
      await ask('example.org', 'SOA'),
      /flags: qr aa.*\n[^]*SOA\s+ns\.example\.org\. hostmaster\.example\.org\. 1/,
    );
    const orders = new Set<string>();
    for (let i = 0; i < 20; i++) orders.add((await askShort('www.example.net')).join(' '));
    assert.deepEqual([...orders].sort(), ['192.0.2.80 192.0.2.81', '192.0.2.81 192.0.2.80']);
    assert.match(await ask('no.example.net'), /status: NXDOMAIN/);
    assert.deepEqual(await askShort('example.org', 'ANY', '+notcp'), ['"ANY obsoleted" "See RFC 8482"']);
    await until(() => /127\.0\.0\.1 example\.org\. ANY NOERROR \S+s\n/.test(running.out()), 'the line of the log');
    assert.doesNotMatch(running.out(), /example\.net/);
    await end(running);
  });

  it('blocking: hosts and templates before upstreams, for allowed clients', async () => {
    const metrics = await freePort();
    adapt('blocking', {
      ':53 ': `:${port} `,
      eth0: 'lo',
      '10.0.0.0/8': '127.0.0.1/32',
      '/etc/coredns/blocklist.hosts': write('blocklist.hosts', '0.0.0.0 ads.example.org\n'),
      '1.1.1.1': `127.0.0.1:${one.port}`,
      '1.0.0.1': `127.0.0.1:${two.port}`,
      '0.0.0.0:9153': `127.0.0.1:${metrics}`,
    });
    const running = await serve();
    assert.deepEqual(await askShort('ads.example.org'), ['0.0.0.0']);
    assert.match(await ask('x.doubleclick.net', 'AAAA'), /status: NXDOMAIN[^]*doubleclick\.net\.\s+60\s+IN\s+SOA/);
    const [address] = await askShort('www.example.org');
    assert.match(address, /^192\.0\.2\.[12]$/);
    for (let i = 0; i < 3; i++) assert.deepEqual(await askShort('www.example.org'), [address]);
    assert.deepEqual([...one.names(), ...two.names()], ['www.example.org'], 'the cache has it');
    assert.match(await ask('www.example.org', '-b', '127.0.0.2'), /status: REFUSED/);
    await untilScraped(metrics, /^coredns_dns_requests_total\{.*type="A"\} 6$/m);
    await end(running);
  });

  it('encrypted: TLS, HTTPS and plain DNS with one chain', async () => {
    const { cert, key, file } = await makeCertificate('dns.example');
    write('tls.crt', cert);
    write('tls.key', key);
    const [tls, https] = [await freePort(), await freePort()];
    adapt('encrypted', {
      'tls://.,': `tls://.:${tls},`,
      ':8443': `:${https}`,
      '127.0.0.1:5301': `127.0.0.1:${one.port}`,
    });
    const running = await serve({ TLS_DIRECTORY: directory, PLAIN_PORT: String(port) });
    const verified = [`+tls-ca=${file}`, '+tls-hostname=dns.example', '+short', 'www.example.org'];
    assert.equal(await dig('@127.0.0.1', '-p', String(tls), '+tls', ...verified), '192.0.2.1\n');
    assert.equal(await dig('@127.0.0.1', '-p', String(https), '+https', ...verified), '192.0.2.1\n');
    assert.deepEqual(await askShort('www.example.org'), ['192.0.2.1']);
    await end(running);
  });

  it('home: names of the house, and upstreams over TLS', async () => {
    const certificate = await makeCertificate('dns.quad9.net');
    const upstream = await ScriptedUpstream.start(answering('192.0.2.9'), certificate);
    adapt('home', {
      'tls://9.9.9.9': `tls://127.0.0.1:${upstream.port}`,
      'tls://149.112.112.112': `tls://127.0.0.1:${await freePort()}`,
    });
    // The authorities of this machine know nothing of a test's certificate.
    const running = await serve({ NODE_EXTRA_CA_CERTS: certificate.file });
    assert.match(await ask('nas.home.arpa'), /^nas\.home\.arpa\.\s+60\s+IN\s+A\s+192\.168\.1\.10$/m);
    assert.deepEqual(await askShort('-x', '192.168.1.11'), ['printer.home.arpa.']);
    assert.deepEqual(await askShort('www.example.org'), ['192.0.2.9']);
    assert.deepEqual(upstream.names('tcp'), ['www.example.org']);
    // The chain of the house ends with hosts; the log has what failed.
    assert.match(await ask('no.home.arpa'), /status: SERVFAIL/);
    await until(() => running.out().includes('"A IN no.home.arpa. udp'), 'the line of the log');
    assert.doesNotMatch(running.out(), /"A IN nas/);
    await end(running);
    await upstream.close();
  });

  it('kubeadm: names the directive that it lacks, and runs without it', async () => {
    adapt('kubeadm', {});
    const refused = start([], directory);
    assert.equal(await refused.ended, 1);
    assert.match(
      refused.err(),
      /^multisocket: Corefile:7 - Error during parsing: Unknown directive 'kubernetes': CoreDNS has it /,
    );

    const [health, ready, metrics] = [await freePort(), await freePort(), await freePort()];
    adapt('kubeadm', {
      ':53 ': `:${port} `,
      'health {': `health 127.0.0.1:${health} {`,
      ready: `ready 127.0.0.1:${ready}`,
      ':9153': `127.0.0.1:${metrics}`,
      '/etc/resolv.conf': write('resolv.conf', `nameserver [127.0.0.1]:${one.port}\n`),
    });
    const text = readFileSync(join(directory, 'Corefile'), 'utf8');
    write('Corefile', text.replace(/^ +kubernetes [^}]*\}\n/m, ''));
    const running = await serve();
    assert.deepEqual(await get(health, '/health'), [200, 'OK']);
    assert.deepEqual(await get(ready, '/ready'), [200, 'OK']);
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await askShort('www.example.org'), ['192.0.2.1']);
      assert.deepEqual(await askShort('kubernetes.default.svc.cluster.local'), ['192.0.2.1']);
    }
    const asked = one.names().filter((name) => !/^\d+\.\d+$/.test(name)); // loop's own aside
    const cluster = 'kubernetes.default.svc.cluster.local';
    assert.deepEqual(asked, ['www.example.org', cluster, cluster], 'the cache is not for the cluster');
    await untilScraped(metrics, /^coredns_dns_responses_total\{.*rcode="NOERROR",plugin="forward"\}/m);
    running.child.kill('SIGTERM');
    await until(() => running.out().includes('SIGTERM'), 'the signal to be seen');
    assert.deepEqual(await askShort('lame.example.org'), ['192.0.2.1'], 'a lame duck answers');
    assert.equal(await running.ended, 0);
  });

  it('node-local-cache: the cluster by TCP, the rest elsewhere, a cache for each', async () => {
    const [metrics, health] = [await freePort(), await freePort()];
    adapt('node-local-cache', {
      ':53 ': `:${port} `,
      '169.254.20.10:8080': `127.0.20.10:${health}`,
      '169.254.20.10': '127.0.20.10',
      '10.96.0.10': '127.0.0.10',
      '10.96.1.1': `127.0.0.1:${one.port}`,
      ':9253': `127.0.0.1:${metrics}`,
    });
    const running = await serve({ UPSTREAM: `127.0.0.1:${two.port}` });
    const cluster = 'kubernetes.default.svc.cluster.local';
    for (let i = 0; i < 2; i++) {
      for (const address of ['@127.0.20.10', '@127.0.0.10']) {
        assert.match(
          await ask(address, cluster),
          new RegExp(`^${cluster}\\.\\s+\\d+\\s+IN\\s+A\\s+192\\.0\\.2\\.1$`, 'm'),
        );
        assert.deepEqual(await askShort(address, 'www.example.org'), ['192.0.2.2']);
        assert.match(await ask(address, '-x', '10.96.0.1'), /status: NOERROR/);
      }
    }
    const count = (names: string[], name: string): number => names.filter((other) => other === name).length;
    assert.deepEqual([count(one.names('tcp'), cluster), count(one.names('udp'), cluster)], [1, 0]);
    assert.equal(count(two.names('udp'), 'www.example.org'), 1);
    assert.ok(count(one.names('tcp'), '1.0.96.10.in-addr.arpa') >= 1);
    const response = await fetch(`http://127.0.20.10:${health}/health`);
    assert.equal(await response.text(), 'OK');
    await untilScraped(
      metrics,
      /^coredns_dns_requests_total\{server="dns:\/\/127\.0\.0\.10:\d+",zone="cluster\.local\.".*\} 2$/m,
    );
    await end(running);
  });

  it('rewriting: an old zone lives on under a new one', async () => {
    adapt('rewriting', { '192.0.2.53:5353': `127.0.0.1:${one.port}` });
    const running = await serve();
    assert.match(await ask('db.lab.example'), /^db\.lab\.example\.\s+\d+\s+IN\s+A\s+192\.0\.2\.1$/m);
    // Over TCP, but the upstream is asked by UDP.
    assert.deepEqual(await askShort('web.lab.example', '+tcp'), ['192.0.2.1']);
    assert.deepEqual(one.names('udp'), ['db.lab.internal.example', 'web.lab.internal.example']);
    assert.match(await ask('3-4.wild.lab.example'), /^3-4\.wild\.lab\.example\.\s+60\s+IN\s+A\s+10\.0\.3\.4$/m);
    assert.match(await ask('other.example'), /status: REFUSED/);
    await end(running);
  });

  it('split-horizon: other answers inside than outside, by the address that is asked', async () => {
    adapt('split-horizon', {
      'bind 10.0.0.53': 'bind 127.0.0.53',
      '203.0.113.53': '127.0.113.53',
      '10.0.0.0/24': '127.0.0.0/24',
      '/etc/coredns/internal/db.example.com': write('internal/db.example.com', ZONE.replace('.80', '.10')),
      '/etc/coredns/external/db.example.com': write('external/db.example.com', ZONE),
      '/etc/coredns/internal/db.reverse': write('internal/db.reverse', ZONE),
      '10.1.0.53': `127.0.0.1:${one.port}`,
      '10.1.1.53': `127.0.0.1:${two.port}`,
    });
    const running = await serve();
    const [inside, outside] = ['@127.0.0.53', '@127.0.113.53'];
    assert.deepEqual(await askShort(inside, 'www.example.com'), ['192.0.2.10']);
    assert.deepEqual(await askShort(outside, 'www.example.com'), ['192.0.2.80']);
    assert.deepEqual(await askShort(inside, '-x', '10.0.3.1'), ['www.example.com.']);
    assert.match((await askShort(inside, 'www.example.org'))[0], /^192\.0\.2\.[12]$/);
    const before = one.asked.length + two.asked.length;
    assert.match(await ask(inside, 'www.example.org', 'AAAA'), /status: NOERROR[^]*ANSWER: 0/);
    assert.match(await ask(inside, 'www.example.net'), /status: SERVFAIL/);
    assert.equal(one.asked.length + two.asked.length, before, 'nobody is asked for what is filtered or excepted');
    assert.match(await ask(outside, 'www.example.org'), /status: REFUSED/);
    await end(running);
  });
});

/** Scrapes until the metrics match, for 10 s at most. */
async function untilScraped(port: number, pattern: RegExp): Promise<void> {
  let body = '';
  for (let i = 0; i < 100; i++) {
    [, body] = await get(port, '/metrics');
    if (pattern.test(body)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.match(body, pattern);
}
