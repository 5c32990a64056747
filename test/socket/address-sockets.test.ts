import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { openAddress } from '../../dist/socket/address-sockets.js';
import { SocketGroup } from '../../dist/socket/socket-group.js';
import type { SocketGroupOptions } from '../../dist/socket/socket-group-options.js';
import { openSocketCount } from '../support/descriptors.js';

const OPTIONS = { address: '127.0.0.1', sockets: 3 } as const;

/** Who has a TCP port, and only that. */
let holder: Server | undefined;

function letGo(): void {
  holder?.close();
  holder = undefined;
}

/** Has a TCP port held until the test ends; returns it. */
async function holdTcp(): Promise<number> {
  holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  return (holder.address() as AddressInfo).port;
}

describe('the sockets of an address', () => {
  afterEach(letGo);

  it('are UDP and TCP on one port for DNS', () => {
    const [udp, tcp, ...more] = openAddress('dns', OPTIONS);
    assert.deepEqual([udp.protocol, tcp.protocol, more.length], ['udp', 'tcp', 0]);
    assert.equal(udp.port, tcp.port);
    assert.deepEqual([udp.descriptors.length, tcp.descriptors.length], [3, 3]);
    udp.close();
    tcp.close();
  });

  for (const transport of ['tls', 'https'] as const) {
    it(`are TCP alone for ${transport}`, () => {
      const groups = openAddress(transport, OPTIONS);
      assert.deepEqual(
        groups.map(({ protocol }) => protocol),
        ['tcp'],
      );
      groups[0].close();
    });
  }

  it('have the buffers that were asked for with UDP, and TCP the system`s', () => {
    const plain = openAddress('dns', OPTIONS);
    const sized = openAddress('dns', { ...OPTIONS, receiveBufferSize: 50_000, sendBufferSize: 60_000 });
    const sizes = ({ receiveBufferSize, sendBufferSize }: SocketGroup): number[] => [receiveBufferSize, sendBufferSize];
    assert.deepEqual(sizes(sized[0]), [50_000, 60_000]);
    assert.deepEqual(sizes(sized[1]), sizes(plain[1]));
    for (const group of [...plain, ...sized]) group.close();
  });

  it('are closed if TCP does not get the port', async () => {
    const port = await holdTcp();
    const before = openSocketCount();
    assert.throws(() => openAddress('dns', { ...OPTIONS, port }), { code: 'EADDRINUSE', port });
    assert.equal(openSocketCount(), before);
  });
});

describe('the sockets of an address with port 0', () => {
  const open = SocketGroup.open.bind(SocketGroup);
  let tries: number;
  afterEach(letGo);
  afterEach(() => {
    SocketGroup.open = open;
  });

  /** Has the system choose `port` for UDP the first `times` times. */
  function choosing(port: number, times: number): void {
    tries = 0;
    SocketGroup.open = (options: SocketGroupOptions): SocketGroup => {
      const choose = options.protocol === 'udp' && ++tries <= times;
      return open(choose ? { ...options, port } : options);
    };
  }

  for (const [what, options] of [
    ['0', { ...OPTIONS, port: 0 }],
    ['left out', OPTIONS],
  ] as const) {
    it(`(${what}) get another port when the one that UDP was given is taken by TCP`, async () => {
      const port = await holdTcp();
      const before = openSocketCount();
      choosing(port, 3);
      const [udp, tcp] = openAddress('dns', options);
      assert.ok(tries > 3, `${tries} tries`); // the system itself may choose one more that is taken
      assert.equal(udp.port, tcp.port);
      assert.notEqual(udp.port, port);
      assert.equal(openSocketCount(), before + 6, 'and those of the first tries are closed');
      udp.close();
      tcp.close();
    });
  }

  it('give up after ten', async () => {
    const port = await holdTcp();
    const before = openSocketCount();
    choosing(port, Infinity);
    assert.throws(() => openAddress('dns', { ...OPTIONS, port: 0 }), { code: 'EADDRINUSE', port });
    assert.equal(tries, 10);
    assert.equal(openSocketCount(), before);
  });
});
