/** transfer as the primary of NSD, Knot and BIND: NOTIFY, AXFR and IXFR, with and without TSIG. */
import assert from 'node:assert/strict';
import { DnsProgram, type ProgramStyle } from '../../support/dns-program.js';
import { findProgram } from '../../support/find-program.js';
import { freePort } from '../../support/free-port.js';
import { knotServer } from '../../support/knot.js';
import { nsdServer } from '../../support/nsd.js';
import { transferred } from '../../support/nsupdate.js';
import { ORIGIN, Primary, serves, zoneText } from '../../support/primary.js';
import { seededNumbers } from '../../support/seeded-numbers.js';
import { parseZone, type Zone } from '../../../dist/zone.js';

const SECRET = Buffer.from('0123456789abcdef0123456789abcdef').toString('base64');
const VERSIONS = 12;

/** How a secondary is configured for the primary at a port, with a key or without. */
type Style = (primary: number, signed: boolean) => ProgramStyle;

const nsd: Style = (primary, signed) => ({
  configuration: (folder, port, origin) => `${nsdServer(folder, port)}remote-control:
  control-enable: no
key:
  name: "transfer.key"
  algorithm: hmac-sha256
  secret: "${SECRET}"
zone:
  name: "${origin}"
  zonefile: "${folder}/copy"
  request-xfr: 127.0.0.1@${primary} ${signed ? 'transfer.key' : 'NOKEY'}
  allow-notify: 127.0.0.1 NOKEY
  provide-xfr: 127.0.0.1 NOKEY
`,
  args: (file) => ['-d', '-V', '2', '-c', file],
});

const knot: Style = (primary, signed) => ({
  configuration: (folder, port, origin) => `${knotServer(folder, port)}database:
    storage: "${folder}/db"
log:
  - target: stderr
    any: info
key:
  - id: transfer.key
    algorithm: hmac-sha256
    secret: ${SECRET}
remote:
  - id: primary
    address: 127.0.0.1@${primary}
    ${signed ? 'key: transfer.key' : ''}
acl:
  - id: local
    address: 127.0.0.1
    action: [transfer, notify]
template:
  - id: default
    storage: "${folder}"
    zonefile-sync: -1
zone:
  - domain: "${origin}"
    master: primary
    acl: local
`,
  args: (file) => ['-c', file],
});

const bind: Style = (primary, signed) => ({
  configuration: (folder, port, origin) => `key "transfer.key" { algorithm hmac-sha256; secret "${SECRET}"; };
options {
  directory "${folder}";
  pid-file none;
  session-keyfile none;
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  notify no;
  min-refresh-time 1;
};
controls { };
zone "${origin}" {
  type secondary;
  primaries { 127.0.0.1 port ${primary}${signed ? ' key transfer.key' : ''}; };
  file "${folder}/copy";
};
`,
  args: (file) => ['-g', '-n', '1', '-c', file],
});

const STYLES: readonly (readonly [name: string, style: Style])[] = [
  ['nsd', nsd],
  ['knotd', knot],
  ['named', bind],
];

const texts = (zone: Zone): string[] => [...zone.records()].map((record) => JSON.stringify(record)).sort();

/** Versions of the records of a zone that follow from a seed: each changes some of the one before. */
function* versionsOf(seed: string): Generator<string, never> {
  const random = seededNumbers(seed);
  const next = (count: number): number => random.next().value % count;
  const kinds = [
    () => `A 192.0.2.${next(256)}`,
    () => `AAAA 2001:db8::${next(65_536).toString(16)}`,
    () => `TXT "${'x'.repeat(next(200))}" "${next(10)}"`,
    () => `MX ${next(100)} mail${next(5)}`,
    () => `SRV 1 ${next(10)} 53 host${next(9)}.example.net.`,
    () => `TYPE65280 \\# 2 ${(0x1000 + next(0x1000)).toString(16)}`,
  ];
  const records = new Map<string, string>();
  const change = (): void => {
    const owner = ['@', '*.w', `n${next(200)}`, `deep.er.n${next(50)}`][next(4)];
    const kind = next(kinds.length);
    const key = `${owner} ${kind}`;
    if (next(3) === 0 || records.has(key)) records.delete(key);
    // One TTL for each RRset, whichever its records are.
    else records.set(key, `${owner} ${300 + kind} IN ${kinds[kind]()}\n`);
  };
  for (let i = 0; i < 400; i++) change();
  for (;;) {
    for (let left = 1 + next(20); left > 0; left--) change();
    yield [...records.values()].join('');
  }
}

describe('transfer as a primary', function () {
  this.timeout(120_000);

  for (const signed of [false, true]) {
    it(`keeps NSD, Knot and BIND equal over a series of changes${signed ? ', with TSIG' : ''}`, async function () {
      const installed = STYLES.flatMap(([name, style]) => {
        const program = findProgram(name);
        return program === undefined ? [] : [{ name, program, style }];
      });
      if (installed.length === 0) this.skip();
      const port = await freePort();
      const ports = await Promise.all(installed.map(() => freePort()));
      const versions = versionsOf(`secondaries ${signed}`);
      let records = versions.next().value;
      const primary = await Primary.start({
        port,
        zone: zoneText(1, records),
        transfer: `to ${ports.map((each) => `127.0.0.1:${each}`).join(' ')}`,
        more: signed ? `tsig {\nsecret transfer.key ${SECRET}\nrequire AXFR IXFR\n}` : '',
      });
      const secondaries: DnsProgram[] = [];
      try {
        // The primary comes first: BIND takes one that it could not ask for unreachable, for ten minutes.
        for (const [i, { program, style }] of installed.entries()) {
          const started = { ...style(port, signed), serves: () => true };
          secondaries.push(await DnsProgram.start(program, started, ORIGIN, '', ports[i]));
        }
        for (let version = 1; version <= VERSIONS; version++) {
          // Serial numbers go over the end of their range (RFC 1982).
          const serial = (1 + (version - 1) * 0x18000000) % 2 ** 32;
          if (version > 1) {
            records = versions.next().value;
            await primary.write(serial, records);
          }
          const expected = texts(parseZone(zoneText(serial, records), { origin: ORIGIN }));
          await Promise.all(
            secondaries.map(async (secondary, i) => {
              await serves(secondary.port, serial);
              assert.deepEqual(texts(await transferred(secondary.port, ORIGIN)), expected, installed[i].name);
            }),
          );
        }
        const incremental = primary.log.filter((line) => line.includes('outgoing incremental transfer'));
        const whole = primary.log.filter((line) => line.includes('outgoing transfer'));
        assert.ok(incremental.length >= (VERSIONS - 2) * installed.length, primary.log.join('\n'));
        assert.ok(whole.length >= installed.length);
        assert.deepEqual(
          primary.log.filter((line) => /^(?:warn|error)/.test(line)),
          [],
        );
      } finally {
        await Promise.all(secondaries.map((each) => each.stop()));
        await primary.close();
      }
    });
  }
});
