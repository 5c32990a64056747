import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addon } from '../../dist/native/addon.js';
import { openSockets, SocketGroup, type SocketGroupOptions } from '../../dist/sockets.js';
import { freePort } from '../support/free-port.js';
import { forerunner } from '../support/addon-build.js';

const code = 'ERR_MULTISOCKET_INHERITED_SOCKET';

describe('SocketGroup.adopt', () => {
  const groups: SocketGroup[] = [];
  const extra: number[] = [];

  function open(protocol: 'udp' | 'tcp', more: Partial<SocketGroupOptions> = {}): SocketGroup {
    const group = openSockets({ protocol, address: '127.0.0.1', sockets: 1, ...more });
    groups.push(group);
    return group;
  }

  /** Descriptors as another process would have got them. */
  function copies(group: SocketGroup): number[] {
    const fds = group.descriptors.map((fd) => addon.duplicate(fd));
    extra.push(...fds);
    return fds;
  }

  afterEach(() => {
    for (const group of groups.splice(0)) group.close();
    for (const fd of extra.splice(0)) addon.closeSocket(fd);
  });

  /** Takes them out of the test's hands. */
  function adopt(fds: number[], known?: Parameters<typeof SocketGroup.adopt>[1]): SocketGroup {
    const group = SocketGroup.adopt(fds, known);
    extra.splice(0, extra.length, ...extra.filter((fd) => !fds.includes(fd)));
    groups.push(group);
    return group;
  }

  for (const options of [
    { protocol: 'udp', sockets: 3, steering: 'random', receiveBufferSize: 65536, sendBufferSize: 32768 },
    { protocol: 'tcp', sockets: 2, backlog: 77, fastOpen: 5 },
    { protocol: 'udp', sockets: 2, address: '::1', ipv6Only: true },
    { protocol: 'udp', sockets: 2, address: '::', freebind: true },
  ] as const) {
    it(`makes the same group of what it is told: ${JSON.stringify(options)}`, () => {
      const original = open(options.protocol, options);
      const { description } = original;
      for (const [name, value] of Object.entries(options)) {
        if (name !== 'sockets') assert.equal(description[name as keyof typeof description], value);
      }
      const fds = copies(original);
      const adopted = adopt(fds, JSON.parse(JSON.stringify(description)) as typeof description);
      assert.deepEqual(adopted.descriptors, fds);
      assert.deepEqual(adopted.description, description);
      assert.equal(adopted.receiveBufferSize, original.receiveBufferSize);
      assert.equal(adopted.steering, original.steering);
    });
  }

  it('asks the kernel for missing values', () => {
    const udp = open('udp', { address: '::1', ipv6Only: true, receiveBufferSize: 50_000 });
    const { address, port, ipv6Only, receiveBufferSize, steering } = adopt(copies(udp)).description;
    assert.deepEqual(
      { address, port, ipv6Only, receiveBufferSize, steering },
      { address: '::1', port: udp.port, ipv6Only: true, receiveBufferSize: 50_000, steering: 'hash' },
    );
  });

  it('makes a group that others can join', () => {
    const original = open('udp', { sockets: 2 });
    const adopted = adopt(copies(original));
    adopted.grow(4);
    assert.equal(adopted.descriptors.length, 4);
    for (const fd of adopted.descriptors) assert.equal(addon.describeSocket(fd).port, original.port);
  });

  it('makes them close-on-exec, non-blocking, and tell the address that was queried', () => {
    const output = inherit(
      '0.0.0.0',
      `
      import { readFileSync } from 'node:fs';
      import { createSocket } from 'node:dgram';
      import { addon } from ${url('native/addon.js')};
      import { ednsSettings } from ${url('worker/edns-settings.js')};
      const flags = () => parseInt(/flags:\\s*(\\d+)/.exec(readFileSync('/proc/self/fdinfo/' + fd, 'utf8'))[1], 8);
      const before = flags();
      const group = SocketGroup.adopt([fd]);
      const { layout } = addon;
      const { udp } = ednsSettings({ maxPayloadSize: 1232, idleTimeout: 1000, grpcEncrypted: false, nsid: undefined });
      const slab = new ArrayBuffer(layout.slabSize);
      const queries = new Uint32Array(layout.batchSize * layout.queryWords);
      const outbox = new Uint32Array(1 + layout.outboxEntries * layout.outboxEntryWords);
      const counters = new Float64Array(layout.socketRow + layout.workerRow);
      const endpoint = new addon.UdpEndpoint({ slab, queries, outbox, counters, row: layout.socketRow, edns: udp, envelopeSize: layout.envelopeSize }, () => {
        const at = queries[layout.query.offset] - layout.envelopeSize;
        const local = Buffer.from(slab, at + layout.envelope.localAddress, 4).join('.');
        console.log(JSON.stringify({ before, after: flags(), local }));
        endpoint.close();
        client.close();
        return false;
      }, () => undefined);
      endpoint.add(0, fd, 0, true);
      const client = createSocket('udp4');
      client.send(Buffer.from('000101000001000000000000076578616d706c65036f72670000010001', 'hex'), group.port, '127.0.0.2');
    `,
    );
    const { before, after, local } = JSON.parse(output) as { before: number; after: number; local: string };
    const O_NONBLOCK = 0o4000;
    const O_CLOEXEC = 0o2000000;
    assert.equal(before & O_NONBLOCK, 0);
    assert.equal(after & (O_NONBLOCK | O_CLOEXEC), O_NONBLOCK | O_CLOEXEC);
    assert.equal(local, '127.0.0.2');
  });

  it('refuses what does not belong together, and leaves it open', async () => {
    const port = await freePort();
    const udp = open('udp', { sockets: 2, port });
    const tcp = open('tcp', { port });
    const other = open('udp');
    const at = (group: SocketGroup): string => `${group.protocol} 127.0.0.1:${group.port}`;
    const [u0, u1] = udp.descriptors;
    const cases: [number[], object, string][] = [
      [[u0, ...tcp.descriptors], {}, `${tcp.descriptors[0]} is ${at(tcp)}, which is not ${at(udp)}`],
      [[u0, ...other.descriptors], {}, `${other.descriptors[0]} is ${at(other)}, which is not ${at(udp)}`],
      [[u0, u1], { port: 1 }, `${u0} is ${at(udp)}, which is not udp 127.0.0.1:1`],
      [[u0, u1], { protocol: 'tcp' }, `${u0} is ${at(udp)}, which is not ${at(tcp)}`],
      [[u0, u1, u0], {}, `${u0} is the same socket as another one of its group`],
      [[u0, 1 << 20], {}, `${1 << 20} is not open`],
    ];
    for (const [fds, known, fault] of cases) {
      assert.throws(() => SocketGroup.adopt(fds, known), { code, message: `The inherited descriptor ${fault}` });
    }
    for (const fd of [u0, u1]) assert.equal(addon.describeSocket(fd).port, udp.port);
    assert.throws(() => SocketGroup.adopt([]), { code: 'ERR_OUT_OF_RANGE' });
    assert.throws(() => SocketGroup.adopt(['3' as unknown as number]), { code: 'ERR_INVALID_ARG_TYPE' });
    other.close();
    assert.throws(() => other.description, { code: 'ERR_MULTISOCKET_CLOSED' });
    assert.throws(() => SocketGroup.adopt([u0, u1], { steering: 'left' as 'cpu' }), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  it('refuses a descriptor that is not a server socket', async () => {
    const file = openSync('/dev/null', 'r');
    assert.throws(() => SocketGroup.adopt([file]), { code, message: /is not a socket$/ });
    addon.closeSocket(file);

    const directory = mkdtempSync(join(tmpdir(), 'adopt-'));
    const unix = addon.DescriptorChannel.listen(join(directory, 'socket'), 0o600);
    assert.throws(() => SocketGroup.adopt([unix]), { code, message: /is a socket of neither IPv4 nor IPv6$/ });
    addon.closeSocket(unix);
    rmSync(directory, { recursive: true });

    const alone = addon.openSocket({
      ...open('udp').description,
      port: 0,
      ...{ interface: '', reusePort: false, exclusive: true },
    });
    assert.throws(() => SocketGroup.adopt([alone.fd, alone.fd]), { code, message: /has no SO_REUSEPORT$/ });
    adopt([alone.fd]);
  });

  it('refuses a TCP connection and an unbound socket', async () => {
    const listener = open('tcp');
    const client = connect(listener.port, '127.0.0.1');
    await once(client, 'connect');
    const [connection] = openDescriptors().filter((fd) => isAt(fd, client.localPort!));
    const message = `The inherited descriptor ${connection} is a TCP socket at 127.0.0.1:${client.localPort!} that does not listen`;
    assert.throws(() => SocketGroup.adopt([connection]), { code, message });
    client.destroy();
    const reason = inherit(undefined, 'try { SocketGroup.adopt([fd]) } catch (error) { console.log(error.message) }');
    assert.match(reason, /^The inherited descriptor \d+ is not bound to a port\n$/);
  });
});

const openDescriptors = (): number[] => readdirSync('/proc/self/fd').map(Number);

function isAt(fd: number, port: number): boolean {
  try {
    return addon.describeSocket(fd).port === port;
  } catch {
    return false; // not a socket of ours
  }
}

/** A module of the library, as a program in text imports it. */
const url = (file: string): string => JSON.stringify(new URL(`../../dist/${file}`, import.meta.url).href);

/** Opens a UDP socket as others do, blocking and without our options, and runs a program that inherits it as `fd`. */
function inherit(address: string | undefined, program: string): string {
  const script = `
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
${address === undefined ? '' : `s.bind(('${address}', 0))`}
os.set_inheritable(s.fileno(), True)
os.environ['LD_PRELOAD'] = os.environ['PRELOAD']
os.execv(sys.argv[1], [sys.argv[1], '--input-type=module', '-e', sys.argv[2], str(s.fileno())])`;
  const whole = `
    import { SocketGroup } from ${url('sockets.js')};
    const fd = Number(process.argv[1]);
    ${program}`;
  return execFileSync('python3', ['-c', script, process.execPath, whole], {
    encoding: 'utf8',
    timeout: 20_000,
    env: forerunner,
  });
}
