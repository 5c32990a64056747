/** NOTIFY of transfer (RFC 1996), heard by secondaries made here. */
import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import packet from 'dns-packet';
import { ORIGIN, Primary, serialOf } from '../../support/primary.js';

/** A secondary that gathers what it is sent, and answers with `rcode`; undefined: not at all. */
class Secondary {
  readonly heard: { message: Buffer; remote: RemoteInfo; time: number }[] = [];
  rcode: number | undefined = 0;
  readonly #socket: Socket;

  static async listen(): Promise<Secondary> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new Secondary(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (message, remote) => {
      this.heard.push({ message: Buffer.from(message), remote, time: performance.now() });
      if (this.rcode === undefined) return;
      message[2] |= 0x80;
      message[3] = this.rcode;
      socket.send(message, remote.port, remote.address);
    });
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  async hears(count: number): Promise<void> {
    for (let left = 500; this.heard.length < count; left--) {
      assert.ok(left > 0, `${this.heard.length} of ${count} were heard`);
      await wait(20);
    }
  }

  close(): void {
    this.#socket.close();
  }
}

/** The serial number of the hint. */
function serialIn(message: Buffer): number {
  const {
    opcode,
    questions,
    answers,
    flag_aa: aa,
    type,
  } = packet.decode(message) as packet.DecodedPacket & { opcode: string };
  assert.deepEqual([opcode, aa, type], ['NOTIFY', true, 'query']);
  assert.deepEqual(questions, [{ name: ORIGIN, type: 'SOA', class: 'IN' }]);
  const [soa] = answers ?? [];
  assert.ok(soa.type === 'SOA');
  return soa.data.serial ?? -1;
}

describe('NOTIFY of transfer', () => {
  let secondaries: Secondary[];
  beforeEach(async () => {
    secondaries = await Promise.all([Secondary.listen(), Secondary.listen()]);
  });
  afterEach(() => {
    for (const secondary of secondaries) secondary.close();
  });

  it('goes to each address at the start, when the server answers, and after each change', async () => {
    const [one, two] = secondaries;
    const primary = await Primary.start({ transfer: `to * ${one.address}\nto ${two.address}` });
    await Promise.all(secondaries.map((each) => each.hears(1)));
    assert.equal(await serialOf(primary.port), 1);
    for (let serial = 2; serial < 5; serial++) {
      await primary.write(serial, `a 60 IN A 192.0.2.${serial}\n`);
      await Promise.all(secondaries.map((each) => each.hears(serial)));
    }
    for (const { heard } of secondaries)
      assert.deepEqual(
        heard.map(({ message }) => serialIn(message)),
        [1, 2, 3, 4],
      );
    const ids = new Set(one.heard.map(({ message }) => message.readUInt16BE(0)));
    assert.ok(ids.size > 1);
    await wait(1200);
    assert.equal(one.heard.length, 4, 'answered ones are not sent again');
    await primary.close();
  });

  it('is sent again until it is answered, later each time', async () => {
    const [one] = secondaries;
    one.rcode = undefined;
    const primary = await Primary.start({ transfer: `to ${one.address}` });
    await one.hears(2);
    one.rcode = 0;
    await one.hears(3);
    const [first, second, third] = one.heard.map(({ time }) => time);
    assert.ok(second - first > 800 && third - second > 1.5 * (second - first) - 300);
    await wait(1000);
    assert.equal(one.heard.length, 3);
    await primary.close();
  });

  it('is given up if it is refused, with a line in the log', async () => {
    const [one] = secondaries;
    one.rcode = 5;
    const primary = await Primary.start({ transfer: `to ${one.address}` });
    await one.hears(1);
    await wait(1300);
    assert.equal(one.heard.length, 1);
    const line = `warn plugin/transfer: notify for zone "example.org." was not accepted by ${one.address}: rcode was REFUSED`;
    assert.ok(primary.log.includes(line), primary.log.join('\n'));
    await primary.close();
  });

  it('ignores answers of others, and those with another ID', async () => {
    const [one, two] = secondaries;
    one.rcode = undefined;
    const primary = await Primary.start({ transfer: `to ${one.address}` });
    await one.hears(1);
    const [{ message, remote }] = one.heard;
    const answer = Buffer.from(message);
    answer[2] |= 0x80;
    const liar = createSocket('udp4');
    liar.send(answer, remote.port, remote.address);
    answer.writeUInt16BE((message.readUInt16BE(0) + 1) & 0xffff);
    liar.send(answer, remote.port, remote.address);
    for (const noise of [Buffer.alloc(0), Buffer.alloc(11), Buffer.alloc(12), message])
      liar.send(noise, remote.port, remote.address);
    await one.hears(2);
    liar.close();
    assert.equal(two.heard.length, 0);
    await primary.close();
  });

  it('comes from the address of `source`', async () => {
    const [one] = secondaries;
    const primary = await Primary.start({ transfer: `to ${one.address}\nsource 127.0.0.3` });
    await one.hears(1);
    assert.equal(one.heard[0].remote.address, '127.0.0.3');
    await primary.close();
  });

  it('is not sent for a zone of a server block without transfer', async () => {
    const [one] = secondaries;
    const primary = await Primary.start({
      transfer: `to ${one.address}`,
      more: `}\nexample.net:0 {\nwhoami\n}\n${ORIGIN}:0 {`,
    });
    await one.hears(1);
    await wait(300);
    assert.equal(one.heard.length, 1);
    await primary.close();
  });
});
