/** The directive `dnstap`, read by the programs of others, and beside CoreDNS. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer as createTcpServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCorefile } from '../../../dist/corefile/corefile.js';
import type { TapOptions } from '../../../dist/directives/dnstap/options.js';
import '../../../dist/directives/index.js';
import { opt, queryBytes, run, TcpClient, udpExchange } from '../../support/clients.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { endChild } from '../../support/end-child.js';
import { findProgram } from '../../support/find-program.js';
import { freePort } from '../../support/free-port.js';
import { until } from '../../support/server.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { findCoredns } from '../../oracle/coredns/find-coredns.js';

const TYPE = 'protobuf:dnstap.Dnstap';

/** A message, as dnstap-read shows it. */
type Message = Record<string, string>;

/** A collector: the program fstrm_capture. */
class Capture {
  readonly #child: ChildProcess;
  readonly #file: string;

  private constructor(child: ChildProcess, file: string) {
    this.#child = child;
    this.#file = file;
  }

  static async start(...listen: string[]): Promise<Capture> {
    const file = join(temporaryDirectory(), 'captured.tap');
    const child = spawn('fstrm_capture', ['-t', TYPE, '-w', file, ...listen], { stdio: 'ignore' });
    const [kind, path] = listen;
    if (kind === '-u') await until(() => existsSync(path), 'the collector');
    else await new Promise((resolve) => setTimeout(resolve, 300));
    return new Capture(child, file);
  }

  /** Ends it, and returns what it has written. */
  async read(): Promise<Message[]> {
    await endChild(this.#child);
    const yaml = await run('dnstap-read', ['-y', this.#file]);
    return yaml
      .split(/^---$/m)
      .map((text) =>
        Object.fromEntries([...text.matchAll(/^ *([\w]+): (.+)$/gm)].map(([, key, value]) => [key, value])),
      )
      .filter((message) => Object.keys(message).length > 0);
  }

  end(): Promise<void> {
    return endChild(this.#child);
  }
}

describe('dnstap', function () {
  this.timeout(30_000);
  const closing: (() => Promise<unknown>)[] = [];
  before(function () {
    if (findProgram('fstrm_capture') === undefined || findProgram('dnstap-read') === undefined) this.skip();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  const serve = async (dnstap: string, more = 'whoami'): Promise<Awaited<ReturnType<typeof serveCorefile>>> => {
    const served = await serveCorefile(`.:0 {\n bind 127.0.0.1\n ${dnstap}\n ${more}\n}`, { workers: 0 });
    closing.unshift(() => served.server.close({ timeout: 0 }));
    return served;
  };
  const ask = async (port: number, name = 'www.example.org'): Promise<Buffer> =>
    (await udpExchange(queryBytes(name), port))!.reply;

  it('sends queries and replies to a Unix socket, which others read', async () => {
    const path = join(temporaryDirectory(), 'tap.sock');
    const capture = await Capture.start('-u', path);
    const { server, port } = await serve(
      `dnstap ${path} full {\n identity me\n version v1\n extra "{type} {remote} {/x} {odd}"\n}`,
    );
    await ask(port);
    const tcp = await TcpClient.connect(port);
    await tcp.exchange(queryBytes('tcp.example.org', 'AAAA'));
    tcp.close();
    await server.close();
    const messages = await capture.read();
    assert.deepEqual(
      messages.map((message) => [message.type, message.socket_family, message.socket_protocol]),
      ['UDP', 'TCP'].flatMap((protocol) => [
        ['CLIENT_QUERY', 'INET', protocol],
        ['CLIENT_RESPONSE', 'INET', protocol],
      ]),
    );
    for (const message of messages) {
      assert.deepEqual([message.identity, message.version], ['me', 'v1']);
      assert.equal(message.query_address, '"127.0.0.1"');
    }
  });

  it('sends what native code answers from the cache', async () => {
    const port = await freePort();
    const capture = await Capture.start('-a', '127.0.0.1', '-p', String(port));
    const zone = join(temporaryDirectory(), 'zone');
    writeFileSync(zone, '@ 300 IN SOA a b 1 1 1 1 1\n@ 300 IN NS a\nwww 300 IN A 192.0.2.1\n');
    const served = await serve(`dnstap tcp://127.0.0.1:${port}`, `cache\n file ${zone} example.org`);
    for (let i = 0; i < 3; i++) await ask(served.port);
    assert.equal(served.server.stats().totals.cacheHits, 2, 'it does not keep the cache from native code');
    await served.server.close();
    const messages = await capture.read();
    assert.equal(messages.length, 6);
  });

  /** Listens as a collector that does what `behave` says. */
  async function collector(behave: (socket: Socket) => void): Promise<{ server: NetServer; port: number }> {
    const server = createTcpServer(behave);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    return { server, port: (server.address() as AddressInfo).port };
  }

  const faults: [what: string, behave: (socket: Socket) => void, said: RegExp][] = [
    ['says nothing', () => undefined, /^$/],
    ['closes at once', (socket) => socket.destroy(), /has closed the connection|ECONNRESET/],
    ['sends garbage', (socket) => socket.end(Buffer.alloc(4096, 0xab)), /does not speak frame streams/],
    ['sends HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), /does not speak frame streams/],
    [
      'accepts another type',
      (socket) =>
        socket.write(Buffer.from('00000000' + '0000000d' + '00000001' + '00000001' + '00000001' + '78', 'hex')),
      /does not accept/,
    ],
  ];
  for (const [what, behave, said] of faults) {
    it(`goes on answering beside a collector that ${what}`, async () => {
      const sockets: Socket[] = [];
      const { port } = await collector((socket) => {
        sockets.push(socket.on('error', () => undefined));
        behave(socket);
      });
      const served = await serve(`dnstap tcp://127.0.0.1:${port}`);
      for (let i = 0; i < 50; i++) await ask(served.port);
      if (said.source !== '^$') await until(() => served.log.some((line) => said.test(line)), 'a warning');
      const started = performance.now();
      await served.server.close({ timeout: 2000 });
      assert.ok(performance.now() - started < 4000);
      for (const socket of sockets) socket.destroy();
    });
  }

  it('counts what a collector that does not read loses, and bounds what waits for it', async () => {
    const accept = Buffer.concat([
      Buffer.from('00000000000000220000000100000001', 'hex'),
      Buffer.from([0, 0, 0, 22]),
      Buffer.from(TYPE),
    ]);
    const sockets: Socket[] = [];
    const { port } = await collector((socket) => {
      sockets.push(socket.on('error', () => undefined));
      socket.once('data', () => {
        socket.write(accept);
        socket.pause();
      });
    });
    const served = await serve(`prometheus 127.0.0.1:0\n dnstap tcp://127.0.0.1:${port} full`);
    const client = await TcpClient.connect(served.port);
    const name = `${'x'.repeat(60)}.${'y'.repeat(60)}.${'z'.repeat(60)}.example.org`;
    const batch = Array.from({ length: 200 }, () => queryBytes(name));
    for (let i = 0; i < 200; i++) {
      for (const message of batch) client.send(message);
      for (const message of batch) assert.ok((await client.next())!.length >= message.length);
    }
    await until(() => served.log.some((line) => line.includes('dropped dnstap messages')), 'a warning');
    client.close();
    for (const socket of sockets) socket.destroy();
  });

  it('connects again to a collector that was restarted, and sends what waited', async () => {
    const path = join(temporaryDirectory(), 'tap.sock');
    const served = await serve(`dnstap ${path}`);
    await ask(served.port);
    await until(() => served.log.some((line) => line.includes('no connection to the collector')), 'a warning');
    const capture = await Capture.start('-u', path);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await ask(served.port);
    await served.server.close();
    assert.equal((await capture.read()).length, 4);
  });

  it('sends the messages that CoreDNS sends', async function () {
    const program = findCoredns();
    if (program === undefined) this.skip();
    const asked = [
      queryBytes('www.example.org', 'A', { id: 1 }),
      queryBytes('www.example.org', 'AAAA', { id: 2, additionals: [opt(1232, { flags: 0x8000 })] }),
      queryBytes('other.example.org', 'TXT', { id: 3, flags: 0 }),
      queryBytes('www.example.org', 'A', { id: 4 }),
    ];
    const shown = [
      'type',
      'socket_family',
      'socket_protocol',
      'query_address',
      'identity',
      'opcode',
      'status',
      'id',
      'flags',
      'QUESTION',
    ];
    const text = (port: number, path: string): string =>
      `.:${port} {\n bind 127.0.0.1\n dnstap ${path} full {\n identity one\n }\n template ANY ANY example.org {\n match ^www\n answer "{{ .Name }} 60 IN A 192.0.2.1"\n }\n}\n`;
    const outcomes: Message[][] = [];
    for (const ours of [true, false]) {
      const path = join(temporaryDirectory(), 'tap.sock');
      const capture = await Capture.start('-u', path);
      const port = await freePort();
      let end: () => Promise<unknown>;
      if (ours) {
        const { server } = await serveCorefile(text(port, path), { workers: 0 });
        end = () => server.close();
      } else {
        const file = join(temporaryDirectory(), 'Corefile');
        writeFileSync(file, text(port, path));
        const child = spawn(program, ['-conf', file, '-quiet'], { stdio: 'ignore' });
        end = () => endChild(child);
        await new Promise((resolve) => setTimeout(resolve, 1500));
      }
      for (const message of asked) await udpExchange(message, port, '127.0.0.1', 3000);
      const tcp = await TcpClient.connect(port);
      await tcp.exchange(queryBytes('www.example.org', 'A', { id: 5 }));
      tcp.close();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await end();
      outcomes.push(await capture.read());
    }
    // The order of a response and of the next query is not defined.
    const [own, theirs] = outcomes.map((messages) =>
      messages
        .map((message) => Object.fromEntries(shown.map((key) => [key, message[key]])))
        .sort((a, b) => `${a.id} ${a.type}`.localeCompare(`${b.id} ${b.type}`)),
    );
    assert.equal(theirs.length, 10);
    assert.deepEqual(own, theirs);
  });
});

describe('the directive dnstap', () => {
  const configOf = (lines: string): TapOptions[] => {
    const { blocks } = loadCorefile(`. {\n${lines}\n}`);
    return blocks[0].directives.find(({ name }) => name === 'dnstap')!.config as TapOptions[];
  };

  it('reads what CoreDNS reads', () => {
    const [first, second] = configOf(
      'dnstap /tmp/a.sock\ndnstap tls://[::1]:6000 full 2 3 {\n skipverify\n version x\n}',
    );
    assert.deepEqual(
      [first.collector, first.full, first.queue],
      [{ transport: 'unix', path: '/tmp/a.sock' }, false, 10_000],
    );
    assert.match(first.version, /^multisocket-/);
    assert.deepEqual(second.collector, { transport: 'tls', host: '::1', port: 6000, skipVerify: true });
    assert.deepEqual([second.full, second.queue, second.version], [true, 30_000, 'x']);
    assert.deepEqual(configOf('dnstap unix:///tmp/b.sock')[0].collector, { transport: 'unix', path: '/tmp/b.sock' });
    assert.deepEqual(configOf('dnstap tcp://example.com:6000')[0].collector, {
      transport: 'tcp',
      host: 'example.com',
      port: 6000,
      skipVerify: false,
    });
  });

  for (const [lines, said] of [
    ['dnstap', /Wrong argument count/],
    ['dnstap listen tcp://127.0.0.1:6000', /listen is not supported/],
    ['dnstap tcp://127.0.0.1', /invalid collector "tcp:\/\/127\.0\.0\.1": it must be a path, or tcp:\/\/HOST:PORT/],
    ['dnstap tcp://127.0.0.1:0', /invalid collector/],
    ['dnstap tcp://127.0.0.1:70000', /invalid collector/],
    ['dnstap /x full 0', /invalid write buffer "0": it must be a whole number from 1 to 1024/],
    ['dnstap /x full 1 5000', /invalid queue "5000"/],
    ['dnstap /x {\n identity\n}', /Wrong argument count/],
    ['dnstap /x {\n tls a b\n}', /tls directive only valid for listeners/],
    ['dnstap /x {\n other\n}', /unknown property 'other'/],
  ] as const) {
    it(`refuses ${JSON.stringify(lines)}`, () => {
      assert.throws(() => configOf(lines), { code: 'ERR_MULTISOCKET_COREFILE', message: said });
    });
  }
});
