import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn, type ChildProcess } from 'node:child_process';
import { end, until } from '../../support/server.js';
import { makeCertificate } from '../../support/certificate.js';
import { dig, run } from '../../support/clients.js';
import { findProgram } from '../../support/find-program.js';
import { freePort } from '../../support/free-port.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const bun = process.env.BUN ?? findProgram('bun');

/**
 * What runs the package without the addon. `why`: what a package without a binary says there; `except`: tests, by file,
 * that need of their own what is not there.
 */
const runtimes: { name: string; runtime: string | undefined; why: string; except: Record<string, string> }[] = [
  { name: 'Node', runtime: process.execPath, why: 'no binary for', except: {} },
  {
    name: bun === undefined ? 'Bun, which neither BUN nor PATH leads to' : 'Bun',
    runtime: bun,
    why: 'Bun has no libuv',
    // A client of an older TLS than it has; and hooks, by which a package is made as if it were not installed.
    except: { tls: 'handshakes that fail', grpc: 'what to install' },
  },
];

for (const { name, runtime = '', why, except } of runtimes) {
  (runtime === '' ? describe.skip : describe)(`without the addon, under ${name}`, () => {
    /** What a script prints. */
    const runWithout = (...args: string[]): Promise<string> =>
      run('env', ['MULTISOCKET_NATIVE=0', runtime, ...args], 100_000);

    // What a client sees has to be the same: the very tests of it, but for what tells of several sockets.
    for (const [file, only, ...not] of [
      ['handlers', '', 'stats'],
      ['tcp', ''],
      ['tcp-bounds', ''],
      ['hostile', ''],
      ['client-options', '', 'cache', 'cookie', 'does not fit'],
      ['grpc', '', 'cache', 'cookie', 'every worker'],
      ['https', ''],
      ['tls', ''],
      ['reload-addresses', 'tls|bounds'],
      ['clients', 'dig|resolver'],
    ]) {
      it(`a server passes test/server/${file}`, async function () {
        this.timeout(120_000);
        const excluded = [...not, ...(Object.hasOwn(except, file) ? [except[file]] : [])];
        const chosen = excluded.length > 0 ? ['--grep', excluded.join('|'), '--invert'] : ['--grep', only];
        const mocha = [join(root, 'node_modules/mocha/bin/mocha.js'), '--no-config', '--timeout', '30000'];
        const test = fileURLToPath(new URL(`../../server/${file}.test.js`, import.meta.url));
        assert.match(await runWithout(...mocha, ...chosen, test), /[1-9]\d* passing/);
      });
    }

    it('refuses what needs it with a code, and says once that it is missing', async () => {
      const fixture = fileURLToPath(new URL('./fixtures/refused.js', import.meta.url));
      assert.deepEqual(JSON.parse(await runWithout(fixture)), {
        codes: {
          default: 'none',
          'one socket, four workers': 'none',
          'two sockets': 'ERR_MULTISOCKET_NATIVE_REQUIRED',
          steering: 'ENOTSUP',
          cache: 'ERR_MULTISOCKET_NATIVE_REQUIRED',
          proxies: 'ERR_MULTISOCKET_NATIVE_REQUIRED',
          'proxies of an address': 'ERR_MULTISOCKET_NATIVE_REQUIRED',
          control: 'ERR_MULTISOCKET_NATIVE_REQUIRED',
          auto: 'none',
          maxQueueDelay: 'ERR_MULTISOCKET_NATIVE_REQUIRED',
          freebind: 'ERR_MULTISOCKET_NATIVE_REQUIRED',
          'sockets alone': 'ERR_MULTISOCKET_NATIVE_REQUIRED',
          forwarder: 'ERR_MULTISOCKET_NATIVE_REQUIRED',
          offer: 'ERR_MULTISOCKET_NATIVE_REQUIRED',
          resize: 'ERR_MULTISOCKET_NATIVE_REQUIRED',
          'resize to one': 'none',
          'hand-over': 'ERR_MULTISOCKET_NATIVE_REQUIRED',
          'resize and hand-over': 'none',
        },
        warnings: ['ERR_MULTISOCKET_FALLBACK'],
      });
    });

    describe('the program in a package without a binary', () => {
      let directory: string;
      let child: ChildProcess;
      let output = '';
      let ports: number[];

      before(async () => {
        directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
        const { cert, key } = await makeCertificate();
        for (const part of ['dist', 'package.json'])
          cpSync(join(root, part), join(directory, part), { recursive: true });
        symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
        writeFileSync(join(directory, 'cert.pem'), cert);
        writeFileSync(join(directory, 'key.pem'), key);
        ports = [await freePort(), await freePort(), await freePort()];
        const block = (key: string, more = ''): string => `${key} {\n bind 127.0.0.1\n whoami\n${more}}\n`;
        const tls = ' tls cert.pem key.pem\n';
        const corefile = [
          block(`.:${ports[0]}`),
          block(`tls://.:${ports[1]}`, tls),
          block(`https://.:${ports[2]}`, tls),
        ];
        writeFileSync(join(directory, 'Corefile'), corefile.join(''));
        child = spawn(runtime, ['dist/cli.js'], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
        for (const stream of [child.stdout, child.stderr])
          stream?.on('data', (text: Buffer) => (output += String(text)));
        await until(() => output.includes('node v') || child.exitCode !== null, 'it to listen');
      });
      after(async () => {
        await end(child);
        rmSync(directory, { recursive: true });
      });

      it('says what is missing and why', () => {
        const warnings = output.split('\n').filter((line) => line.startsWith('[WARNING]'));
        assert.equal(warnings.length, 1, output);
        assert.match(warnings[0], /the native addon is not loaded: one socket an address/);
        assert.ok(warnings[0].includes(why), output);
      });

      for (const [name, place, args] of [
        ['UDP', 0, []],
        ['TCP', 0, ['+tcp']],
        ['TLS', 1, ['+tls']],
        ['HTTPS', 2, ['+https']],
      ] as const) {
        it(`answers over ${name}`, async () => {
          const answer = await dig('@127.0.0.1', '-p', String(ports[place]), 'example.org', 'A', ...args);
          assert.match(answer, /status: NOERROR/);
          assert.match(answer, /^example\.org\.\s+0\s+IN\s+A\s+127\.0\.0\.1$/m);
        });
      }

      it('ends by SIGTERM with 0', async () => {
        await end(child, 'SIGTERM');
        assert.equal(child.exitCode, 0);
      });
    });
  });
}
