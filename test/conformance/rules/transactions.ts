/** Dynamic updates, notifications, and signed messages. */
import assert from 'node:assert/strict';
import {
  macOf,
  message,
  sign,
  tsigOf,
  withRecord,
  type MessageParts,
  type Signing,
} from '../../support/other-opcodes.js';
import { holds, type Rule } from '../rule.js';
import { TRANSACTION_KEY, type Site } from '../site.js';
import { queryOf } from '../wire.js';

const KEY: Signing = { key: TRANSACTION_KEY.name, secret: Buffer.from(TRANSACTION_KEY.secret, 'base64') };
const [NOERROR, FORMERR, NOTAUTH] = [0, 1, 9];
const now = (): number => Math.floor(Date.now() / 1000);

/** The replies to a message, over UDP and TCP. */
async function replies(site: Site, octets: Buffer): Promise<Buffer[]> {
  return [
    await site.exchange('udp', octets, site.transactionsPort),
    await site.exchange('tcp', octets, site.transactionsPort),
  ];
}

/** A rule for the response code of a message. */
function rcode(rfc: number, section: string, rule: string, octets: () => Buffer, expected: number): Rule {
  return holds(rfc, section, rule, async (site) => {
    for (const reply of await replies(site, octets())) assert.equal(reply[3] & 15, expected);
  });
}

const malformed = (section: string, rule: string, parts: MessageParts): Rule =>
  rcode(2136, section, `${rule} is FORMERR`, () => message(parts), FORMERR);

/** A rule for the response code, the error in the TSIG of the reply, and whether it is signed. */
function tsig(section: string, rule: string, octets: () => Buffer, expected: [number, number?, boolean?]): Rule {
  return holds(8945, section, rule, async (site) => {
    const asked = octets();
    for (const reply of await replies(site, asked)) {
      const found = tsigOf(reply);
      const isSigned = (found?.mac.length ?? 0) > 0;
      assert.deepEqual([reply[3] & 15, found?.error, isSigned], [expected[0], expected[1], expected[2] ?? false]);
      if (found === undefined || !isSigned) continue;
      const { time, fudge, originalId, error, other, unsigned } = found;
      const previous = tsigOf(asked)?.mac ?? Buffer.alloc(0);
      const mac = macOf(unsigned, { ...KEY, time, fudge, originalId, error, other, previous });
      assert.equal(found.mac.toString('hex'), mac.toString('hex'));
    }
  });
}

const query = (): Buffer => queryOf({ name: 'www.example.org' });
const any = { class: 'ANY', type: 'ANY' } as const;
const address = { type: 'A', data: 'c0000201' } as const;

const updates: readonly Rule[] = [
  holds(2136, '2.2', 'a reply to an UPDATE has the ID, QR and the opcode', async (site) => {
    for (const reply of await replies(site, message())) assert.equal(reply.toString('hex', 0, 4), '4321a800');
  }),
  rcode(
    2136,
    '2.4',
    'each form of prerequisite is taken',
    () => {
      const none = { class: 'NONE' } as const;
      return message({ first: [any, { ...any, type: 'A' }, { ...any, ...none }, { ...none, type: 'A' }, address] });
    },
    NOERROR,
  ),
  rcode(
    2136,
    '2.5',
    'each form of change is taken',
    () => {
      return message({ second: [{ ...address, ttl: 60 }, any, { ...any, type: 'A' }, { ...address, class: 'NONE' }] });
    },
    NOERROR,
  ),
  malformed('3.1.1', 'a zone section of another type than SOA', { zoneType: 1 }),
  holds(2136, '3.1.1', 'a zone section with no or two zones is FORMERR', async (site) => {
    for (const count of [0, 2]) {
      const octets = message();
      octets.writeUInt16BE(count, 4);
      for (const reply of await replies(site, octets)) assert.equal(reply[3] & 15, FORMERR);
    }
  }),
  malformed('3.2.5', 'a prerequisite with a TTL', { first: [{ ...any, ttl: 1 }] }),
  malformed('3.2.5', 'a prerequisite of class ANY or NONE with RDATA', { first: [{ ...address, class: 'ANY' }] }),
  malformed('3.2.5', "a prerequisite of a class other than ANY, NONE and the zone's", {
    first: [{ ...address, class: 'CH' }],
  }),
  rcode(
    2136,
    '3.2.5',
    'a prerequisite outside of the zone is NOTZONE, as the handler says',
    () => {
      return message({ first: [{ ...any, name: 'www.example.com' }] });
    },
    10,
  ),
  malformed('3.4.1.3', 'an addition of a meta-type', { second: [{ type: 'AXFR', ttl: 60 }] }),
  malformed('3.4.1.3', 'a deletion of an RRset with a TTL', { second: [{ ...any, type: 'A', ttl: 1 }] }),
  malformed('3.4.1.3', 'a deletion of an RRset with RDATA', { second: [{ ...address, class: 'ANY' }] }),
  malformed('3.4.1.3', 'a deletion of a record with a TTL', { second: [{ ...address, class: 'NONE', ttl: 1 }] }),
  malformed('3.4.1.3', 'a deletion of a record of type ANY', { second: [{ class: 'NONE', type: 'ANY', data: '00' }] }),
  malformed('3.4.1.3', "a change of a class other than ANY, NONE and the zone's", {
    second: [{ ...address, class: 'CH' }],
  }),
  holds(2136, '3.8', 'YXDOMAIN, YXRRSET, NXRRSET, NOTAUTH and NOTZONE are response codes of handlers', async (site) => {
    for (const [name, code] of Object.entries({ yxdomain: 6, yxrrset: 7, nxrrset: 8, notauth: 9, notzone: 10 })) {
      const octets = message({ zone: `${name}.example.org`, second: [{ ...any, name: `${name}.example.org` }] });
      for (const reply of await replies(site, octets)) assert.equal(reply[3] & 15, code);
    }
  }),
  holds(1996, '4.7', 'a reply to a NOTIFY has the ID, QR, the opcode and AA', async (site) => {
    for (const flags of [0, 0x0400]) {
      const octets = message({ opcode: 'NOTIFY', flags });
      for (const reply of await replies(site, octets)) assert.equal(reply.toString('hex', 0, 4), '4321a400');
    }
  }),
  holds(
    9110,
    '9.2.1',
    'an UPDATE or a NOTIFY in the target of a GET is refused with 405: GET is safe',
    async (site) => {
      for (const octets of [message(), message({ opcode: 'NOTIFY' })]) {
        for (const method of ['GET', 'HEAD']) {
          const path = `/dns-query?dns=${octets.toString('base64url')}`;
          const { status, headers } = await site.request({ ':method': method, ':path': path });
          assert.deepEqual([status, headers.allow], [405, 'POST']);
        }
      }
    },
  ),
  rcode(1996, '3.7', 'a NOTIFY may bring records', () => message({ opcode: 'NOTIFY', first: [address] }), NOERROR),
];

const signatures: readonly Rule[] = [
  tsig('5.3', 'a reply to a valid signature is signed, with the MAC of the query', () => sign(query(), KEY), [
    NOERROR,
    0,
    true,
  ]),
  tsig(
    '4.2',
    'the names of keys are equal in upper and lower case',
    () => sign(query(), { ...KEY, key: KEY.key.toUpperCase() }),
    [NOERROR, 0, true],
  ),
  tsig(
    '5.1',
    'the signature covers the ID before a forwarder changed it',
    () => sign(query(), { ...KEY, originalId: 9 }),
    [NOERROR, 0, true],
  ),
  tsig(
    '5.2',
    'a signature that is not the last record is FORMERR',
    () => withRecord(sign(query(), KEY), { name: '.', type: 'OPT', class: 512 }),
    [FORMERR],
  ),
  tsig('5.2', 'two signatures are FORMERR', () => sign(sign(query(), KEY), KEY), [FORMERR]),
  tsig('5.2.1', 'an unknown key is NOTAUTH with BADKEY, not signed', () => sign(query(), { ...KEY, key: 'unknown' }), [
    NOTAUTH,
    17,
  ]),
  tsig(
    '5.2.1',
    "an algorithm other than the key's is NOTAUTH with BADKEY, not signed",
    () => sign(query(), { ...KEY, algorithm: 'hmac-sha1' }),
    [NOTAUTH, 17],
  ),
  tsig(
    '5.2.2',
    'a wrong MAC is NOTAUTH with BADSIG, not signed',
    () => sign(query(), { ...KEY, secret: Buffer.alloc(16) }),
    [NOTAUTH, 16],
  ),
  tsig('5.2.2.1', 'less than half a MAC is FORMERR', () => sign(query(), { ...KEY, macSize: 15 }), [FORMERR, 16]),
  tsig('5.2.2.1', 'more than a MAC is FORMERR', () => sign(query(), { ...KEY, macSize: 33 }), [FORMERR, 16]),
  tsig(
    '5.2.3',
    'a time outside of the fudge is NOTAUTH with BADTIME, signed',
    () => sign(query(), { ...KEY, time: now() - 310 }),
    [NOTAUTH, 18, true],
  ),
  holds(8945, '5.2.3', "BADTIME has the time of the client, and the server's as other data", async (site) => {
    const time = now() + 310;
    for (const reply of await replies(site, sign(query(), { ...KEY, time }))) {
      const found = tsigOf(reply);
      assert.equal(found?.time, time);
      assert.ok(Math.abs(parseInt(found.other, 16) - now()) <= 2);
    }
  }),
  tsig('5.2.4', 'a truncated MAC is NOTAUTH with BADTRUNC, signed', () => sign(query(), { ...KEY, macSize: 16 }), [
    NOTAUTH,
    22,
    true,
  ]),
  holds(8945, '5.3', 'a reply without room for its records is truncated, and signed', async (site) => {
    const octets = sign(queryOf({ name: 'rrset-60.test' }), KEY);
    const reply = await site.exchange('udp', octets, site.transactionsPort);
    assert.deepEqual([(reply[2] & 2) !== 0, tsigOf(reply)?.mac.length, reply.length <= 512], [true, 32, true]);
  }),
];

export const rules: readonly Rule[] = [...updates, ...signatures];
