/** Random updates of a zone: by `zone.update`, and by nsupdate to BIND and Knot. Afterwards the zones are the same. */
import assert from 'node:assert/strict';
import { parseRecord, splitRecord } from '../../dist/dns/text/record.js';
import type { ResourceRecord } from '../../dist/index.js';
import { parseZone, type Change, type Prerequisite, type Zone } from '../../dist/zone.js';
import { printRdata } from '../../dist/dns/records/index.js';
import { typeNumber } from '../../dist/dns/registry.js';
import { Random } from '../directives/file/zone-generator.js';
import { findBind, startBind } from '../support/bind.js';
import type { DnsProgram } from '../support/dns-program.js';
import { findKnot, startKnot } from '../support/knot.js';
import { findProgram } from '../support/find-program.js';
import { nsupdate, transferred } from '../support/nsupdate.js';

const ORIGIN = 'example.org';
const ZONE = `$TTL 300
@ SOA ns1 host 10 3600 600 86400 60
@ NS ns1
@ NS ns2
ns1 A 192.0.2.1
ns2 A 192.0.2.2
a A 192.0.2.3
a MX 10 Mail
b.c TXT "x"
alias CNAME a
sub NS ns.sub
ns.sub A 192.0.2.4
`;
const NAMES = ['@', 'a', 'b', 'b.c', 'c', 'alias', 'sub', 'ns.sub', '*', '*.c', 'x.y.z', 'y.z', 'd', 'x.d'];
const ROUNDS = 40;
const UPDATES = 10;

/** One UPDATE message, in nsupdate's language and as `zone.update` takes it. */
interface Message {
  commands: string;
  prerequisites: Prerequisite[];
  changes: Change[];
}

function data(random: Random): string {
  const name = random.pick(['a', 'Mail', 'x.d', 'ns1', 'elsewhere.example.net']);
  const target = name.includes('net') ? `${name}.` : `${name}.${ORIGIN}.`;
  return random.pick([
    `A 192.0.2.${random.below(4)}`,
    `A 192.0.2.${random.below(4)}`,
    `AAAA 2001:db8::${random.below(3)}`,
    `MX ${random.below(2)} ${random.mixCase(target)}`,
    `TXT "${random.pick(['x', 'X', 'y z'])}"`,
    `NS ${target}`,
    `CNAME ${target}`,
    `SRV 1 2 3 ${target}`,
    `CAA 0 issue "ca${random.below(2)}"`,
    `TYPE65280 \\# 1 0${random.below(3)}`,
  ]);
}

function record(text: string): ResourceRecord {
  return parseRecord(splitRecord(text), ORIGIN) as ResourceRecord;
}

function generate(random: Random, serial: number, ttls: readonly number[]): Message {
  const message: Message = { commands: '', prerequisites: [], changes: [] };
  const owner = (): string => {
    const name = random.mixCase(random.pick(NAMES));
    return name === '@' ? `${ORIGIN}.` : `${name}.${ORIGIN}.`;
  };
  const say = (command: string): void => {
    message.commands += `${command}\n`;
  };
  if (random.chance(30)) {
    const name = owner();
    const type = random.pick(['A', 'MX', 'CNAME', 'TXT']);
    const [command, prerequisite] = random.pick<[string, Prerequisite]>([
      [`yxdomain ${name}`, { kind: 'nameInUse', name }],
      [`nxdomain ${name}`, { kind: 'nameNotInUse', name }],
      [`yxrrset ${name} ${type}`, { kind: 'rrsetExists', name, type }],
      [`nxrrset ${name} ${type}`, { kind: 'rrsetNotExists', name, type }],
      [
        `yxrrset ${name} A 192.0.2.1`,
        { kind: 'rrsetEquals', name, type: 'A', records: [record(`${name} 0 A 192.0.2.1`)] },
      ],
    ]);
    say(`prereq ${command}`);
    message.prerequisites.push(prerequisite);
  }
  for (let left = 1 + random.below(4); left > 0; left--) {
    const what = random.below(10);
    // BIND takes another case of the owner's name for a change.
    const name = what < 6 ? owner().toLowerCase() : owner();
    if (what < 6) {
      const ttl = random.pick(ttls);
      let text = data(random);
      // BIND refuses NS at a wildcard, which RFC 4592 s.4.2 leaves open.
      if (name.startsWith('*') && text.startsWith('NS')) text = 'A 192.0.2.7';
      say(`update add ${name} ${ttl} IN ${text}`);
      message.changes.push({ kind: 'add', record: record(`${name} ${ttl} ${text}`) });
    } else if (what < 8) {
      const text = data(random);
      say(`update delete ${name} IN ${text}`);
      message.changes.push({ kind: 'deleteRecord', record: record(`${name} 0 ${text}`) });
    } else if (what === 8) {
      const type = random.pick(['A', 'MX', 'NS', 'CNAME', 'TXT', 'SOA']);
      say(`update delete ${name} ${type}`);
      message.changes.push({ kind: 'deleteRRset', name, type });
    } else {
      say(`update delete ${name}`);
      message.changes.push({ kind: 'deleteName', name });
    }
  }
  if (random.chance(8)) {
    const soa = `ns1.${ORIGIN}. host.${ORIGIN}. ${serial + random.below(5) - 1} 3600 600 86400 60`;
    say(`update add ${ORIGIN}. 300 IN SOA ${soa}`);
    message.changes.push({ kind: 'add', record: record(`${ORIGIN}. 300 SOA ${soa}`) });
  }
  say('send');
  return message;
}

function show(zone: Zone): string[] {
  return Array.from(zone.records(), ({ name, ttl, type, data }) => {
    const text = printRdata(typeNumber(type)!, type, data);
    // Knot keeps names in lower case.
    return `${name} ${ttl} ${type} ${type === 'TXT' ? text : text.toLowerCase()}`;
  }).sort();
}

/** BIND without checks of what names in MX and SRV lead to. */
function startOpenBind(program: string, origin: string, zone: string): Promise<DnsProgram> {
  const checks = 'check-integrity no; check-mx-cname ignore; check-srv-cname ignore;';
  return startBind(program, origin, zone, [], `allow-update { any; }; notify no; ${checks}`);
}

describe('updates of a zone beside other servers', function () {
  this.timeout(120_000);
  let peer: DnsProgram | undefined;

  afterEach(async () => {
    await peer?.stop();
    peer = undefined;
  });

  const peers = [
    ['BIND', findBind(), startOpenBind, [60, 300, 300]],
    // Knot keeps the TTL of a record that it has; RFC 2136 s.3.4.2.2 has it replaced.
    ['Knot', findKnot(), startKnot, [300]],
  ] as const;
  for (const [name, program, start, ttls] of peers) {
    it(`${ROUNDS * UPDATES} random updates give the zone that ${name} has`, async function () {
      if (program === undefined || findProgram('nsupdate') === undefined) {
        console.log(`      skipped: ${name} or nsupdate is not installed`);
        this.skip();
      }
      peer = await start(program, ORIGIN, ZONE);
      const zone = parseZone(ZONE, { origin: ORIGIN });
      const random = new Random(19);
      for (let round = 0; round < ROUNDS; round++) {
        const begun = zone.transfer();
        const first = begun.next().value as ResourceRecord;
        const before = show(zone);
        const messages = Array.from({ length: UPDATES }, () => {
          const message = generate(random, zone.serial, ttls);
          if (zone.check(message.prerequisites) === 'NOERROR') zone.update(message.changes);
          return message;
        });
        await nsupdate(peer.port, ORIGIN, messages.map(({ commands }) => commands).join(''));
        const commands = messages.map((message) => message.commands).join('\n');
        const [ours, theirs]: string[][] = [show(zone), show(await transferred(peer.port, ORIGIN))];
        const onlyOurs: string[] = ours.filter((line) => !theirs.includes(line));
        const onlyTheirs: string[] = theirs.filter((line) => !ours.includes(line));
        const none = { onlyOurs: [], onlyTheirs: [] };
        assert.deepEqual(
          { onlyOurs, onlyTheirs },
          none,
          `round ${round}:\n${commands}\n${[...onlyOurs, '', ...onlyTheirs].join('\n')}`,
        );
        assert.equal([first, ...begun].length, before.length + 1, 'a transfer that had begun');
      }
    });
  }
});
