import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { usableCpus } from 'multisocket';
import { makeCertificate } from './support/certificate.js';
import { dig, queryBytes, TcpClient, udpExchange } from './support/clients.js';
import { dnsperf } from './support/dnsperf.js';
import { freePort } from './support/free-port.js';
import { killAll, listen, start, type Running } from './support/program.js';
import { until } from './support/server.js';
import { socketsAt } from './support/ss.js';
import { temporaryDirectory } from './support/temporary-directory.js';

const directory = temporaryDirectory();
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Runs it to its end. */
async function finish(args: readonly string[]): Promise<{ code: number | NodeJS.Signals; out: string; err: string }> {
  const { ended, out, err } = start(args, directory);
  return { code: await ended, out: out(), err: err() };
}

function corefile(text: string): string {
  const path = join(mkdtempSync(join(directory, 'c-')), 'Corefile');
  writeFileSync(path, text);
  return path;
}

/** Starts it with a Corefile and waits until it listens; `port` is the first that it prints. */
async function serve(text: string): Promise<Running & { path: string; port: number }> {
  const path = corefile(text);
  const started = await listen(['-conf', path], directory);
  return { ...started, path, port: Number(/listening on .*:(\d+),/.exec(started.out())?.[1]) };
}

describe('the program', () => {
  afterEach(killAll);

  it('says its version and its directives', async () => {
    assert.deepEqual(await finish(['-version']), { code: 0, out: `multisocket-${version}\n`, err: '' });
    const { code, out } = await finish(['--plugins']);
    assert.equal(code, 0);
    const names = out.trimEnd().split('\n');
    for (const name of ['dns.multisocket', 'dns.bind', 'dns.whoami', 'dns.log']) assert.ok(names.includes(name), name);
  });

  for (const [what, args, message] of [
    ['an option that there is not', ['-nothing'], /Unknown option '--nothing'/],
    ['an invalid port', ['-dns.port', '65536'], /-dns\.port must be a port from 0 to 65535, not 65536/],
    ['an option without its value', ['-conf'], /'--conf <value>' argument missing/],
    ['a Corefile that is not there', ['-conf', '/nowhere/Corefile'], /ENOENT/],
  ] as const) {
    it(`ends with 1 and says why: ${what}`, async () => {
      const { code, out, err } = await finish(args);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, message);
    });
  }

  const wrong = 'Error during parsing: Wrong argument count or unexpected line ending after';
  const invalid = 'Error during parsing: invalid num sockets:';
  for (const [directive, line, message] of [
    ['multisocket text', 3, `${invalid} "text" is not an integer`],
    ['multisocket 0', 3, 'Error during parsing: num sockets can not be zero or negative: 0'],
    ['multisocket -1', 3, 'Error during parsing: num sockets can not be zero or negative: -1'],
    ['multisocket 1025', 3, 'Error during parsing: num sockets exceeds maximum (1024): 1025'],
    ['multisocket 2 2', 3, `${wrong} '2'`],
    ['multisocket 2\n    multisocket 2', 4, `${wrong} '2'`],
    ['multisocket 2 {\n    }', 3, "Error during parsing: Unexpected token '{', expecting argument"],
  ] as const) {
    for (const mode of [['-check'], []]) {
      it(`refuses ${JSON.stringify(directive)} with file and line ${mode.join()}`, async () => {
        const path = corefile(`# a comment\n. {\n    ${directive}\n    whoami\n}\n`);
        const { code, out, err } = await finish(['-conf', path, ...mode]);
        assert.deepEqual([code, out], [1, '']);
        assert.equal(err, `multisocket: plugin/multisocket: ${path}:${line} - ${message}\n`);
      });
    }
  }

  for (const [what, text, line, message] of [
    ['a directive that there is not', 'a {\n nothing\n}', 2, "Error during parsing: Unknown directive 'nothing'"],
    ['the end in a block', 'a {\n log {\n  class all', 3, 'Error during parsing: Unexpected EOF'],
    ['no end of a block', 'a {\n log', 2, "Syntax error: Unexpected token 'log', expecting '}'"],
    ['an import of nothing', 'a {\n import none\n}', 2, 'Error during parsing: File to import not found: none'],
    ['a zone twice', '. {\n}\n. {\n}', 3, 'Error during parsing: cannot serve dns://.:53 - it is already defined'],
    [
      'a zone bound and not',
      'a {\n bind ::1\n}\na {\n}',
      4,
      'Error during parsing: cannot serve dns://a.:53 - zone overlap listener capacity with dns://a.:53 on ::1',
    ],
    ['an invalid port', 'a:65536 {\n}', 1, 'Error during parsing: port is not from 0 to 65535: 65536'],
  ] as const) {
    it(`refuses a Corefile with ${what}, with file and line`, async () => {
      const path = corefile(text);
      for (const mode of [[], ['-check']]) {
        const { code, out, err } = await finish(['-conf', path, ...mode]);
        assert.deepEqual([code, out, err], [1, '', `multisocket: ${path}:${line} - ${message}\n`]);
      }
    });
  }

  it('names the file that was imported, and its line', async () => {
    const path = corefile('. {\n import sockets\n whoami\n}\n');
    const imported = join(dirname(path), 'sockets');
    writeFileSync(imported, '# as many as the machine has CPUs, and then some\n\nmultisocket 2048\n');
    const { code, err } = await finish(['-conf', path]);
    const message = 'Error during parsing: num sockets exceeds maximum (1024): 2048';
    assert.deepEqual([code, err], [1, `multisocket: plugin/multisocket: ${imported}:3 - ${message}\n`]);
  });

  describe('has as many sockets at an address as its first server block says', () => {
    /** The warnings of a Corefile that runs, and how many sockets each address has: both protocols have as many. */
    async function run(text: string, port: number, ...at: string[]): Promise<[warnings: string[], sockets: number[]]> {
      const path = corefile(text.replaceAll('PORT', String(port)));
      const { child, ended, out, err } = await listen(['-conf', path], directory);
      const sockets: number[] = [];
      for (const address of at) {
        const [udp, tcp] = [await socketsAt(port, 'udp', address), await socketsAt(port, 'tcp', address)];
        assert.equal(udp, tcp);
        sockets.push(udp);
        for (const transport of ['+notcp', '+tcp'])
          assert.match(await dig(`@${address}`, '-p', String(port), 'a.test', transport), /status: NOERROR/);
      }
      child.kill('SIGTERM');
      assert.deepEqual([await ended, err()], [0, '']);
      const prefix = `[WARNING] ${path}`;
      const lines = out().split('\n');
      return [lines.filter((line) => line.startsWith('[WARNING]')).map((line) => line.replace(prefix, '')), sockets];
    }
    const ignored = (line: number, value: number, port: number, has: number): RegExp =>
      new RegExp(
        `^:${line} - Warning: plugin/multisocket: ${value} ignored for dns://127\\.0\\.0\\.1:${port}, which has ${has} from the server block at .*:1$`,
      );

    it('two blocks of one address with other values: the second is ignored, with file and line', async () => {
      const port = await freePort();
      const block = (zone: string, sockets: number): string =>
        `${zone}:PORT {\n bind 127.0.0.1\n multisocket ${sockets}\n whoami\n}\n`;
      const [warnings, sockets] = await run(block('a.test', 3) + block('b.test', 2), port, '127.0.0.1');
      assert.deepEqual(sockets, [3]);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0], ignored(8, 2, port, 3));
    });

    it('two addresses with other values: each has its own', async () => {
      const block = (address: string, sockets: number): string =>
        `a.test:PORT {\n bind ${address}\n multisocket ${sockets}\n whoami\n}\n`;
      const text = block('127.0.0.1', 3) + block('127.0.0.2', 2);
      assert.deepEqual(await run(text, await freePort(), '127.0.0.1', '127.0.0.2'), [[], [3, 2]]);
    });

    it('a block without the directive first: one', async () => {
      const port = await freePort();
      const text =
        'a.test:PORT {\n bind 127.0.0.1\n whoami\n}\nb.test:PORT {\n bind 127.0.0.1\n multisocket 4\n whoami\n}\n';
      const [warnings, sockets] = await run(text, port, '127.0.0.1');
      assert.deepEqual(sockets, [1]);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0], ignored(7, 4, port, 1));
    });
  });

  it('-check prints what would be served, and warnings', async () => {
    const path = corefile(
      'a.org b.org {\n multisocket 3\n whoami\n}\nc.org:5301 {\n bind 127.0.0.1 ::1\n log\n cache\n whoami\n}\ne.org:5301 {\n bind 127.0.0.1 ::1\n cache\n whoami\n}\nd.org {\n multisocket 4\n}\n',
    );
    const { code, out, err } = await finish(['-check', '-conf', path, '-dns.port', '5300']);
    assert.deepEqual([code, err], [0, '']);
    const workers = Math.min(3, usableCpus());
    assert.deepEqual(out.trimEnd().split('\n'), [
      `dns://:5300: 3 sockets, ${workers} worker${workers === 1 ? '' : 's'}`,
      '  a.org.: multisocket whoami',
      '  b.org.: multisocket whoami',
      '  d.org.: multisocket',
      'dns://127.0.0.1:5301: 1 socket, 1 worker',
      '  c.org.: bind log cache whoami; cache: chain, log sees each query',
      '  e.org.: bind cache whoami; cache: native',
      'dns://[::1]:5301: 1 socket, 1 worker',
      '  c.org.: bind log cache whoami; cache: chain, log sees each query',
      '  e.org.: bind cache whoami; cache: native',
      `${path}:17 - Warning: plugin/multisocket: 4 ignored for dns://:5300, which has 3 from the server block at ${path}:1`,
      'Corefile is valid: 1 warning',
    ]);
  });

  it('serves whoami on this host when there is no Corefile, and logs each query', async () => {
    const port = await freePort();
    const { child, out, ended } = await listen(['-dns.port', String(port)], directory);
    assert.ok(out().includes(`listening on 127.0.0.1:${port}, UDP and TCP, ${usableCpus()} socket`));
    assert.match(
      await dig('@127.0.0.1', '-p', String(port), 'example.org', 'MX'),
      /example\.org\.\s+0\s+IN\s+A\s+127\.0\.0\.1/,
    );
    const line =
      /^\[INFO\] 127\.0\.0\.1:\d+ - \d+ "MX IN example\.org\. udp \d+ false 1232" NOERROR qr,aa,rd \d+ \d+(\.\d+)?s$/m;
    await until(() => line.test(out()), 'the line of the log');
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
    assert.match(out(), /answered 1 queries: 1 by UDP, 0 by TCP\n$/);
  });

  it('counts what it answered by HTTPS at its end', async () => {
    const { file, cert, key } = await makeCertificate();
    const keyFile = join(directory, 'key.pem');
    writeFileSync(keyFile, key);
    const { child, out, port, ended } = await serve(
      `https://.:${await freePort()} {\n  bind 127.0.0.1\n  tls ${file} ${keyFile}\n  whoami\n}\n`,
    );
    const client = connect(`https://127.0.0.1:${port}`, { ca: cert });
    const dns = queryBytes('example.org').toString('base64url');
    const [headers] = (await once(client.request({ ':path': `/dns-query?dns=${dns}` }).resume(), 'response')) as [
      Record<string, unknown>,
    ];
    assert.equal(headers[':status'], 200);
    client.destroy();
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
    assert.match(out(), /answered 1 queries: 0 by UDP, 0 by TCP, 1 by HTTPS\n$/);
  });

  it('ends with 1 when the port is taken', async () => {
    const { port, child, ended } = await serve('.:0 {\n bind 127.0.0.1\n whoami\n}');
    const { code, err } = await finish(['-conf', corefile(`.:${port} {\n bind 127.0.0.1\n whoami\n}`)]);
    assert.equal(code, 1);
    assert.equal(err, `multisocket: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`);
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  });

  it('SIGTERM: answers what it holds, then ends with 0', async () => {
    const { port, child, ended, out } = await serve('.:0 {\n multisocket 2\n whoami\n}');
    const client = await TcpClient.connect(port);
    assert.ok(await client.exchange(queryBytes('example.org')));
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
    assert.ok(out().includes('[INFO] SIGTERM: Shutting down servers then terminating\n'));
  });

  it('SIGINT ends it with 0, a second one half a second later at once with 2; SIGHUP does nothing', async () => {
    const first = await serve('.:0 {\n whoami\n}');
    first.child.kill('SIGHUP');
    first.child.kill('SIGINT');
    assert.equal(await first.ended, 0);
    const health = await freePort();
    const second = await serve(`.:0 {\n whoami\n health 127.0.0.1:${health} {\n  lameduck 20s\n }\n}`);
    second.child.kill('SIGINT');
    await until(() => second.out().includes('SIGINT: Shutting down'), 'the first SIGINT to be seen');
    // npm passes on what the terminal has sent already: what comes at once is the same one.
    second.child.kill('SIGINT');
    await wait(600);
    second.child.kill('SIGINT');
    assert.equal(await second.ended, 2);
  });

  it('SIGUSR1: takes the new Corefile under load without losing a query, and keeps the old one when that is wrong', async () => {
    const { port, child, ended, out, path } = await serve('.:0 {\n multisocket 2\n whoami\n}');
    const load = dnsperf(port, ['-l', '6', '-c', '8', '-Q', '3000']);
    const reloaded = (text: string, times: number): Promise<void> => {
      const before = out().split(text).length;
      child.kill('SIGUSR1');
      return until(() => out().split(text).length === before + times, text);
    };
    writeFileSync(path, '.:0 {\n multisocket 4\n whoami\n}');
    await reloaded('Reloading complete', 1);
    writeFileSync(path, '.:0 {\n multisocket\n nothing\n}');
    await reloaded(`[ERROR] SIGUSR1: ${path}:3 - Error during parsing: Unknown directive 'nothing'`, 1);
    writeFileSync(path, '.:0 {\n multisocket 1\n whoami\n}');
    await reloaded('Reloading complete', 1);
    const report = await load;
    assert.match(report, /Queries lost:\s+0 /);
    assert.match(report, /Queries completed:\s+[1-9]\d+/);
    assert.ok(await udpExchange(queryBytes('a'), port));
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  });
});
