/** Transfers of zones in files, by the directives `transfer` and `tsig`. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import packet from 'dns-packet';
import { sign, tsigOf } from '../../support/other-opcodes.js';
import { ORIGIN, Primary, zoneText } from '../../support/primary.js';
import { AXFR, byTcp, byUdp, ixfr, rcodeOf, transferQuery, typesOf } from '../../support/transfer-queries.js';
import { holds, type Rule } from '../rule.js';

const KEY = { key: 'transfer.key', secret: Buffer.from('0123456789abcdef0123456789abcdef') };
const many = Array.from({ length: 20 }, (_, i) => `n${i} 60 IN A 192.0.2.${i}\n`).join('');

/** A rule for a primary. `versions`: how many of the zone there have been, each with one name more. */
function primary(
  rfc: number,
  section: string,
  rule: string,
  check: (port: number) => Promise<void>,
  { versions = 1, more = '', transfer = 'to *' } = {},
): Rule {
  return holds(rfc, section, rule, async () => {
    const server = await Primary.start({ transfer, more, zone: zoneText(1, many) });
    try {
      for (let serial = 2; serial <= versions; serial++) {
        const names = Array.from({ length: serial }, (_, i) => `v${i} 60 IN TXT "${i}"\n`).slice(2);
        await server.write(serial, many + names.join('') + `v${serial} 60 IN TXT "new"\n`);
        await known(server.port, serial - 1);
      }
      await check(server.port);
    } finally {
      await server.close();
    }
  });
}

/** Resolves when the difference from a version is known. */
async function known(port: number, serial: number): Promise<void> {
  for (let left = 200; !typesOf(await byTcp(port, ixfr(serial))).startsWith('SOA SOA'); left--) {
    assert.ok(left > 0, `no difference from serial ${serial}`);
    await wait(20);
  }
}

/** The serial numbers of the SOA records in a reply. */
function serialsOf(reply: Buffer | undefined): (number | undefined)[] {
  assert.ok(reply);
  return (packet.decode(reply).answers ?? []).flatMap((record) => (record.type === 'SOA' ? [record.data.serial] : []));
}

const SIGNED = `tsig {\nsecret ${KEY.key} ${KEY.secret.toString('base64')}\nrequire AXFR IXFR\n}`;

export const rules: readonly Rule[] = [
  primary(5936, '3', 'a transfer has every record of the zone once, and the SOA at both ends', async (port) => {
    const types = typesOf(await byTcp(port, transferQuery(AXFR))).split(' ');
    assert.deepEqual(types, ['SOA', 'NS', ...Array.from({ length: 21 }, () => 'A'), 'SOA']);
  }),
  primary(5936, '4.2', 'AXFR by UDP is refused by a primary', async (port) => {
    assert.equal(rcodeOf(await byUdp(port, transferQuery(AXFR))), 5);
  }),
  primary(
    5936,
    '5',
    'addresses that are not allowed are refused',
    async (port) => {
      assert.equal(rcodeOf(await byTcp(port, transferQuery(AXFR))), 5);
    },
    { transfer: 'to 192.0.2.1' },
  ),
  primary(1995, '2', 'the same or a later version gets the SOA alone', async (port) => {
    for (const serial of [1, 2, 0x80000000]) {
      for (const reply of [await byTcp(port, ixfr(serial)), await byUdp(port, ixfr(serial))]) {
        assert.equal(typesOf(reply), 'SOA');
        assert.deepEqual(serialsOf(reply), [1]);
      }
    }
  }),
  primary(
    1995,
    '2',
    'by UDP the changes are sent if they fit, else the SOA alone',
    async (port) => {
      assert.deepEqual(serialsOf(await byUdp(port, ixfr(3))), [4, 3, 4, 4]);
      assert.deepEqual(serialsOf(await byUdp(port, ixfr(0))), [4]);
    },
    { versions: 4 },
  ),
  primary(1995, '3', 'IXFR without the SOA of the client is FORMERR', async (port) => {
    assert.equal(rcodeOf(await byTcp(port, transferQuery(251))), 1);
  }),
  primary(
    1995,
    '4',
    'differences stand between the new SOA, each with its old and its new SOA, the oldest first',
    async (port) => {
      assert.deepEqual(serialsOf(await byTcp(port, ixfr(1))), [4, 1, 2, 2, 3, 3, 4, 4]);
      assert.deepEqual(serialsOf(await byTcp(port, ixfr(3))), [4, 3, 4, 4]);
    },
    { versions: 4 },
  ),
  primary(
    1995,
    '4',
    'a version that is not known gets the whole zone',
    async (port) => {
      assert.match(typesOf(await byTcp(port, ixfr(0))), /^SOA NS A .* SOA$/);
    },
    { versions: 2 },
  ),
  holds(1996, '3.5', 'NOTIFY has the zone, SOA, IN, and AA, and is sent to each secondary', async () => {
    const secondary = createSocket('udp4');
    secondary.bind(0, '127.0.0.1');
    await once(secondary, 'listening');
    const heard = once(secondary, 'message', { signal: AbortSignal.timeout(20_000) }) as Promise<[Buffer]>;
    const server = await Primary.start({ transfer: `to 127.0.0.1:${secondary.address().port}` });
    const [message] = await heard;
    assert.deepEqual(message.subarray(2, 4).toString('hex'), '2400');
    assert.deepEqual(packet.decode(message).questions, [{ name: ORIGIN, type: 'SOA', class: 'IN' }]);
    assert.deepEqual(serialsOf(message), [1]);
    await server.close();
    secondary.close();
  }),
  primary(
    8945,
    '5.3',
    'a transfer that must be signed is refused without a signature, and signed with one',
    async (port) => {
      assert.equal(rcodeOf(await byTcp(port, transferQuery(AXFR))), 5);
      const reply = await byTcp(port, sign(transferQuery(AXFR), KEY));
      assert.ok(reply);
      assert.equal(rcodeOf(reply), 0);
      assert.equal(tsigOf(reply)?.mac.length, 32);
    },
    { more: SIGNED },
  ),
  primary(
    8945,
    '5.2.2',
    'a transfer with a wrong signature is NOTAUTH with BADSIG',
    async (port) => {
      const reply = await byTcp(port, sign(transferQuery(AXFR), { ...KEY, secret: Buffer.alloc(32) }));
      assert.ok(reply);
      assert.deepEqual([rcodeOf(reply), tsigOf(reply)?.error], [9, 16]);
    },
    { more: SIGNED },
  ),
];
