/** The metrics of directives, beside those of CoreDNS: the same names and labels, and the same values for the same queries. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { ask } from '../../support/clients.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { freePort } from '../../support/free-port.js';
import { get } from '../../support/http.js';
import { until } from '../../support/server.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { findCoredns } from './find-coredns.js';

/** What the page of `prometheus` says is different: labels that we lack, metrics that we lack. */
const OTHER_LABELS = ['coredns_build_info', 'coredns_cache_entries', 'coredns_cache_evictions_total'];
const MISSING = ['coredns_cache_drops_total', 'coredns_proxy_conn_cache_misses_total']; // of UDP
/** Their values depend on the moment, or on the program. */
const OWN_VALUES =
  /_(?:seconds|bytes)|build_info|plugin_enabled|reload_version|cache_entries|health_|panics|dns_responses/;

describe('metrics beside CoreDNS', function () {
  this.timeout(60_000);
  const program = findCoredns();

  before(function () {
    if (program === undefined) this.skip();
  });

  it('have the same names, labels and values', async () => {
    const home = process.cwd();
    process.chdir(temporaryDirectory());
    writeFileSync('hosts', '192.0.2.1 a.hosts.test b.hosts.test\n2001:db8::1 a.hosts.test\n192.0.2.2 out.test\n');
    const upstream = await serveCorefile('.:0 {\n bind 127.0.0.1\n whoami\n}');
    const corefile = (port: number, scrape: number, health: number): string => `.:${port} {
      bind 127.0.0.1
      prometheus 127.0.0.1:${scrape}
      health 127.0.0.1:${health}
      reload
      errors
      local
      acl forbidden.test {
        block
      }
      cache
      rewrite name x.rw.test a.hosts.test
      template IN A ok.test {
        answer "{{ .Name }} 60 IN A 192.0.2.9"
      }
      template IN A bad.test {
        answer "{{ .Name }} 60 IN A nonsense"
      }
      template IN A worse.test {
        answer "{{ index .Match 7 }}"
      }
      hosts hosts hosts.test {
        192.0.2.7 in.hosts.test
        fallthrough
      }
      forward . 127.0.0.1:${upstream.server.addresses()[0].port}
    }
    `;
    const ports = {
      ours: await freePort(),
      theirs: await freePort(),
      ourScrape: await freePort(),
      theirScrape: await freePort(),
      ourHealth: await freePort(),
      theirHealth: await freePort(),
    };
    writeFileSync('Corefile', corefile(ports.theirs, ports.theirScrape, ports.theirHealth));
    const theirs = await start(program ?? '');
    const { server } = await serveCorefile(corefile(ports.ours, ports.ourScrape, ports.ourHealth));
    try {
      for (const port of [ports.ours, ports.theirs]) {
        for (const name of [
          'a.localhost',
          'forbidden.test',
          'x.rw.test',
          'ok.test',
          'ok.test',
          'bad.test',
          'worse.test',
        ])
          await ask(port, name);
        await ask(port, 'elsewhere.test');
        await ask(port, 'in.hosts.test', 'AAAA');
      }
      const done = /^coredns_dns_requests_total\{.*type="A"\} 8$/;
      const scraped = async (port: number): Promise<string[]> => scrapeUntil(port, done);
      const [our, their] = [await scraped(ports.ourScrape), await scraped(ports.theirScrape)].map(familiesOf);
      const differences = [...their].flatMap(([name, family]) => {
        const own = our.get(name);
        if (MISSING.includes(name)) return [];
        if (own === undefined) return [`${name} is missing`];
        const isSame = OWN_VALUES.test(name) || isDeepStrictEqual(own.values, family.values);
        if (OTHER_LABELS.includes(name) || (isSame && isDeepStrictEqual(own.labels, family.labels))) return [];
        return [JSON.stringify([name, own, family])];
      });
      assert.deepEqual(differences, []);
    } finally {
      theirs.kill('SIGKILL');
      await server.close();
      await upstream.server.close();
      process.chdir(home);
    }
  });
});

/** The lines of a scrape that has one such line; workers tell their counts twice a second. */
async function scrapeUntil(port: number, done: RegExp): Promise<string[]> {
  let lines: string[] = [];
  for (let i = 0; i < 100 && !lines.some((line) => done.test(line)); i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    lines = (await get(port, '/metrics'))[1].split('\n');
  }
  return lines;
}

interface Family {
  labels: string[];
  /** Sorted lines without addresses. */
  values: string[];
}

/** The metrics of CoreDNS's namespace, by name. */
function familiesOf(lines: string[]): Map<string, Family> {
  const families = new Map<string, Family>();
  for (const line of lines) {
    const [, name, labels = '', value] = /^(coredns_\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if ((name as string | undefined) === undefined || line.includes('_multisocket_')) continue;
    const family = families.get(name) ?? { labels: [], values: [] };
    families.set(name, family);
    const names = Array.from(labels.matchAll(/(\w+)="/g), ([, label]) => label).filter((label) => label !== 'le');
    family.labels = [...new Set([...family.labels, ...names])].sort();
    const sorted = Array.from(labels.matchAll(/\w+="(?:\\.|[^"\\])*"/g), ([label]) => label)
      .sort()
      .join();
    const named = sorted.replace(/127\.0\.0\.1:\d+/g, 'ADDRESS').replace(/hostsfile="[^"]*"/, 'hostsfile');
    // What has not happened yet may have no line.
    if (value !== '0') family.values = [...family.values, `${named} ${value}`].sort();
  }
  return families;
}

async function start(program: string): Promise<ChildProcess> {
  const child = spawn(program, ['-conf', 'Corefile'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('CoreDNS-') || child.exitCode !== null, 'CoreDNS to serve');
  assert.equal(child.exitCode, null, said);
  return child;
}
