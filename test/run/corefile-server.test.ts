import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { createServer, usableCpus, type CorefileOptions } from 'multisocket';
import { ask, dig, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { freePort } from '../support/free-port.js';
import { SteadyLoad } from '../support/load.js';
import { until } from '../support/server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import packet from 'dns-packet';

const directory = temporaryDirectory();
const probe = new URL('./fixtures/probe.js', import.meta.url);
const modules = [probe];

/** How many sockets the kernel has that are bound to a port. */
function bound(protocol: 'udp' | 'tcp', port: number): number {
  const hexadecimal = port.toString(16).toUpperCase().padStart(4, '0');
  return [protocol, `${protocol}6`]
    .flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.length > 3)
    .filter(([, local, , state]) => local.endsWith(`:${hexadecimal}`) && (protocol === 'udp' || state === '0A')).length;
}

/** What `probe` says at one of our addresses. */
async function textAt(address: string, port: number): Promise<string> {
  const answered = await udpExchange(queryBytes('a', 'TXT'), port, address);
  if (answered === undefined) throw new Error(`no answer from ${address}:${port}`);
  const { answers = [], additionals = [] } = packet.decode(answered.reply);
  const [record] = [...answers, ...additionals].filter((each) => each.type === 'TXT');
  return String(record.data);
}

/** Fails when anybody holds the address, UDP or TCP. */
async function takeAndLeave(address: string, port: number): Promise<void> {
  const udp = createSocket('udp4').bind(port, address);
  await once(udp, 'listening');
  const tcp = createTcpServer().listen(port, address);
  await once(tcp, 'listening');
  udp.close();
  await new Promise((resolve) => tcp.close(resolve));
}

async function codeOf(port: number, name: string, type: packet.RecordType = 'A', more = {}): Promise<string> {
  return (await ask(port, name, type, more)).rcode;
}

/** The first text of a TXT answer: where `probe` says which one it is. */
async function textOf(port: number, name: string, type: packet.RecordType = 'TXT'): Promise<string> {
  const { answers = [], additionals = [] } = await ask(port, name, type);
  const [record] = [...answers, ...additionals].filter((each) => each.type === 'TXT');
  return String(record.data);
}

describe('a server that runs a Corefile', () => {
  it('has as many sockets as multisocket says, for UDP and for TCP', async () => {
    const { server, port } = await serveCorefile('.:0 {\n multisocket 5\n whoami\n}');
    assert.deepEqual([bound('udp', port), bound('tcp', port)], [5, 5]);
    assert.equal(server.stats().workers.length, Math.min(5, usableCpus()));
    assert.match(await dig('@127.0.0.1', '-p', String(port), 'example.org'), /status: NOERROR/);
    assert.match(await dig('@127.0.0.1', '-p', String(port), '+tcp', 'example.org'), /status: NOERROR/);
    await server.close();
    assert.deepEqual([bound('udp', port), bound('tcp', port)], [0, 0]);
  });

  it('has as many as there are usable CPUs when multisocket says nothing more', async () => {
    const { server, port } = await serveCorefile('.:0 {\n multisocket\n whoami\n}');
    assert.deepEqual([bound('udp', port), bound('tcp', port)], [usableCpus(), usableCpus()]);
    await server.close();
  });

  it('has one without multisocket', async () => {
    const { server, port } = await serveCorefile('.:0 {\n whoami\n}');
    assert.deepEqual([bound('udp', port), bound('tcp', port)], [1, 1]);
    assert.equal(server.stats().workers.length, 1);
    await server.close();
  });

  it('listens on every address of the host, or on those that bind names', async () => {
    const all = await serveCorefile('.:0 {\n whoami\n}');
    for (const address of ['127.0.0.1', '127.0.0.2', '::1']) {
      assert.ok(await udpExchange(queryBytes('a'), all.port, address), address);
    }
    await all.server.close();
    const one = await serveCorefile('.:0 {\n bind 127.0.0.2\n whoami\n}');
    assert.ok(await udpExchange(queryBytes('a'), one.port, '127.0.0.2'));
    assert.equal(await udpExchange(queryBytes('a'), one.port, '127.0.0.1', 300), undefined);
    await one.server.close();
  });

  it('has other numbers for other addresses', async () => {
    const corefile =
      'a:0 {\n bind 127.0.0.1\n multisocket 3\n whoami\n}\nb:0 {\n bind 127.0.0.2\n multisocket 2\n whoami\n}';
    const { server } = await serveCorefile(corefile);
    const [first, second] = server.addresses();
    assert.deepEqual([bound('udp', first.port), bound('udp', second.port)], [3, 2]);
    await server.close();
  });

  it('takes the number of the first block of an address, and warns of others with file and line', async () => {
    const path = join(directory, 'conflict');
    writeFileSync(path, 'a:0 {\n multisocket 3\n whoami\n}\n\nb:0 {\n multisocket 2\n whoami\n}\n');
    const { server, port, warnings } = await serveCorefile({ path });
    assert.equal(bound('udp', port), 3);
    assert.deepEqual(
      warnings.map(({ code, file, line, message }) => [code, file, line, message]),
      [
        [
          'ERR_MULTISOCKET_COREFILE_WARNING',
          path,
          7,
          `${path}:7 - Warning: plugin/multisocket: 2 ignored for dns://:0, which has 3 from the server block at ${path}:1`,
        ],
      ],
    );
    await server.close();
  });

  it('finds the block by the longest zone, and sends DS to the parent', async () => {
    const { server, port } = await serveCorefile(
      ['org', 'example.org', 'a.example.org'].map((zone) => `${zone}:0 {\n probe ${zone}\n}`).join('\n'),
      { modules },
    );
    assert.equal(await textOf(port, 'x.ORG'), 'org');
    assert.equal(await textOf(port, 'x.Example.Org'), 'example.org');
    assert.equal(await textOf(port, 'a.example.org'), 'a.example.org');
    assert.equal(await textOf(port, 'a.example.org', 'DS'), 'example.org');
    assert.equal(await textOf(port, 'b.a.example.org', 'DS'), 'a.example.org');
    await server.close();
  });

  it('finds the block by the address, one to which it is bound before all of them', async () => {
    const { server, port } = await serveCorefile(
      '.:0 {\n bind 127.0.0.1\n probe first\n}\nexample.org:0 {\n bind 127.0.0.2\n probe second\n}',
      { modules },
    );
    const [, second] = server.addresses();
    assert.equal(await textOf(port, 'example.org'), 'first');
    const answered = await udpExchange(queryBytes('example.org', 'TXT'), second.port, '127.0.0.2');
    assert.equal(String((packet.decode(answered!.reply).answers![0] as packet.TxtAnswer).data), 'second');
    const other = await udpExchange(queryBytes('example.net', 'TXT'), second.port, '127.0.0.2');
    assert.equal(other!.reply[3] & 15, 5);
    await server.close();
  });

  it('may have a block on all addresses beside one that is bound to one of them', async () => {
    // A port that was free a moment ago.
    const { server: before, port } = await serveCorefile('.:0 {\n whoami\n}');
    await before.close();
    for (const zones of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const block = (zone: string): string =>
        `${zone}:${port} {\n${zone === 'a' ? ' bind 127.0.0.2\n' : ''} probe ${zone}\n}`;
      const { server } = await serveCorefile(zones.map(block).join('\n'), { modules });
      const rcodes = ['127.0.0.1', '127.0.0.2'].flatMap((address) =>
        ['a', 'b'].map(async (zone) => {
          const answered = await udpExchange(queryBytes(zone, 'TXT'), port, address);
          return answered === undefined ? undefined : answered.reply[3] & 15;
        }),
      );
      assert.deepEqual(await Promise.all(rcodes), [5, 0, 0, 5]);
      await server.close();
    }
  });

  it('gives REFUSED where no zone matches, and to other classes than IN unless a directive takes them', async () => {
    const { server, port } = await serveCorefile('a:0 {\n whoami\n}\nb:0 {\n probe-any b\n}', { modules });
    assert.equal(await codeOf(port, 'c'), 'REFUSED');
    assert.equal(await codeOf(port, 'a'), 'NOERROR');
    const chaos = (name: string) => ({ questions: [{ name, type: 'TXT', class: 'CH' }] });
    assert.equal(await codeOf(port, 'a', 'TXT', chaos('a')), 'REFUSED');
    assert.equal(await codeOf(port, 'b', 'TXT', chaos('b')), 'NOERROR');
    await server.close();
  });

  it('serves on the calling thread with workers: 0, two servers beside each other', async () => {
    const one = await serveCorefile('.:0 {\n probe one\n}', { modules, workers: 0 });
    const two = await serveCorefile('.:0 {\n probe two\n}', { modules, workers: 0 });
    assert.deepEqual([await textOf(one.port, 'a'), await textOf(two.port, 'a')], ['one', 'two']);
    await one.server.close();
    assert.equal(await textOf(two.port, 'a'), 'two');
    await two.server.close();
  });

  it('has its directives tell between threads, the last time when a worker closes', async () => {
    const { server, port, log } = await serveCorefile('.:0 {\n probe x\n}', { modules });
    await textOf(port, 'a');
    await textOf(port, 'a');
    await server.close();
    assert.deepEqual(
      log.filter((line) => line.includes('probe')),
      ['info probe x: worker 0 answered 2', 'info probe: closed'],
    );
  });

  it('closes what it has started when the rest cannot start', async () => {
    const started = serveCorefile('.:0 {\n health 127.0.0.1:0\n probe fails\n}', { modules });
    await assert.rejects(started, { message: 'probe: told to fail' });
  });

  it('goes when its signal is aborted', async () => {
    const controller = new AbortController();
    const { server, port } = await serveCorefile('.:0 {\n whoami\n}', { signal: controller.signal });
    const closed = once(server, 'close');
    controller.abort();
    await closed;
    assert.equal(bound('udp', port), 0);
    await assert.rejects(createServer({ corefile: '.:0 {\n}', signal: AbortSignal.abort() }).listen(), {
      name: 'AbortError',
    });
  });
});

describe('createServer with a Corefile', () => {
  const refused: [string, Record<string, unknown>, string][] = [
    ['no Corefile', { corefile: 1 }, 'ERR_INVALID_ARG_TYPE'],
    ['a path that is none', { corefile: { path: 1 } }, 'ERR_INVALID_ARG_TYPE'],
    ['listen', { corefile: '', listen: ':53' }, 'ERR_INVALID_ARG_VALUE'],
    ['sockets', { corefile: '', sockets: 2 }, 'ERR_INVALID_ARG_VALUE'],
    ['filename', { corefile: '', filename: 'a' }, 'ERR_INVALID_ARG_VALUE'],
    ['handler', { corefile: '', handler: () => undefined }, 'ERR_INVALID_ARG_VALUE'],
    ['cache', { corefile: '', cache: { maxBytes: 65_536 } }, 'ERR_INVALID_ARG_VALUE'],
    ['modules that are none', { corefile: '', modules: [1] }, 'ERR_INVALID_ARG_TYPE'],
    ['a port out of range', { corefile: '', dnsPort: 65_536 }, 'ERR_OUT_OF_RANGE'],
    ['an option of any server out of range', { corefile: '', workers: -1 }, 'ERR_OUT_OF_RANGE'],
  ];
  for (const [what, options, code] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => createServer(options as unknown as CorefileOptions), { code });
    });
  }

  const faults: [string, string, number, RegExp][] = [
    ['a syntax error', '. {\n nothing\n}', 2, /Unknown directive 'nothing'/],
    ['a transport that there is not', 'a {\n}\nquic://b {\n}', 3, /quic:\/\/:853 cannot be served: Node has no QUIC/],
  ];
  for (const [what, corefile, line, message] of faults) {
    it(`does not listen with ${what}`, async () => {
      await assert.rejects(
        createServer({ corefile }).listen(),
        (error: { code?: string; line?: number; message: string }) => {
          assert.deepEqual([error.code, error.line], ['ERR_MULTISOCKET_COREFILE', line]);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  it('listens once', async () => {
    const { server } = await serveCorefile('.:0 {\n whoami\n}');
    await assert.rejects(server.listen(), { code: 'ERR_SERVER_ALREADY_LISTEN' });
    await server.close();
  });
});

describe('reload of a Corefile', () => {
  it('takes what has changed, sockets too, and loses no query', async () => {
    const path = join(directory, 'reload');
    const write = (text: string, sockets: number): void => {
      writeFileSync(path, `.:0 {\n multisocket ${sockets}\n probe ${text}\n}`);
    };
    write('one', 2);
    const { server, port } = await serveCorefile({ path }, { modules });
    const load = await SteadyLoad.start(port);
    for (const [text, sockets] of [
      ['two', 4],
      ['three', 1],
      ['four', 3],
    ] as const) {
      write(text, sockets);
      await server.reload();
      assert.equal(await textOf(port, 'a'), text);
      assert.deepEqual([bound('udp', port), bound('tcp', port)], [sockets, sockets]);
    }
    const { sent, answered } = await load.stop();
    assert.ok(sent > 100);
    assert.equal(answered, sent);
    await server.close();
  });

  it('waits for the start if that is not over', async () => {
    const corefile = '.:0 {\n bind 127.0.0.1\n probe one\n}';
    const server = createServer({ corefile, modules });
    const listening = server.listen();
    const reloaded = server.reload({ corefile: corefile.replace('one', 'two') });
    await listening;
    await reloaded;
    assert.equal(await textAt('127.0.0.1', server.addresses()[0].port), 'two');
    await server.close();
  });

  it('keeps its state if the new Corefile is wrong, does not start, or its address is in use', async () => {
    const taken = await freePort();
    const holder = createSocket('udp4').bind(taken, '127.0.0.1');
    await once(holder, 'listening');
    const { server, port } = await serveCorefile('.:0 {\n multisocket 2\n health 127.0.0.1:0\n probe old\n}', {
      modules,
    });
    const attempts: [string, { code?: string; message?: string | RegExp }][] = [
      ['.:0 {\n nothing\n}', { code: 'ERR_MULTISOCKET_COREFILE' }],
      ['.:0 {\n multisocket 3\n probe fails\n}', { message: 'probe: told to fail' }],
      [
        `.:0 {\n multisocket 4\n probe new\n}\na.org:${taken} {\n bind 127.0.0.1\n probe new\n}`,
        { code: 'EADDRINUSE', message: `listen EADDRINUSE: address already in use 127.0.0.1:${taken}` },
      ],
    ];
    for (const [corefile, error] of attempts) {
      await assert.rejects(server.reload({ corefile }), error);
      assert.equal(await textOf(port, 'a'), 'old');
      assert.equal(bound('udp', port), 2);
    }
    await server.reload({ corefile: '.:0 {\n multisocket 2\n probe new\n}' });
    assert.equal(await textOf(port, 'a'), 'new');
    await server.close();
    holder.close();
    await assert.rejects(server.reload(), { code: 'ERR_SERVER_NOT_RUNNING' });
  });

  it('opens addresses that are new, closes those that are gone, and loses nothing at those that stay', async () => {
    const port = await freePort();
    const block = (text: string, sockets: number, ...addresses: string[]): string =>
      `.:${port} {\n bind ${addresses.join(' ')}\n multisocket ${sockets}\n probe ${text}\n}`;
    const { server } = await serveCorefile(block('0', 2, '127.0.0.1', '127.0.0.2'), { modules });
    const load = await SteadyLoad.start(port);
    const sets = [
      ['127.0.0.3', '127.0.0.1'],
      ['127.0.0.1'],
      ['127.0.0.2', '127.0.0.3', '127.0.0.1'],
      ['127.0.0.1', '127.0.0.2'],
    ];
    let before = ['127.0.0.1', '127.0.0.2'];
    for (const [i, set] of sets.entries()) {
      const text = String(i + 1);
      const sockets = 1 + (i % 3);
      await server.reload({ corefile: block(text, sockets, ...set) });
      assert.deepEqual(
        server.addresses().map(({ address }) => address),
        set,
      );
      for (const address of set) assert.equal(await textAt(address, port), text);
      for (const address of before.filter((each) => !set.includes(each))) await takeAndLeave(address, port);
      const open = server.stats().sockets;
      assert.equal(open.length, 2 * sockets * set.length);
      for (const { address, worker, queries } of open) {
        assert.ok(worker !== undefined, `nobody serves ${address}`);
        assert.ok(address === '127.0.0.1' || before.includes(address) || queries <= 1, 'counts begin anew');
      }
      before = set;
    }
    const { sent, answered } = await load.stop();
    assert.ok(sent > 100);
    assert.equal(answered, sent);
    await server.close();
  });

  it('goes from all addresses of the host to one of them, and back', async () => {
    const port = await freePort();
    const all = (text: string): string => `.:${port} {\n probe ${text}\n}`;
    const one = `.:${port} {\n bind 127.0.0.1\n probe one\n}`;
    const { server } = await serveCorefile(all('all'), { modules });
    const load = await SteadyLoad.start(port);
    await server.reload({ corefile: one });
    assert.equal(await textAt('127.0.0.1', port), 'one');
    await takeAndLeave('127.0.0.2', port);
    await server.reload({ corefile: all('again') });
    for (const address of ['127.0.0.1', '127.0.0.2']) assert.equal(await textAt(address, port), 'again');
    const { sent, answered } = await load.stop();
    // What comes to an address that is given up can be lost at the moment of its end.
    assert.ok(answered > sent / 2 && sent - answered < 50, `${sent - answered} of ${sent} were lost`);
    await server.close();
  });

  it('answers what an address that is gone has taken', async () => {
    const [port, other] = [await freePort(), await freePort()];
    const { server } = await serveCorefile(`.:${port} .:${other} {\n probe old\n}`, { modules });
    const client = await TcpClient.connect(other);
    assert.ok(await client.exchange(queryBytes('a', 'TXT')));
    const reloaded = server.reload({ corefile: `.:${port} {\n probe new\n}` });
    const answered = await client.exchange(queryBytes('a', 'TXT'));
    assert.ok(answered);
    await reloaded;
    await until(() => client.socket.readableEnded || client.socket.destroyed, 'the old worker to let go');
    assert.equal(await textAt('127.0.0.1', port), 'new');
    await takeAndLeave('127.0.0.1', other);
    await server.close();
  });

  it('gives new connections the timeouts that have changed', async () => {
    const { server, port } = await serveCorefile('.:0 {\n probe old\n}', { modules });
    await server.reload({ corefile: '.:0 {\n timeouts {\n  idle 1s\n }\n probe new\n}' });
    const client = await TcpClient.connect(port);
    assert.ok(await client.exchange(queryBytes('a', 'TXT')));
    assert.equal(await client.next(8000), undefined);
    assert.equal(server.stats().totals.tcpIdle, 1);
    await server.close();
  });

  it('leaves connections be until they have been answered', async () => {
    const { server, port } = await serveCorefile('.:0 {\n probe old\n}', { modules });
    const client = await TcpClient.connect(port);
    assert.ok(await client.exchange(queryBytes('a', 'TXT')));
    await server.reload({ corefile: '.:0 {\n probe new\n}' });
    await until(() => client.socket.readableEnded || client.socket.destroyed, 'the old worker to let go');
    assert.equal(await textOf(port, 'a'), 'new');
    await server.close();
  });
});
