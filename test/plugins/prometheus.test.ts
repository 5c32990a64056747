import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { ask, opt, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { freePort } from '../support/free-port.js';
import { get } from '../support/http.js';
import { refuses } from '../support/refuses.js';

const modules = [new URL('../run/fixtures/probe.js', import.meta.url)];

/** What promtool has to say of metrics, and its exit code. */
async function promtool(metrics: string): Promise<[code: number, said: string]> {
  const child = spawn('promtool', ['check', 'metrics']);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.end(metrics);
  const [code] = (await once(child, 'close')) as [number];
  return [code, said];
}

/** Scrapes until `line` is there, for 10 s at most. */
async function scrapeUntil(port: number, line: string): Promise<string[]> {
  for (let i = 0; ; i++) {
    const [status, body] = await get(port, '/metrics');
    assert.equal(status, 200);
    const lines = body.split('\n');
    if (lines.includes(line)) return lines;
    if (i === 100) throw new Error(`waited in vain for ${line} in\n${body}`);
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
    const lines = await scrapeUntil(
      scrape,
      `coredns_dns_responses_total{${six},zone="example.org.",view="",rcode="NOERROR",plugin="probe"} 1`,
    );
    for (const line of [
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
    ]) {
      assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`);
    }
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

  it('has another namespace when told so, keeps counts over a reload, and counts what a worker did last', async () => {
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

  refuses([
    ['prometheus a', 2, 'not an address with a port: "a"'],
    ['prometheus\nprometheus', 3, 'it can be used once in a server block'],
    ['prometheus {\n namespace a-b\n}', 3, 'not the start of a metric\'s name: "a-b"'],
    ['prometheus {\n runtime\n}', 3, "unknown option 'runtime'"],
  ]);
});
