/** The header, the question, names: what a query may be. */
import { gives, holds, says, silent, type Rule } from '../rule.js';
import assert from 'node:assert/strict';
import { header, hex, nameHex, optHex, queryOf, question, readReply } from '../wire.js';

const WWW = ['www.example.org 300 IN A 192.0.2.80', 'www.example.org 300 IN A 192.0.2.81'];
const NO_NAME = ['example.org 900 IN SOA ns1.example.org hostmaster.example.org 7 86400 7200 2419200 900'];
const Q = question('www.example.org');
const LABEL = 'l'.repeat(63);
/** With `.example.org` 255 octets. */
const LONGEST = `${LABEL}.${LABEL}.${LABEL}.${'m'.repeat(49)}.example.org`;
const FORMERR = header(0x1234, 0x8101);
const A_RECORD = `${hex(1)}${hex(1)}000000000004c0000201`;

/** A query whose flags are these: all else is as usual. */
function opcode(number: number): string {
  return header(0x1234, (number << 11) | 0x0100, 1) + Q;
}

/** FORMERR for a message, as a header alone. */
function malformed(rfc: number, section: string, rule: string, message: string): Rule {
  return gives(rfc, section, rule, message, FORMERR);
}

export const rules: readonly Rule[] = [
  says(1035, '4.1.1', 'the ID is copied', { id: 0xfedc }, { id: 0xfedc, answer: WWW }),
  says(1035, '4.1.1', 'an ID of 0 is valid', { id: 0 }, { id: 0, answer: WWW }),
  says(1035, '4.1.1', 'RD is copied', { flags: 0x0100 }, { flags: 'qr aa rd', answer: WWW }),
  says(1035, '4.1.1', 'RD stays clear', { flags: 0 }, { flags: 'qr aa', answer: WWW }),
  says(1035, '4.1.1', 'Z of a query is ignored, and clear in the reply', { flags: 0x0140 }, { answer: WWW }),
  says(1035, '4.1.1', 'AA, TC and RA of a query are ignored', { flags: 0x0780 }, { answer: WWW }),
  says(1035, '4.1.1', 'RCODE of a query is ignored', { flags: 0x010f }, { answer: WWW }),
  says(4035, '3.1.6', 'CD is copied', { flags: 0x0110 }, { flags: 'qr aa rd cd', answer: WWW }),
  says(
    6840,
    '5.7',
    'AD of a query is ignored, and clear in the reply, since no data are validated',
    { flags: 0x0120 },
    { answer: WWW },
  ),
  says(
    1035,
    '4.1.1',
    'AA is set for data of the zone, and clear in a referral',
    { name: 'x.far.example.org' },
    {
      flags: 'qr rd',
      authority: ['far.example.org 3600 IN NS ns.elsewhere.example'],
    },
  ),
  silent(1035, '4.1.1', 'a message with QR is not answered', header(0x1234, 0x8100, 1) + Q),
  silent(1035, '4.1.1', 'an error message with QR is not answered', header(0x1234, 0x8101)),
  silent(1035, '4.1.1', 'a message shorter than a header is not answered', '123401000001000000000000'.slice(0, 22)),
  silent(1035, '4.1.1', 'an empty message is not answered', ''),

  gives(3425, '3', 'IQUERY is NOTIMP', opcode(1), header(0x1234, 0x8804)),
  gives(1035, '4.1.1', 'STATUS is NOTIMP', opcode(2), header(0x1234, 0x9004)),
  gives(6895, '2.2', 'the unassigned opcode 3 is NOTIMP', opcode(3), header(0x1234, 0x9804)),
  gives(6895, '2.2', 'the unassigned opcode 15 is NOTIMP', opcode(15), header(0x1234, 0xf804)),
  gives(2136, '2.2', 'UPDATE is NOTIMP with a server that has no updates', opcode(5), header(0x1234, 0xa804)),
  gives(1996, '3.12', 'NOTIFY is NOTIMP with a server that has no secondary zones', opcode(4), header(0x1234, 0xa004)),
  gives(
    8490,
    '5.1',
    'a DSO message is NOTIMP with a server that has no sessions',
    header(0x1234, 6 << 11),
    header(0x1234, 0xb004),
  ),

  malformed(9619, '4', 'a query without a question is FORMERR', header(0x1234, 0x0100)),
  malformed(9619, '4', 'a query with two questions is FORMERR', header(0x1234, 0x0100, 2) + Q + Q),
  malformed(9619, '4', 'QDCOUNT 2 is FORMERR even if the message has one question', header(0x1234, 0x0100, 2) + Q),
  malformed(1035, '4.1.1', 'a missing question is FORMERR', header(0x1234, 0x0100, 1)),
  malformed(1035, '4.1.1', 'a missing record is FORMERR', header(0x1234, 0x0100, 1, 0, 0, 1) + Q),
  malformed(1035, '4.1.1', 'counts of 65,535 in a message of 13 octets are FORMERR', '12340100ffffffffffffffff00'),
  malformed(1035, '4.1', 'octets after the last record are FORMERR', `${header(0x1234, 0x0100, 1) + Q}00`),
  malformed(1035, '4.1.2', 'a question without its class is FORMERR', header(0x1234, 0x0100, 1) + Q.slice(0, -4)),
  malformed(1035, '4.1.2', 'a question cut within its class is FORMERR', header(0x1234, 0x0100, 1) + Q.slice(0, -2)),
  malformed(1035, '4.1.2', 'a question cut within its name is FORMERR', header(0x1234, 0x0100, 1) + Q.slice(0, 16)),
  malformed(
    1035,
    '4.1.2',
    'a name without its end is FORMERR',
    header(0x1234, 0x0100, 1) + nameHex('www').slice(0, -2),
  ),
  malformed(
    1035,
    '4.1.1',
    'more than one record in the answer section of a query is FORMERR',
    header(0x1234, 0x0100, 1, 2) + Q + `c00c${A_RECORD}`.repeat(2),
  ),
  gives(
    1035,
    '4.1.1',
    'FORMERR has the ID, QR, the opcode and RD, and nothing else',
    header(0xbeef, 0x07f0),
    header(0xbeef, 0x8101),
  ),

  malformed(1035, '4.1.4', 'a pointer in the question is FORMERR', header(0x1234, 0x0100, 1) + 'c00c00010001'),
  malformed(1035, '4.1.4', 'a pointer into the header is FORMERR', header(0x1234, 0x0100, 1) + 'c00000010001'),
  malformed(
    1035,
    '4.1.4',
    'a label with a pointer to itself is FORMERR',
    header(0x1234, 0x0100, 1) + '0161c00c00010001',
  ),
  malformed(
    1035,
    '4.1.4',
    'a label length that starts with the bits 10 is FORMERR',
    header(0x1234, 0x0100, 1) + '8000010001',
  ),
  malformed(
    6891,
    '5',
    'a label length that starts with the bits 01 (extended label types) is FORMERR',
    header(0x1234, 0x0100, 1) + '4108ff00010001',
  ),
  malformed(
    1035,
    '4.1.4',
    'a forward pointer in a record is FORMERR',
    header(0x1234, 0x0100, 1, 0, 0, 1) + Q + `c030${A_RECORD}`,
  ),
  malformed(
    1035,
    '4.1.4',
    'a pointer to itself in a record is FORMERR',
    header(0x1234, 0x0100, 1, 0, 0, 1) + Q + `c021${A_RECORD}`,
  ),
  malformed(
    1035,
    '4.1.4',
    'a pointer into the header in a record is FORMERR',
    header(0x1234, 0x0100, 1, 0, 0, 1) + Q + `c000${A_RECORD}`,
  ),
  malformed(
    1035,
    '4.1.4',
    'a pointer without its second octet is FORMERR',
    header(0x1234, 0x0100, 1, 0, 0, 1) + Q + 'c0',
  ),
  holds(1035, '4.1.4', 'a backward pointer in a record is valid', async (site) => {
    const reply = await site.exchange(
      'udp',
      Buffer.from(header(0x1234, 0x0100, 1, 0, 0, 1) + Q + `c00c${A_RECORD}`, 'hex'),
    );
    assert.deepEqual(readReply(reply).answer, WWW);
  }),
  malformed(
    1035,
    '4.1.3',
    'RDATA longer than the message is FORMERR',
    header(0x1234, 0x0100, 1, 0, 0, 1) + Q + `c00c${hex(1)}${hex(1)}0000000000ffc0000201`,
  ),

  says(1035, '2.3.4', 'a name of 255 octets is valid', { name: LONGEST }, { rcode: 3, authority: NO_NAME }),
  malformed(
    1035,
    '2.3.4',
    'a name of 256 octets is FORMERR',
    header(0x1234, 0x0100, 1) + question(`m${LONGEST}`.replace('lm', 'l.m')),
  ),
  says(
    1035,
    '2.3.4',
    'a label of 63 octets is valid',
    { name: `${LABEL}.example.org` },
    { rcode: 3, authority: NO_NAME },
  ),
  says(1035, '3.1', 'the root is a valid name', { name: '.' }, { flags: 'qr rd', rcode: 5 }),
  says(
    2181,
    '11',
    'a label can have any octets',
    { name: '\\000\\255\\032.example.org' },
    { rcode: 3, authority: NO_NAME },
  ),
  says(
    2181,
    '11',
    'a dot in a label does not separate labels',
    { name: 'www\\.example.org' },
    { flags: 'qr rd', rcode: 5 },
  ),
  says(
    4343,
    '3',
    'upper and lower case letters match',
    { name: 'WWW.EXAMPLE.ORG' },
    {
      answer: WWW.map((record) => record.replace('www.example.org', 'WWW.EXAMPLE.ORG')),
    },
  ),
  says(
    4343,
    '4.1',
    'the reply has the question exactly as the client sent it',
    { name: 'wWw.eXaMPle.oRG', type: 'RP' },
    { authority: NO_NAME.map((record) => record.replaceAll('example.org', 'eXaMPle.oRG')) },
  ),
  holds(4343, '3', 'octets above 127 have no case', async (site) => {
    const upper = readReply(await site.exchange('udp', queryOf({ name: 'octet\\200.syntax.example' })));
    const lower = readReply(await site.exchange('udp', queryOf({ name: 'octet\\232.syntax.example' })));
    assert.deepEqual([upper.rcode, lower.rcode], [0, 3]);
  }),
  holds(2181, '4.2', 'each reply goes to the address and port of its query', async (site) => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async (_, id) => (await site.exchange('udp', queryOf({ id }))).readUInt16BE(0)),
    );
    assert.deepEqual(ids, [...ids.keys()]);
  }),

  says(
    1035,
    '3.2.4',
    'the class CH, for which the server has no data, is REFUSED',
    { class: 3 },
    { flags: 'qr rd', rcode: 5, question: 'www.example.org CH A' },
  ),
  says(
    1035,
    '3.2.4',
    'the class HS is REFUSED',
    { class: 4 },
    { flags: 'qr rd', rcode: 5, question: 'www.example.org HS A' },
  ),
  says(
    1035,
    '3.2.5',
    'the class ANY is REFUSED',
    { class: 255 },
    { flags: 'qr rd', rcode: 5, question: 'www.example.org ANY A' },
  ),
  says(
    3597,
    '5',
    'a class without a name is REFUSED',
    { class: 0xff00 },
    { flags: 'qr rd', rcode: 5, question: 'www.example.org CLASS65280 A' },
  ),
  says(
    3597,
    '3',
    'a type without a name is NODATA if the zone has no such record',
    { type: 65281 },
    { authority: NO_NAME },
  ),
  says(
    3597,
    '3',
    'a record of a type without a name is sent unchanged',
    { name: 'own.example.org', type: 65280 },
    { answer: ['own.example.org 60 IN TYPE65280 0a000001'] },
  ),
  says(6895, '3.1', 'the type 0 is NODATA', { type: 0 }, { authority: NO_NAME }),
  says(
    5936,
    '2.2.1',
    'AXFR is REFUSED by a server without zone transfers',
    { name: 'example.org', type: 'AXFR' },
    { flags: 'qr rd', rcode: 5 },
  ),
  says(
    1035,
    '4.1.1',
    'IXFR is REFUSED by a server without zone transfers',
    { name: 'example.org', type: 'IXFR' },
    { flags: 'qr rd', rcode: 5 },
  ),
  holds(1995, '3', 'IXFR with an SOA in the authority section is well-formed', async (site) => {
    const soa = `c00c${hex(6)}${hex(1)}00000000${hex(22)}0000${'00000001'.repeat(5)}`;
    const reply = await site.exchange(
      'tcp',
      Buffer.from(header(0x1234, 0x0100, 1, 0, 1) + question('example.org', 251) + soa, 'hex'),
    );
    assert.equal(readReply(reply).rcode, 5);
  }),
  says(
    1034,
    '4.3.2',
    'names outside of all zones are REFUSED, without records',
    { name: 'example.com' },
    { flags: 'qr rd', rcode: 5 },
  ),
  says(8482, '4.1', 'ANY gets one RRset of the name', { type: 'ANY' }, { answer: WWW }),
  says(
    8482,
    '4.1',
    'ANY for an alias gets the CNAME',
    { name: 'alias.example.org', type: 'ANY' },
    { answer: ['alias.example.org 3600 IN CNAME www.example.org'] },
  ),
  says(
    8482,
    '4.1',
    'ANY for a name that does not exist is NXDOMAIN',
    { name: 'nothing.example.org', type: 'ANY' },
    { rcode: 3, authority: NO_NAME },
  ),
  gives(
    1035,
    '4.1.4',
    'owners of answers point to the question',
    header(0x1234, 0x0100, 1) + question('own.example.org', 65280),
    `${header(0x1234, 0x8500, 1, 1)}${question('own.example.org', 65280)}c00cff000001${hex(60, 4)}${hex(4)}0a000001`,
  ),
  malformed(
    6891,
    '6.1.1',
    'a message with a good question and a bad OPT is FORMERR',
    header(0x1234, 0x0100, 1, 0, 0, 1) + Q + optHex().slice(0, -2),
  ),
];
