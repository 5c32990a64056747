/** examples/doh-behind-nginx, with nginx and with HAProxy in front of it. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import packet from 'dns-packet';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { run } from '../support/clients.js';
import { dnsParameter, doh, HTTP_VERSIONS } from '../support/doh.js';
import { endChild } from '../support/end-child.js';
import { findProgram } from '../support/find-program.js';
import { freePort } from '../support/free-port.js';
import { hasProxy, startProxy, type ReverseProxy } from '../support/proxies.js';
import { until } from '../support/server.js';

const script = fileURLToPath(new URL('../../examples/doh-behind-nginx/server.js', import.meta.url));

for (const name of ['nginx', 'haproxy'] as const) {
  describe(`the example doh-behind-nginx, behind ${name}`, () => {
    let certificate: Certificate;
    let child: ChildProcess;
    let proxy: ReverseProxy;
    let output = '';

    before(async function () {
      if (!hasProxy(name)) {
        console.log(`      ${name} is not installed`);
        this.skip();
      }
      certificate = await makeCertificate();
      const port = await freePort();
      child = spawn(process.execPath, [script], {
        env: { ...process.env, PORT: String(port) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += String(text)));
      await until(() => output.includes(String(port)) || child.exitCode !== null, 'the example to listen');
      assert.equal(child.exitCode, null, output);
      proxy = await startProxy(name, certificate, port);
    });
    after(async () => {
      await (proxy as ReverseProxy | undefined)?.end();
      if ((child as ChildProcess | undefined) !== undefined) await endChild(child);
    });

    const get = (path: string, request: Parameters<typeof doh>[1] = {}): ReturnType<typeof doh> =>
      doh(`https://localhost:${proxy.port}${path}${dnsParameter('games.example')}`, {
        tls: { ca: certificate.cert },
        ...request,
      });

    for (const version of HTTP_VERSIONS) {
      it(`each client has its answers, HTTP/${version}`, async () => {
        for (const [client, rcode, answers] of [
          ['parents', 'NOERROR', 1],
          ['kids', 'NXDOMAIN', 0],
          ['nobody', 'REFUSED', 0],
          ['kids', 'NXDOMAIN', 0],
          ['parents', 'NOERROR', 1],
        ] as const) {
          const { status, body } = await get(`/dns-query/${client}`, { version });
          assert.equal(status, 200);
          const answer = packet.decode(body) as packet.DecodedPacket & { rcode: string };
          assert.deepEqual([answer.rcode, answer.answers?.length], [rcode, answers]);
        }
        for (const path of ['/dns-query', '/dns-query/', '/dns-query/kids/more'])
          assert.equal((await get(path, { version })).status, 404);
      });

      it(`the server sees the client behind the proxy, whatever the client says, HTTP/${version}`, async () => {
        for (const headers of [
          [],
          [['x-forwarded-for', '198.51.100.1']],
          [['x-forwarded-for', '198.51.100.1, 127.0.0.1']],
          [['x-forwarded-for', '"']],
          [['forwarded', 'for=198.51.100.1']],
          [['forwarded', 'for="']],
        ] as [string, string][][]) {
          output = '';
          const { status } = await get('/dns-query/parents', { version, headers, localAddress: '127.0.0.7' });
          assert.equal(status, 200, JSON.stringify(headers));
          await until(() => output.includes('\n'), 'the line of the log');
          assert.equal(output, 'parents at 127.0.0.7 asks games.example A\n', JSON.stringify(headers));
        }
      });
    }

    it('kdig and curl are served', async function () {
      if (findProgram('kdig') === undefined || findProgram('curl') === undefined) this.skip();
      const asked = ['@127.0.0.1', '-p', String(proxy.port), '+short', '+https=/dns-query/parents'];
      assert.equal(await run('kdig', [...asked, 'school.example', 'A']), '192.0.2.1\n');
      const url = `https://127.0.0.1:${proxy.port}/dns-query/parents`;
      // It looks the name up, and then finds nobody at the address.
      const resolved = run('curl', ['-sv', '--doh-insecure', '--doh-url', url, '-m', '2', 'http://school.example:9/']);
      await assert.rejects(resolved, /192\.0\.2\.1/);
    });

    it('many requests at a time are all answered', async function () {
      if (findProgram('h2load') === undefined) this.skip();
      const url = `https://127.0.0.1:${proxy.port}/dns-query/parents${dnsParameter('school.example')}`;
      assert.match(await run('h2load', ['-n', '500', '-c', '5', '-m', '20', url]), /500 2xx/);
    });
  });
}
