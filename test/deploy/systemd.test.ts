import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ask } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { SteadyLoad } from '../support/load.js';
import { end } from '../support/server.js';

const units = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
const script = fileURLToPath(new URL('../../test/deploy/user-manager.sh', import.meta.url));
const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const NAMESPACES = ['-m', '-p', '-f', '--mount-proc'];

/** The version of systemd; 0: the test cannot start one here. */
function systemdVersion(): number {
  try {
    execFileSync('unshare', [...NAMESPACES, 'true'], { stdio: 'ignore' });
    return Number(/^systemd (\d+)/.exec(execFileSync('systemctl', ['--version'], { encoding: 'utf8' }))?.[1]);
  } catch {
    return 0;
  }
}

/** A systemd with our units. */
class Manager {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #input: Interface;

  constructor(directory: string) {
    this.#child = spawn('unshare', [...NAMESPACES, '--kill-child', 'sh', script, directory]);
    this.#child.stderr.pipe(process.stderr);
    this.#input = createInterface(this.#child.stdout);
    this.#lines = this.#input[Symbol.asyncIterator]();
  }

  async ready(): Promise<void> {
    assert.deepEqual(await this.#lines.next(), { value: 'ready', done: false });
  }

  /** Runs systemctl. Returns its exit code and its output. */
  async run(command: string): Promise<{ status: number; out: string }> {
    this.#child.stdin.write(`${command}\n`);
    let out = '';
    for (;;) {
      const line = await this.#lines.next();
      if (line.done === true) throw new Error(`systemctl ${command}: the manager has ended; ${out}`);
      const status = /^status: (\d+)$/.exec(line.value)?.[1];
      if (status !== undefined) return { status: Number(status), out };
      out += `${line.value}\n`;
    }
  }

  /** Runs systemctl, which must succeed. */
  async does(command: string): Promise<string> {
    const { status, out } = await this.run(command);
    assert.equal(status, 0, `systemctl ${command}: ${out}`);
    return out;
  }

  /** A property of the service. */
  async property(name: string): Promise<string> {
    return (await this.does(`show multisocket.service --property=${name} --value`)).trim();
  }

  async end(): Promise<void> {
    this.#input.close();
    await end(this.#child);
  }
}

describe('the units, run by systemd', function () {
  this.timeout(60_000);
  const version = systemdVersion();
  let directory: string;
  let corefile: string;
  let port: number;
  let manager: Manager;

  before(async function () {
    if (version === 0) this.skip(); // no systemd, or no right to make namespaces
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    corefile = join(directory, 'Corefile');
    port = await freePort();
    writeFileSync(corefile, `.:${port} {\n bind 127.0.0.1\n multisocket 2\n whoami\n}\n`);
    const installed = join(directory, 'units');
    for (const name of ['service', 'socket']) mkdirSync(join(installed, `multisocket.${name}.d`), { recursive: true });
    cpSync(units, installed, { recursive: true });
    const run = (more: string): string => `${process.execPath} ${program} ${more} -conf ${corefile}`;
    // What the test must change: addresses, files, and what only the manager of the system can do.
    const service = [
      '[Unit]',
      'StartLimitIntervalSec=0',
      '[Service]',
      ...(version < 253 ? ['Type=notify'] : []),
      'ExecStart=',
      `ExecStart=${run('')}`,
      'ExecReload=',
      `ExecReload=${run('-check')}`,
      'WatchdogSec=2',
      'DynamicUser=no',
      'ProtectHome=no',
      'ProtectKernelTunables=no',
      'PrivateTmp=no',
      `StandardOutput=append:${join(directory, 'log')}`,
      'StandardError=inherit',
    ];
    writeFileSync(join(installed, 'multisocket.service.d', 'test.conf'), `${service.join('\n')}\n`);
    const addresses = ['ListenStream=', ...['Datagram', 'Stream'].map((kind) => `Listen${kind}=127.0.0.1:${port}`)];
    writeFileSync(join(installed, 'multisocket.socket.d', 'test.conf'), `[Socket]\n${addresses.join('\n')}\n`);
    writeFileSync(join(directory, 'log'), '');
    manager = new Manager(installed);
    await manager.ready();
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(readFileSync(join(directory, 'log'), 'utf8'));
  });

  after(async () => {
    if (version === 0) return;
    await manager.end();
    rmSync(directory, { recursive: true });
  });

  const whoami = async (): Promise<string> => (await ask(port, 'example.org')).rcode;

  it('the first query starts the service, which says that it serves', async () => {
    await manager.does('start multisocket.socket');
    assert.equal(await manager.property('ActiveState'), 'inactive');
    assert.equal(await whoami(), 'NOERROR');
    await eventually(async () => (await manager.property('ActiveState')) === 'active');
    assert.equal(await manager.property('StatusText'), 'serving');
  });

  it('`systemctl start` returns when the server serves', async () => {
    await manager.does('stop multisocket.service');
    await manager.does('start multisocket.service');
    assert.equal(await manager.property('StatusText'), 'serving');
    assert.equal(await whoami(), 'NOERROR');
  });

  it('a restart, and a time without service, lose no query', async () => {
    const load = await SteadyLoad.start(port, 200, 8, 'A');
    await manager.does('restart multisocket.service');
    const before = Number(await manager.property('MainPID'));
    await manager.does('kill --kill-who=main --signal=SIGTERM multisocket.service');
    await eventually(async () => (await manager.property('ActiveState')) !== 'active');
    await manager.does('start multisocket.service');
    assert.notEqual(Number(await manager.property('MainPID')), before);
    await wait(300);
    const { sent, answered } = await load.stop(5000);
    assert.equal(answered, sent);
  });

  it('starts again after a crash', async () => {
    await manager.does('kill --kill-who=main --signal=SIGKILL multisocket.service');
    await eventually(async () => Number(await manager.property('NRestarts')) > 0);
    await eventually(async () => (await manager.property('StatusText')) === 'serving');
    assert.equal(await whoami(), 'NOERROR');
  });

  it('starts again when the program stands still', async () => {
    const before = await manager.property('NRestarts');
    await manager.does('kill --kill-who=main --signal=SIGSTOP multisocket.service');
    await eventually(async () => (await manager.property('NRestarts')) !== before);
    await eventually(async () => (await manager.property('StatusText')) === 'serving');
    assert.equal(await whoami(), 'NOERROR');
  });

  it('a reload fails for a Corefile with a fault, and the server goes on', async () => {
    const good = readFileSync(corefile, 'utf8');
    writeFileSync(corefile, `.:${port} {\n nothing\n}\n`);
    const { status, out } = await manager.run('reload multisocket.service');
    assert.notEqual(status, 0, out);
    assert.equal(await manager.property('ActiveState'), 'active');
    assert.equal(await whoami(), 'NOERROR');
    writeFileSync(corefile, good);
    await manager.does('reload multisocket.service');
    assert.equal(await whoami(), 'NOERROR');
  });

  it('a stop ends with success', async () => {
    await manager.does('stop multisocket.socket multisocket.service');
    assert.equal(await manager.property('Result'), 'success');
    assert.equal(await manager.property('ExecMainStatus'), '0');
  });
});

/** Waits until `condition` resolves with true, for 10 s at most. */
async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const last = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > last) throw new Error('waited 10 s in vain');
    await wait(50);
  }
}
