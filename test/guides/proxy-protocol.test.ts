/** The program of the guide behind real proxies, which send the PROXY protocol. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createServer } from 'multisocket';
import { makeCertificate } from '../support/certificate.js';
import { dig } from '../support/clients.js';
import { endChild } from '../support/end-child.js';
import { freePort } from '../support/free-port.js';
import { startGuideProgram, writeGuidePrograms, type GuideProgram } from '../support/guide-program.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import whoami from '../server/fixtures/whoami.js';

/** Where Debian has the module of nginx for streams. */
const NGINX_STREAM = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** Waits until something listens on the port. */
async function isUp(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = connect(port, '127.0.0.1');
    const up = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (up) return;
    await wait(25);
  }
  throw new Error(`nothing listens on port ${port}`);
}

describe('the guide of the PROXY protocol', () => {
  let program: GuideProgram;
  let port: number;
  let front: number;
  let proxy: ChildProcess;

  before(async () => {
    port = await freePort();
    const directory = writeGuidePrograms('proxy-protocol', { '127.0.0.1:5300': `127.0.0.1:${port}` });
    program = await startGuideProgram(directory, 'proxied.mjs');
  });
  after(() => program.end());
  beforeEach(async () => (front = await freePort()));
  afterEach(() => endChild(proxy));

  /** Starts a proxy with a configuration, which it gets as a file. */
  const start = async (command: string, args: (file: string) => string[], text: string): Promise<void> => {
    const file = join(temporaryDirectory(), 'proxy.conf');
    writeFileSync(file, text);
    proxy = spawn(command, args(file), { stdio: 'ignore' });
    await isUp(front);
  };
  const haproxy = (to: number, how: string): Promise<void> =>
    start(
      'haproxy',
      (file) => ['-db', '-f', file],
      `defaults\n mode tcp\n timeout connect 5s\n timeout client 5s\n timeout server 5s\nlisten dns\n bind 127.0.0.1:${front}\n server one 127.0.0.1:${to} ${how}\n`,
    );
  const asked = (...more: string[]): Promise<string> =>
    dig('@127.0.0.1', '-p', String(front), '-b', '127.0.0.7', '+short', ...more, 'whoami.example', 'TXT');

  for (const how of ['send-proxy', 'send-proxy-v2']) {
    it(`haproxy with ${how}`, async () => {
      await haproxy(port, how);
      const expected = new RegExp(`^"127\\.0\\.0\\.7 port \\d+ asked 127\\.0\\.0\\.1 port ${front} by tcp"`);
      assert.match(await asked('+tcp'), expected);
      assert.match(await asked('+tcp', '+keepopen'), expected);
    });

    it(`haproxy with ${how}, TLS behind it`, async () => {
      const own = await makeCertificate();
      const server = createServer({
        listen: 'tls://127.0.0.1:0',
        workers: 0,
        handler: whoami,
        tls: own,
        proxyProtocol: { from: ['127.0.0.1'], required: true },
      });
      await server.listen();
      await haproxy(server.addresses()[0].port, how);
      assert.match(await asked('+tls'), new RegExp(`^"<127\\.0\\.0\\.7\\|\\d+\\|127\\.0\\.0\\.1\\|${front}\\|tls>"`));
      await server.close();
    });
  }

  it('nginx with proxy_protocol', async function () {
    if (!existsSync(NGINX_STREAM)) this.skip();
    const directory = temporaryDirectory();
    await start(
      'nginx',
      (file) => ['-p', directory, '-e', join(directory, 'error.log'), '-c', file],
      `load_module ${NGINX_STREAM};\ndaemon off;\nmaster_process off;\npid nginx.pid;\nevents {}\nstream {\n server {\n listen 127.0.0.1:${front};\n proxy_pass 127.0.0.1:${port};\n proxy_protocol on;\n }\n}\n`,
    );
    assert.match(
      await asked('+tcp'),
      new RegExp(`^"127\\.0\\.0\\.7 port \\d+ asked 127\\.0\\.0\\.1 port ${front} by tcp"`),
    );
  });

  it('dnsdist with useProxyProtocol, by UDP and TCP', async () => {
    await start(
      'dnsdist',
      (file) => ['--supervised', '--disable-syslog', '-C', file],
      `setLocal('127.0.0.1:${front}')\nnewServer({ address = '127.0.0.1:${port}', useProxyProtocol = true, healthCheckMode = 'up' })\nsetACL('127.0.0.0/8')\n`,
    );
    for (const [transport, option] of [
      ['udp', '+notcp'],
      ['tcp', '+tcp'],
    ] as const) {
      const heard = await asked(option);
      assert.match(
        heard,
        new RegExp(`^"127\\.0\\.0\\.7 port \\d+ asked 127\\.0\\.0\\.1 port ${front} by ${transport}"`),
      );
    }
  });
});
