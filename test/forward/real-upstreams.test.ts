/** Real servers as upstreams by UDP, TCP, TLS and HTTPS: CoreDNS, Unbound, dnsdist in front of Unbound, and this library. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'multisocket';
import { createForwarder } from 'multisocket/forward';
import { findCoredns } from '../oracle/coredns/find-coredns.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { ask } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { DnsProgram, type ProgramStyle } from '../support/dns-program.js';
import { findProgram } from '../support/find-program.js';
import { freePort } from '../support/free-port.js';
import { startUnbound, unboundServer } from '../support/unbound.js';

const NAMES = 60;
/** Longer than a datagram. */
const LONG = Array.from({ length: 8 }, () => `"${'x'.repeat(250)}"`).join(' ');
const RECORDS = [
  'example.org. 60 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5',
  ...Array.from({ length: NAMES }, (_, i) => `n${i}.example.org. 60 IN A 192.0.2.${i}`),
  `long.example.org. 60 IN TXT ${LONG}`,
];

/** A server that runs: its upstreams for `createForwarder`. */
interface Running {
  upstreams: string[];
  stop: () => Promise<unknown>;
}

/** Ports by transport. */
const addressesOf = (dns: number | undefined, tls: number | undefined, https: number): string[] => [
  ...(dns === undefined ? [] : [`127.0.0.1:${dns}`]),
  ...(tls === undefined ? [] : [`tls://127.0.0.1:${tls}`]),
  `https://127.0.0.1:${https}/dns-query`,
];

describe('real upstreams', function () {
  this.timeout(60_000);
  let certificate: Certificate;
  let keyFile: string;
  before(async () => {
    certificate = await makeCertificate('dns.example');
    keyFile = join(certificate.file, '../key.pem');
  });

  async function startProgram(program: string, style: ProgramStyle): Promise<DnsProgram> {
    return DnsProgram.start(program, { serves: () => true, ...style }, 'example.org', `${RECORDS.join('\n')}\n`);
  }

  const servers: Record<string, { program: string | undefined; start: (program: string) => Promise<Running> }> = {
    CoreDNS: {
      program: findCoredns(),
      start: async (program) => {
        const [tls, https] = [await freePort(), await freePort()];
        const body = (folder: string): string => `{\n bind 127.0.0.1\n file ${folder}/zone example.org\n`;
        const running = await startProgram(program, {
          args: (file) => ['-conf', file],
          configuration: (folder, port) =>
            [`example.org:${port} ${body(folder)}}`]
              .concat(
                [`tls://example.org:${tls}`, `https://example.org:${https}`].map(
                  (key) => `${key} ${body(folder)} tls ${certificate.file} ${keyFile}\n}`,
                ),
              )
              .join('\n'),
        });
        return { upstreams: addressesOf(running.port, tls, https), stop: () => running.stop() };
      },
    },
    Unbound: {
      program: findProgram('unbound'),
      start: async (program) => {
        const [tls, https] = [await freePort(), await freePort()];
        const running = await startProgram(program, {
          args: (file) => ['-d', '-p', '-c', file],
          configuration: (folder, port) => `${unboundServer(folder, port)}  interface: 127.0.0.1@${tls}
  interface: 127.0.0.1@${https}
  tls-port: ${tls}
  https-port: ${https}
  tls-service-key: "${keyFile}"
  tls-service-pem: "${certificate.file}"
  local-zone: "example.org." static
${RECORDS.map((record) => `  local-data: '${record}'\n`).join('')}remote-control:
  control-enable: no
`,
        });
        return { upstreams: addressesOf(running.port, tls, https), stop: () => running.stop() };
      },
    },
    dnsdist: {
      program: findProgram('dnsdist'),
      start: async (program) => {
        const [backend, tls, https] = [await startUnbound(RECORDS), await freePort(), await freePort()];
        const running = await startProgram(program, {
          args: (file) => ['--supervised', '--disable-syslog', '-C', file],
          configuration: (_, port) => `setLocal("127.0.0.1:${port}")
setTCPRecvTimeout(30) -- a busy machine may pause for longer than the default, 2 s
newServer({address="127.0.0.1:${backend.port}", checkName="example.org.", checkType="SOA"})
addTLSLocal("127.0.0.1:${tls}", "${certificate.file}", "${keyFile}", {maxInFlight=100})
addDOHLocal("127.0.0.1:${https}", "${certificate.file}", "${keyFile}", {"/dns-query"})
setSecurityPollSuffix("")
`,
        });
        const stop = (): Promise<unknown> => Promise.all([running.stop(), backend.stop()]);
        return { upstreams: addressesOf(running.port, tls, https), stop };
      },
    },
    'this library': {
      program: process.execPath,
      start: async () => {
        const server = createServer({
          listen: ['127.0.0.1:0', 'tls://127.0.0.1:0', 'https://127.0.0.1:0'],
          workers: 0,
          tls: { cert: certificate.cert, key: certificate.key },
          handler: ({ name, type, key }, reply) => {
            const number = /^n(\d+)\./.exec(key)?.[1];
            if (number !== undefined) reply.answer({ type: 'A', name, ttl: 60, data: `192.0.2.${number}` });
            else if (type === 'TXT')
              reply.answer({ type, name, ttl: 60, data: Array<string>(8).fill('x'.repeat(250)) });
            else reply.rcode = 'NXDOMAIN';
          },
        });
        await server.listen();
        const [dns, tls, https] = server.addresses().map(({ port }) => port);
        return { upstreams: addressesOf(dns, tls, https), stop: () => server.close() };
      },
    },
  };

  for (const [name, { program, start }] of Object.entries(servers)) {
    it(`${name} answers by all of its transports, many questions at a time`, async function () {
      if (program === undefined) {
        console.log(`${name} is not installed`);
        this.skip();
      }
      const { upstreams, stop } = await start(program);
      try {
        for (const httpMethod of ['POST', 'GET'] as const) {
          for (const address of upstreams) {
            const forwarder = createForwarder({ upstreams: address, tls: { ca: certificate.cert }, httpMethod });
            const asked = await Promise.all(
              Array.from({ length: NAMES }, (_, i) => forwarder.query({ name: `n${i}.example.org` })),
            );
            const data = asked.map(({ answers }) =>
              answers.map((record) => ('data' in record ? record.data : undefined)),
            );
            const expected = asked.map((_, i) => [`192.0.2.${i}`]);
            assert.deepEqual(data, expected, address);
            const { answers } = await forwarder.query({ name: 'long.example.org', type: 'TXT' });
            assert.equal((answers[0] as { data: unknown[] }).data.length, 8, address);
            assert.equal((await forwarder.query({ name: 'no.example.org' })).rcode, 'NXDOMAIN', address);
            const [{ connections }] = forwarder.stats().upstreams;
            assert.ok(connections.opened <= 1, `${address}: ${connections.opened} connections`);
            forwarder.close();
          }
        }
      } finally {
        await stop();
      }
    });
  }

  it('are asked by HTTPS by the directive, with `tls_servername` and `doh_method`', async function () {
    const { program, start } = servers.dnsdist;
    if (program === undefined) {
      console.log('dnsdist is not installed');
      this.skip();
    }
    const { upstreams, stop } = await start(program);
    const [, port] = /^https:.*:(\d+)\//.exec(upstreams.at(-1) ?? '') ?? [];
    const ca = `${certificate.file}.ca`;
    writeFileSync(ca, certificate.cert);
    for (const method of ['GET', 'POST']) {
      const options = `tls ${ca}\n tls_servername dns.example\n doh_method ${method}`;
      const corefile = `. {\n bind 127.0.0.1\n forward . https://127.0.0.1:${port} {\n ${options}\n}\n}`;
      const served = await serveCorefile(corefile, { dnsPort: 0, workers: 1 });
      assert.equal((await ask(served.port, 'n7.example.org')).answers?.length, 1);
      await served.server.close();
    }
    await stop();
  });
});
