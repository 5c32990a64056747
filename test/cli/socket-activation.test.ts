import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSockets, type SocketGroup } from 'multisocket/sockets';
import { dig, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { SteadyLoad } from '../support/load.js';
import { killAll, listen, start, type Running } from '../support/program.js';
import { socketsAt } from '../support/ss.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// As deploy/systemd has it: another process has opened one datagram and one stream socket for all addresses.
describe('the program, started by socket activation', () => {
  const directory = temporaryDirectory();
  let udp: SocketGroup;
  let tcp: SocketGroup;

  beforeEach(async () => {
    const port = await freePort();
    udp = openSockets({ protocol: 'udp', address: '::', sockets: 1, port, receiveBufferSize: 1 << 20 });
    tcp = openSockets({ protocol: 'tcp', address: '::', sockets: 1, port });
  });
  afterEach(() => {
    killAll();
    udp.close();
    tcp.close();
  });

  /** Starts it with a Corefile whose port is not the one that it is given. */
  const activated = (sockets = 1): Promise<Running> => {
    writeFileSync(join(directory, 'Corefile'), `.:1 {\n multisocket ${sockets}\n whoami\n}\n`);
    return listen(['-conf', 'Corefile'], directory, {}, [...udp.descriptors, ...tcp.descriptors]);
  };
  const end = async ({ child, ended, err }: Running): Promise<void> => {
    child.kill('SIGTERM');
    assert.deepEqual([await ended, err()], [0, '']);
  };
  const counts = async (): Promise<number[]> => [await socketsAt(udp.port, 'udp'), await socketsAt(udp.port, 'tcp')];

  it('answers on those sockets, by IPv4 and IPv6, and opens none of its own', async () => {
    const program = await activated();
    assert.ok(program.out().includes(`listening on [::]:${udp.port}, UDP and TCP, 1 socket each`), program.out());
    assert.deepEqual(await counts(), [1, 1]);
    for (const [address, family] of [
      ['127.0.0.1', 'A'],
      ['::1', 'AAAA'],
    ]) {
      for (const transport of ['+notcp', '+tcp']) {
        const answer = await dig(`@${address}`, '-p', String(udp.port), 'example.org', transport);
        assert.match(answer, new RegExp(`^example\\.org\\.\\s+0\\s+IN\\s+${family}\\s+${address}$`, 'm'));
      }
    }
    await end(program);
  });

  it('has further sockets join them, as many as the Corefile says, and takes those with it', async () => {
    const program = await activated(3);
    assert.deepEqual(await counts(), [3, 3]);
    await end(program);
    assert.deepEqual(await counts(), [1, 1]);
  });

  it('answers what came while it was restarted', async () => {
    await end(await activated());
    const query = queryBytes('example.org');
    const client = await TcpClient.connect(udp.port);
    const byUdp = udpExchange(query, udp.port, '127.0.0.1', 20_000);
    client.send(query);
    const program = await activated();
    for (const reply of [(await byUdp)?.reply, await client.next()]) {
      assert.deepEqual(reply?.subarray(0, 2), query.subarray(0, 2));
    }
    client.close();
    await end(program);
  });

  it('loses nothing when it is restarted again and again, also of what came to the sockets that had joined', async () => {
    let program = await activated(3);
    const load = await SteadyLoad.start(udp.port, 200);
    for (let i = 0; i < 4; i++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await end(program);
      program = await activated(3);
    }
    const { sent, answered } = await load.stop();
    assert.equal(answered, sent);
    await end(program);
  });

  it('ends with 1 and says why when the sockets do not fit the Corefile', async () => {
    writeFileSync(join(directory, 'Corefile'), '.:1 {\n whoami\n}\n');
    const { ended, err } = start(['-conf', 'Corefile'], directory, {}, udp.descriptors);
    assert.equal(await ended, 1);
    assert.match(err(), /^multisocket: the sockets do not fit the option "listen": udp in place of udp tcp$/m);
  });
});
