/** The two Corefiles of multisocket's own documentation, run as they stand by the program. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { usableCpus } from 'multisocket';
import { dig } from '../support/clients.js';
import type { DnsProgram } from '../support/dns-program.js';
import { freePort } from '../support/free-port.js';
import { killAll, listen, type Running } from '../support/program.js';
import { socketsAt } from '../support/ss.js';
import { startUnbound } from '../support/unbound.js';

const fixtures = fileURLToPath(new URL('../../test/corefile/fixtures/', import.meta.url));

describe('the two Corefiles of multisocket', () => {
  let unbound: DnsProgram;
  let directory: string;
  before(async () => {
    unbound = await startUnbound(['www.example.org. 300 IN A 192.0.2.80', 'example.org. 300 IN TXT "from Unbound"']);
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    writeFileSync(join(directory, 'resolv.conf'), `search example.org\nnameserver [127.0.0.1]:${unbound.port}\n`);
  });
  afterEach(() => {
    killAll();
    rmSync(directory, { recursive: true });
  });
  after(() => unbound.stop());

  /** Runs a fixture; only the path of resolv.conf is another one. */
  async function serve(name: string, port: number): Promise<Running> {
    const text = readFileSync(`${fixtures}${name}.corefile`, 'utf8');
    assert.ok(text.includes('/etc/resolv.conf'));
    writeFileSync(join(directory, 'Corefile'), text.replace('/etc/resolv.conf', join(directory, 'resolv.conf')));
    return listen(['-conf', 'Corefile', '-dns.port', String(port)], directory);
  }

  for (const [name, sockets] of [
    ['multisocket', 5],
    ['multisocket-default', usableCpus()],
  ] as const) {
    it(`${name}: ${sockets} sockets of UDP and of TCP, through which dig gets what the resolver knows`, async () => {
      const port = await freePort();
      const { child, ended, err } = await serve(name, port);
      assert.deepEqual([await socketsAt(port, 'udp'), await socketsAt(port, 'tcp')], [sockets, sockets]);
      const ask = async (...what: string[]): Promise<string> =>
        (await dig('@127.0.0.1', '-p', String(port), '+short', ...what)).trim();
      for (const transport of ['+notcp', '+tcp']) {
        // Each from a port of its own, so that the kernel deals them out to all sockets.
        const many = Array<string>(4 * sockets).fill('www.example.org');
        assert.equal(await ask(transport, ...many), many.fill('192.0.2.80').join('\n'));
        assert.equal(await ask('example.org', 'TXT', transport), '"from Unbound"');
        assert.match(await dig('@127.0.0.1', '-p', String(port), 'no.example.org', transport), /status: NXDOMAIN/);
        assert.match(await ask('-c', 'CH', '-t', 'TXT', 'version.bind', transport), /^"unbound [\d.]+"$/);
      }
      child.kill('SIGTERM');
      assert.deepEqual([await ended, err()], [0, '']);
      assert.deepEqual([await socketsAt(port, 'udp'), await socketsAt(port, 'tcp')], [0, 0]);
    });
  }
});
