/** What the directive `cache` does with the scopes of Client Subnets in its upstream's answers (RFC 7871 s.7.3). */
import assert from 'node:assert/strict';
import packet, { type Packet } from 'dns-packet';
import { opt, queryBytes, udpExchange } from '../../support/clients.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { replyTo, ScriptedUpstream } from '../../support/upstream.js';

const CODE = 8;
interface Subnet {
  ip: string;
  sourcePrefixLength: number;
  scopePrefixLength?: number;
}

const withSubnet = (subnet: Subnet | undefined, id = 1): Packet => ({
  id,
  additionals: [opt(1232, { options: subnet === undefined ? [] : [{ code: CODE, ...subnet }] })],
});

function subnetOf(message: Buffer): Subnet | undefined {
  const { additionals = [] } = packet.decode(message);
  const found = additionals.find(({ type }) => type === 'OPT') as packet.OptAnswer | undefined;
  const option = found?.options.find(({ code }) => code === CODE) as unknown as Subnet | undefined;
  if (option === undefined) return undefined;
  const { ip, sourcePrefixLength, scopePrefixLength = 0 } = option;
  return { ip, sourcePrefixLength, scopePrefixLength };
}

for (const [mode, ahead] of [
  ['native', ''],
  ['chain', 'bufsize 1232'],
]) {
  describe(`cache and the scopes of Client Subnets, mode ${mode}`, () => {
    let upstream: ScriptedUpstream;
    let server: Awaited<ReturnType<typeof serveCorefile>>;
    /** What the upstream makes of the subnet of a query. */
    let answered: (asked: Subnet) => Subnet | undefined;

    beforeEach(async () => {
      upstream = await ScriptedUpstream.start(({ message, send }) => {
        const asked = subnetOf(message);
        send(replyTo(message, withSubnet(asked && answered(asked), message.readUInt16BE(0))));
      });
      server = await serveCorefile(`.:0 {\n ${ahead}\n cache\n forward . 127.0.0.1:${upstream.port}\n}`, {
        workers: 0,
      });
    });
    afterEach(async () => {
      await server.server.close();
      await upstream.close();
    });

    /** Asks; returns the subnet of the reply, and whether the upstream was asked. */
    async function ask(subnet?: Subnet, name = 'a.example'): Promise<[text: string, missed: boolean]> {
      const before = upstream.asked.length;
      const reply = (await udpExchange(queryBytes(name, 'A', withSubnet(subnet)), server.port))!.reply;
      assert.equal(packet.decode(reply).answers!.length, 1);
      const told = subnetOf(reply);
      const text = told === undefined ? '' : `${told.ip}/${told.sourcePrefixLength}/${told.scopePrefixLength}`;
      return [text, upstream.asked.length > before];
    }

    const net = (ip: string, sourcePrefixLength = 24): Subnet => ({ ip, sourcePrefixLength });
    const scoped =
      (scopePrefixLength: number) =>
      (asked: Subnet): Subnet => ({ ...asked, scopePrefixLength });

    it('gives an answer to all clients in its scope, each with its own subnet, and to no others', async () => {
      answered = scoped(16);
      assert.deepEqual(await ask(net('192.0.2.0')), ['192.0.2.0/24/16', true]);
      assert.deepEqual(await ask(net('192.0.2.0')), ['192.0.2.0/24/16', false]);
      assert.deepEqual(await ask(net('192.0.7.0')), ['192.0.7.0/24/16', false]);
      assert.deepEqual(await ask(net('192.0.7.8', 32)), ['192.0.7.8/32/16', false]);
      assert.deepEqual(await ask(net('192.1.2.0')), ['192.1.2.0/24/16', true]);
      assert.deepEqual(await ask(), ['', true]);
      assert.deepEqual(await ask(net('2001:db8::', 32)), ['2001:db8::/32/16', true]);
      assert.deepEqual(await ask(net('2001:db9::', 32)), ['2001:db9::/32/16', false]);
    });

    it('gives an answer with scope 0 to all', async () => {
      answered = scoped(0);
      assert.deepEqual(await ask(net('192.0.2.0')), ['192.0.2.0/24/0', true]);
      assert.deepEqual(await ask(net('198.51.100.0')), ['198.51.100.0/24/0', false]);
      assert.deepEqual(await ask(), ['', false]);
    });

    it('keeps an answer for equal subnets only that is for a smaller network, without a scope, or for clients that tell nothing', async () => {
      answered = scoped(32);
      assert.deepEqual(await ask(net('192.0.2.0'), 'b.example'), ['192.0.2.0/24/32', true]);
      assert.deepEqual(await ask(net('192.0.2.0'), 'b.example'), ['192.0.2.0/24/32', false]);
      assert.deepEqual(await ask(net('192.0.2.1', 32), 'b.example'), ['192.0.2.1/32/32', true]);
      answered = () => undefined;
      assert.deepEqual(await ask(net('192.0.2.0'), 'c.example'), ['', true]);
      assert.deepEqual(await ask(net('192.0.3.0'), 'c.example'), ['', true]);
      answered = scoped(0);
      assert.deepEqual(await ask(net('0.0.0.0', 0), 'd.example'), ['0.0.0.0/0/0', true]);
      assert.deepEqual(await ask(net('192.0.2.0'), 'd.example'), ['192.0.2.0/24/0', true]);
    });

    for (const [what, other] of [
      ['another address', { ip: '192.0.3.0' }],
      ['another prefix', { sourcePrefixLength: 16 }],
      ['a scope longer than an address', { scopePrefixLength: 33 }],
      ['a scope beyond all addresses', { scopePrefixLength: 200 }],
    ] as const) {
      it(`does not pass on a Client Subnet with ${what}, nor believe its scope`, async () => {
        answered = (asked) => ({ ...asked, scopePrefixLength: 0, ...other });
        assert.deepEqual(await ask(net('192.0.2.0')), ['', true]);
        assert.deepEqual(await ask(net('198.51.100.0')), ['', true]);
      });
    }
  });
}
