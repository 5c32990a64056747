import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import packet from 'dns-packet';
import { ask, opt, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { freePort } from '../support/free-port.js';
import { get } from '../support/http.js';
import { Prometheus } from '../support/prometheus.js';
import { refuses } from '../support/refuses.js';
import { until } from '../support/server.js';
import { replyTo, ScriptedUpstream, type Asked } from '../support/upstream.js';

const modules = [new URL('../run/fixtures/probe.js', import.meta.url)];

const SOA: packet.Answer = {
  type: 'SOA',
  name: 'example',
  ttl: 60,
  data: { mname: 'a', rname: 'b', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 60 },
};

/** What promtool has to say of metrics, and its exit code. */
async function promtool(metrics: string): Promise<[code: number, said: string]> {
  const child = spawn('promtool', ['check', 'metrics']);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.end(metrics);
  const [code] = (await once(child, 'close')) as [number];
  return [code, said];
}

/** Scrapes until there are all of these lines, or lines that match, for 10 s at most: each worker reports by itself. */
async function scrapeUntil(port: number, ...wanted: (string | RegExp)[]): Promise<string[]> {
  for (let i = 0; ; i++) {
    const [status, body] = await get(port, '/metrics');
    assert.equal(status, 200);
    const lines = body.split('\n');
    const missing = wanted.find((each) =>
      typeof each === 'string' ? !lines.includes(each) : !lines.some((line) => each.test(line)),
    );
    if (missing === undefined) return lines;
    if (i === 100) throw new Error(`waited in vain for ${String(missing)} in\n${body}`);
    await wait(100);
  }
}

describe('the directive prometheus', () => {
  it("counts by CoreDNS's names and labels, which promtool has nothing against", async () => {
    const scrape = await freePort();
    const { server, port } = await serveCorefile(
      `example.org a.example.org:0 {\n bind 127.0.0.1 ::1\n multisocket 2\n prometheus 127.0.0.1:${scrape}\n errors\n probe x\n}`,
      { modules, dnsPort: 0 },
    );
    await ask(port, 'b.Example.org', 'TXT');
    await ask(port, 'b.a.example.org', 'AAAA', { additionals: [opt(1232, { flags: 0x8000, flag_do: true })] });
    await ask(port, 'example.org', 'UNKNOWN_4711' as 'A');
    const client = await TcpClient.connect(port);
    await client.exchange(queryBytes('example.org', 'SOA'));
    client.close();
    assert.ok(await udpExchange(queryBytes('example.org', 'A'), server.addresses()[1].port, '::1'));
    const four = 'server="dns://127.0.0.1:0"';
    const six = 'server="dns://[::1]:0"';
    const wanted = [
      `coredns_dns_responses_total{${six},zone="example.org.",view="",rcode="NOERROR",plugin="probe"} 1`,
      `coredns_dns_requests_total{${four},zone="example.org.",view="",proto="udp",family="1",type="TXT"} 1`,
      `coredns_dns_requests_total{${four},zone="a.example.org.",view="",proto="udp",family="1",type="AAAA"} 1`,
      `coredns_dns_requests_total{${four},zone="example.org.",view="",proto="udp",family="1",type="other"} 1`,
      `coredns_dns_requests_total{${four},zone="example.org.",view="",proto="tcp",family="1",type="SOA"} 1`,
      `coredns_dns_requests_total{${six},zone="example.org.",view="",proto="udp",family="2",type="A"} 1`,
      `coredns_dns_responses_total{${four},zone="example.org.",view="",rcode="NOERROR",plugin="probe"} 3`,
      `coredns_dns_do_requests_total{${four},zone="a.example.org.",view=""} 1`,
      `coredns_dns_request_duration_seconds_count{${four},zone="example.org.",view=""} 3`,
      `coredns_dns_request_size_bytes_bucket{${four},zone="example.org.",view="",proto="udp",le="100"} 2`,
      `coredns_dns_request_size_bytes_bucket{${four},zone="example.org.",view="",proto="udp",le="0"} 0`,
      `coredns_dns_response_size_bytes_bucket{${four},zone="example.org.",view="",proto="tcp",le="+Inf"} 1`,
      'coredns_panics_total 0',
      `coredns_plugin_enabled{${six},zone="a.example.org.",view="",name="errors"} 1`,
    ];
    const lines = await scrapeUntil(scrape, ...wanted);
    const queries = lines.flatMap(
      (line) => /^coredns_multisocket_socket_queries_total\{.*\} (\d+)$/.exec(line)?.[1] ?? [],
    );
    assert.equal(queries.length, 8);
    assert.equal(
      queries.reduce((sum, count) => sum + Number(count), 0),
      5,
    );
    assert.deepEqual(await promtool(lines.join('\n')), [0, '']);
    await server.close();
  });

  it('has another namespace if configured, keeps counts over a reload, and has the last counts of a worker', async () => {
    const scrape = await freePort();
    const corefile = (text: string): string =>
      `.:0 {\n prometheus 127.0.0.1:${scrape} {\n  namespace ours\n }\n probe ${text}\n}`;
    const { server, port } = await serveCorefile(corefile('one'), { modules });
    await ask(port, 'a', 'TXT');
    await server.reload({ corefile: corefile('two') });
    await ask(port, 'a', 'TXT');
    const line = 'ours_dns_requests_total{server="dns://:0",zone=".",view="",proto="udp",family="1",type="TXT"} 2';
    const lines = await scrapeUntil(scrape, line);
    assert.ok(!lines.some((other) => other.startsWith('coredns')));
    await server.close();
  });

  it("counts what forward and cache do by CoreDNS's names, over all workers", async () => {
    const scrape = await freePort();
    const upstream = await ScriptedUpstream.start(({ message, decoded, transport, send }) => {
      const name = decoded.questions![0].name;
      if (name === 'long.example' && transport === 'udp')
        send(replyTo(message, { flags: packet.TRUNCATED_RESPONSE, answers: [] }));
      else if (name === 'no.example') send(replyTo(message, { flags: 3, answers: [], authorities: [SOA] }));
      else send(replyTo(message));
    });
    const dead = await freePort();
    const { server, port } = await serveCorefile(
      `.:0 {
        multisocket 2
        prometheus 127.0.0.1:${scrape}
        cache
        forward dead.example 127.0.0.1:${dead} {
          health_check 1h
        }
        forward busy.example 127.0.0.1:${upstream.port} {
          max_concurrent 1
        }
        forward . 127.0.0.1:${upstream.port}
      }`,
    );
    for (let i = 0; i < 3; i++) await ask(port, 'a.example');
    for (let i = 0; i < 2; i++) await ask(port, 'no.example');
    for (const name of ['long.example', 'dead.example']) await ask(port, name);
    const to = `proxy_name="forward",to="127.0.0.1:${upstream.port}"`;
    const of = 'server="dns://:0"';
    const [zones, view] = ['zones="."', 'view=""'];
    const lines = await scrapeUntil(scrape, `coredns_cache_requests_total{${of},${zones},${view}} 7`);
    for (const line of [
      `coredns_cache_hits_total{${of},type="success",${zones},${view}} 2`,
      `coredns_cache_hits_total{${of},type="denial",${zones},${view}} 1`,
      `coredns_cache_misses_total{${of},${zones},${view}} 4`,
      `coredns_cache_prefetch_total{${of},${zones},${view}} 0`,
      `coredns_cache_entries{${zones},${view}} 4`,
      `coredns_cache_evictions_total{${zones},${view}} 0`,
      `coredns_cache_served_stale_total{${of},${zones},${view}} 0`,
      `coredns_proxy_request_duration_seconds_count{${to},rcode="NOERROR"} 2`,
      `coredns_proxy_request_duration_seconds_count{${to},rcode="NXDOMAIN"} 1`,
      `coredns_proxy_request_duration_seconds_bucket{${to},rcode="NXDOMAIN",le="+Inf"} 1`,
      `coredns_proxy_conn_cache_misses_total{${to},proto="tcp"} 1`,
      `coredns_proxy_healthcheck_failures_total{proxy_name="forward",to="127.0.0.1:${dead}"} 1`,
      'coredns_forward_max_concurrent_rejects_total 0',
      'coredns_forward_healthcheck_broken_total 0',
    ]) {
      assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`);
    }
    assert.deepEqual(await promtool(lines.join('\n')), [0, '']);

    // The first query waits, so that another one of the same worker is one too many.
    const waiting: Asked[] = [];
    upstream.script = (asked) => waiting.push(asked);
    let refused = 0;
    const many = Array.from({ length: 6 }, async (_, i) => {
      const answered = await udpExchange(queryBytes(`${i}.busy.example`), port);
      if ((answered!.reply[3] & 15) === 5) refused++;
    });
    await until(
      () => waiting.length > 0 && waiting.length + refused === many.length,
      'all queries to wait or be refused',
    );
    for (const { send, message } of waiting) send(replyTo(message));
    await Promise.all(many);
    assert.ok(refused >= many.length - 2, 'each of two workers has one that waits');
    await scrapeUntil(scrape, `coredns_forward_max_concurrent_rejects_total ${refused}`);
    await server.close();
    await upstream.close();
  });

  it('is scraped by Prometheus, which has the counts', async () => {
    const scrape = await freePort();
    const corefile = `example.org:0 {\n multisocket 2\n prometheus 127.0.0.1:${scrape}\n cache\n whoami\n}`;
    const { server, port } = await serveCorefile(corefile);
    const prometheus = await Prometheus.start(scrape);
    try {
      for (let i = 0; i < 7; i++) await ask(port, 'www.example.org');
      await ask(port, 'www.example.org', 'AAAA');
      const { health, lastError } = await prometheus.target();
      assert.deepEqual([health, lastError], ['up', '']);
      const counts = async (): Promise<[string, number][]> => {
        const series = await prometheus.query('coredns_dns_requests_total');
        return series.map(({ labels, value }): [string, number] => [labels.type, value]).sort();
      };
      for (let i = 0; i < 100 && (await counts()).length < 2; i++) await wait(100);
      assert.deepEqual(await counts(), [
        ['A', 7],
        ['AAAA', 1],
      ]);
      const [total] = await prometheus.query('sum(coredns_dns_request_duration_seconds_count)');
      assert.equal(total.value, 8);
    } finally {
      await prometheus.stop();
      await server.close();
    }
  });

  it('counts queries outside of all zones as zone "dropped"', async () => {
    const scrape = await freePort();
    const { server, port } = await serveCorefile(
      `example.org:0 {\n bind 127.0.0.1\n prometheus 127.0.0.1:${scrape}\n whoami\n}`,
    );
    await ask(port, 'example.net', 'TXT');
    const labels = 'server="dns://127.0.0.1:0",zone="dropped",view=""';
    const lines = await scrapeUntil(
      scrape,
      `coredns_dns_requests_total{${labels},proto="udp",family="1",type="TXT"} 1`,
    );
    assert.ok(lines.includes(`coredns_dns_responses_total{${labels},rcode="REFUSED",plugin=""} 1`));
    await server.close();
  });

  it('shows what acl, health and reload count, by the names of CoreDNS', async () => {
    const scrape = await freePort();
    const { server, port } = await serveCorefile(
      `.:0 {\n bind 127.0.0.1\n prometheus 127.0.0.1:${scrape}\n health 127.0.0.1:0\n reload\n` +
        ' acl {\n  block type A\n  filter type MX\n }\n whoami\n}',
    );
    await ask(port, 'a.example', 'A');
    await ask(port, 'a.example', 'MX');
    await ask(port, 'a.example', 'TXT');
    const labels = 'server="dns://127.0.0.1:0",zone=".",view=""';
    const lines = await scrapeUntil(scrape, `coredns_acl_blocked_requests_total{${labels}} 1`);
    assert.ok(lines.includes(`coredns_acl_filtered_requests_total{${labels}} 1`));
    assert.ok(lines.includes('coredns_acl_allowed_requests_total{server="dns://127.0.0.1:0",view=""} 1'));
    assert.ok(lines.includes('coredns_reload_failed_total 0'));
    assert.ok(lines.includes(`coredns_reload_version_info{hash="sha512",value="${server.corefile.hash}"} 1`));
    assert.ok(lines.includes('coredns_health_request_failures_total 0'));
    await scrapeUntil(scrape, /^coredns_health_request_duration_seconds_count [1-9]\d*$/);
    await server.close();
  });

  it('shows what Node tells of itself with runtime_metrics', async () => {
    const scrape = await freePort();
    const { server } = await serveCorefile(
      `.:0 {\n bind 127.0.0.1\n prometheus 127.0.0.1:${scrape} {\n  runtime_metrics\n }\n whoami\n}`,
    );
    const [, body] = await get(scrape, '/metrics');
    for (const name of ['nodejs_heap_size_total_bytes', 'nodejs_eventloop_lag_seconds', 'process_cpu_seconds_total']) {
      assert.match(body, new RegExp(`^${name} `, 'm'));
    }
    await server.close();
  });

  refuses([
    ['prometheus a', 2, 'not an address with a port: "a"'],
    ['prometheus\nprometheus', 3, 'this plugin can only be used once per Server Block'],
    ['prometheus {\n namespace a-b\n}', 3, 'invalid start of a metric\'s name: "a-b"'],
    ['prometheus {\n runtime_metrics x\n}', 3, "Wrong argument count or unexpected line ending after 'x'"],
    ['prometheus {\n tls web.yaml\n}', 3, 'tls is not supported: metrics are shown by HTTP alone'],
    ['prometheus {\n runtime\n}', 3, 'unknown option: runtime'],
  ]);
});
