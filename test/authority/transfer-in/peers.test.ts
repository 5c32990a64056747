/** Zones that real primaries send. */
import assert from 'node:assert/strict';
import { receiveZone, type ReceivedZone } from '../../../dist/authority/transfer-in/receive.js';
import { askSerial } from '../../../dist/authority/transfer-in/soa-query.js';
import type { TsigKey } from '../../../dist/dns/tsig.js';
import { parseZone, Zone } from '../../../dist/zone.js';
import { Random } from '../../directives/file/zone-generator.js';
import { findBind, startBind } from '../../support/bind.js';
import type { DnsProgram } from '../../support/dns-program.js';
import { findKnot, startKnot } from '../../support/knot.js';
import { findNsd, startNsd } from '../../support/nsd.js';
import { nsupdate } from '../../support/nsupdate.js';

const ORIGIN = 'example.org';
const HOSTS = 3000;
const TEXT = `$ORIGIN example.org.
$TTL 300
@ SOA ns1 host 10 3600 600 86400 60
@ NS ns1
@ NS ns2.Example.net.
@ MX 10 Mail
@ TXT "one" "t w o" "\\255\\000"
@ CAA 0 issue "ca.example"
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
Mail 60 A 192.0.2.2
a\\.b.\\200c TXT "odd"
* CNAME Mail
d DNAME elsewhere.example.
sub NS ns.sub
sub DS 12345 13 2 ${'AB'.repeat(32)}
ns.sub A 192.0.2.3
_s._tcp SRV 1 2 3 Mail
e NAPTR 1 2 "u" "E2U+sip" "!^.*$!sip:a@b!" .
f HTTPS 1 Mail alpn=h2 ipv4hint=192.0.2.4
g RP host.g txt.g
h LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
i AFSDB 1 Mail
j TYPE65280 \\# 3 010203
k PTR Mail
${Array.from({ length: HOSTS }, (_, i) => `host${i}.x A 10.0.${i >> 8}.${i & 255}`).join('\n')}
`;
const SMALL = `$ORIGIN example.org.
$TTL 300
@ SOA ns1 host 10 3600 600 86400 60
@ NS ns1
ns1 A 192.0.2.1
`;
const SECRET = Buffer.from('a secret of thirty-two octets ok').toString('base64');
const KEYS = [
  { name: 'key.one', algorithm: 'hmac-sha256', secret: SECRET },
  { name: 'key.two', algorithm: 'hmac-sha512', secret: SECRET },
] as const;

const keyOf = ({ name, algorithm, secret }: (typeof KEYS)[number]): TsigKey => ({
  name,
  algorithm,
  secret: Buffer.from(secret, 'base64'),
});
const never = new AbortController().signal;

/** All records as sorted texts in lower case: Knot sends names in lower case. */
function contents(zone: Zone): string[] {
  return Array.from(zone.records(), (record) => JSON.stringify(record).toLowerCase()).sort();
}

function receive(port: number, base?: Zone, key?: TsigKey): Promise<ReceivedZone> {
  const primary = { address: '127.0.0.1', port };
  return receiveZone(
    { origin: ORIGIN, primary, key, image: base?.image(), serial: base?.serial },
    AbortSignal.timeout(20_000),
  );
}

function zoneOf({ data }: ReceivedZone): Zone {
  assert.ok(data !== undefined);
  return Zone.fromImage(data.image());
}

const bind = findBind();
const PRIMARIES: readonly [string, string | undefined, (program: string) => Promise<DnsProgram>][] = [
  ['BIND', bind, (program) => startBind(program, ORIGIN, TEXT, [], 'allow-update { any; }; allow-transfer { any; };')],
  ['NSD', findNsd(), (program) => startNsd(program, ORIGIN, TEXT, '  provide-xfr: 127.0.0.1 NOKEY\n')],
  ['Knot', findKnot(), (program) => startKnot(program, ORIGIN, TEXT)],
];

describe('zones received from other servers', function () {
  this.timeout(60_000);
  const expected = parseZone(TEXT, { origin: ORIGIN });

  for (const [name, program, start] of PRIMARIES) {
    it(`${name}: AXFR brings every record, and the SOA query the serial number`, async function () {
      if (program === undefined) return this.skip();
      const primary = await start(program);
      try {
        const serial = await askSerial({ address: '127.0.0.1', port: primary.port }, ORIGIN, undefined, never);
        assert.equal(serial, 10);
        const received = await receive(primary.port);
        assert.equal(received.outside, 0);
        assert.equal(received.records, expected.size + 1); // the SOA record also stands at the end
        assert.deepEqual(contents(zoneOf(received)), contents(expected));
      } finally {
        await primary.stop();
      }
    });
  }

  it('BIND: IXFR brings the differences, once they are there', async function () {
    if (bind === undefined) return this.skip();
    const primary = await startBind(bind, ORIGIN, TEXT, [], 'allow-update { any; }; allow-transfer { any; };');
    try {
      const base = zoneOf(await receive(primary.port));
      const same = await receive(primary.port, base);
      assert.deepEqual([same.data, same.incremental], [undefined, false]);
      for (let i = 0; i < 5; i++) {
        await nsupdate(primary.port, ORIGIN, `update delete host${i}.x.example.org. A\nsend`);
        await nsupdate(primary.port, ORIGIN, `update add new.example.org. 6${i} A 192.0.2.${i}\nsend`);
      }
      await nsupdate(primary.port, ORIGIN, 'update delete example.org. NS ns2.example.net.\nsend');
      const next = await receive(primary.port, base);
      assert.equal(next.incremental, true);
      assert.deepEqual(contents(zoneOf(next)), contents(zoneOf(await receive(primary.port))));
      assert.equal(zoneOf(next).serial, base.serial + 11);
    } finally {
      await primary.stop();
    }
  });

  it('BIND: signed transfers are checked, by keys of both sides', async function () {
    if (bind === undefined) return this.skip();
    const [one, two] = KEYS;
    const more = `allow-update { any; }; allow-transfer { key "${one.name}"; key "${two.name}"; };`;
    const primary = await startBind(bind, ORIGIN, TEXT, KEYS, more);
    try {
      for (const key of KEYS) {
        assert.deepEqual(contents(zoneOf(await receive(primary.port, undefined, keyOf(key)))), contents(expected));
        const at = { address: '127.0.0.1', port: primary.port };
        assert.equal(await askSerial(at, ORIGIN, keyOf(key), never), 10);
      }
      await assert.rejects(receive(primary.port), /the primary answers (REFUSED|NOTAUTH)/);
      const wrong = { ...keyOf(one), secret: Buffer.alloc(32, 1) };
      await assert.rejects(receive(primary.port, undefined, wrong), /the primary refuses the signature: BADSIG/);
      await assert.rejects(
        receive(primary.port, undefined, { ...keyOf(one), name: 'key.three' }),
        /the primary refuses the signature: BADKEY/,
      );
    } finally {
      await primary.stop();
    }
  });
});

describe('versions of a zone of BIND and Knot', function () {
  this.timeout(120_000);
  const STEPS = 40;
  const open = 'allow-update { any; }; allow-transfer { any; };';
  const journal = '    journal-content: changes\n';
  const styles: readonly [string, string | undefined, (program: string) => Promise<DnsProgram>][] = [
    ['BIND', bind, (program) => startBind(program, ORIGIN, SMALL, [], open)],
    ['BIND, signed', bind, (program) => startBind(program, ORIGIN, SMALL, [], `${open} dnssec-policy default;`)],
    ['Knot', findKnot(), (program) => startKnot(program, ORIGIN, SMALL, journal)],
    ['Knot, signed', findKnot(), (program) => startKnot(program, ORIGIN, SMALL, `${journal}    dnssec-signing: on\n`)],
  ];

  for (const [name, program, start] of styles) {
    it(`${name}: each version by differences is the one by AXFR`, async function () {
      if (program === undefined) return this.skip();
      const primary = await start(program);
      const random = new Random(11);
      let incremental = 0;
      try {
        let zone = zoneOf(await receive(primary.port));
        for (let step = 0; step < STEPS; step++) {
          const lines = Array.from({ length: 1 + random.below(5) }, () => {
            const host = random.pick(['a', 'b', 'c.d', '*.e', 'f', '']);
            const owner = host === '' ? `${ORIGIN}.` : `${host}.${ORIGIN}.`;
            const data = random.pick([
              `A 192.0.2.${random.below(5)}`,
              `MX 1 M${random.below(3)}.${ORIGIN}.`,
              'TXT "x"',
            ]);
            if (random.chance(40)) return `update delete ${owner} ${random.pick([data, data.split(' ')[0]])}`;
            return `update add ${owner} ${60 * (1 + random.below(2))} ${data}`;
          });
          await nsupdate(primary.port, ORIGIN, `${lines.join('\n')}\nsend`);
          const next = await receive(primary.port, zone);
          if (next.incremental) incremental++;
          if (next.data !== undefined) zone = zoneOf(next);
          // A signer goes on by itself: the whole zone may be a later version.
          const whole = zoneOf(await receive(primary.port));
          if (whole.serial === zone.serial) assert.deepEqual(contents(zone), contents(whole), lines.join('\n'));
        }
        assert.ok(incremental > STEPS / 4, `${incremental} of ${STEPS} by differences`);
        assert.equal(zone.find(ORIGIN, 'RRSIG').length > 0, name.endsWith('signed'));
      } finally {
        await primary.stop();
      }
    });
  }
});
