/** EDNS, extended response codes and errors. */
import { gives, says, type Rule } from '../rule.js';
import { header, hex, optHex, question } from '../wire.js';

const WWW = ['www.example.org 300 IN A 192.0.2.80', 'www.example.org 300 IN A 192.0.2.81'];
const SOA = ['example.org 900 IN SOA ns1.example.org hostmaster.example.org 7 86400 7200 2419200 900'];
const Q = question('www.example.org');
const FORMERR = header(0x1234, 0x8101);
const told = (text: string) => ({ answer: [`told.test 0 IN TXT ${JSON.stringify(text)}`], opt: '1232 0 0' });
const ADDRESS = (name: string): string[] => [`${name} 60 IN A 192.0.2.1`];

/** FORMERR for a query with these records behind its question. */
function malformed(section: string, rule: string, counts: [number, number, number], records: string): Rule {
  return gives(6891, section, rule, header(0x1234, 0x0100, 1, ...counts) + Q + records, FORMERR);
}

/** FORMERR for a query with such a Client Subnet. */
function malformedSubnet(rule: string, data: string): Rule {
  const option = `0008${hex(data.length / 2)}${data}`;
  const opt = `00002904d000000000${hex(option.length / 2)}${option}`;
  return gives(7871, '7.1.2', rule, header(0x1234, 0x0100, 1, 0, 0, 1) + Q + opt, FORMERR);
}

/** The reply for clients with the same first `scope` bits to a query with a Client Subnet. */
function scoped(section: string, rule: string, scope: number, asked: string, echoed: string): Rule {
  const name = `scoped-${scope}.test`;
  return says(
    7871,
    section,
    rule,
    { name, opt: { options: asked === '' ? [] : [`8:${asked}`] } },
    { answer: ADDRESS(name), opt: echoed === '' ? '1232 0 0' : `1232 0 0 8:${echoed}` },
  );
}

export const rules: readonly Rule[] = [
  scoped('7.2.1', 'the reply repeats family, address and source prefix, and tells its scope', 24, '00012000c0000201', '00012018c0000201'), // prettier-ignore
  scoped('7.2.1', 'a scope may be longer than the source prefix', 28, '00011800c00002', '0001181cc00002'),
  scoped('7.2.1', 'a query without Client Subnet gets none', 20, '', ''),
  scoped('7.1.2', 'a source prefix of 0 gets the scope 0', 16, '00010000', '00010000'),
  scoped('6', 'a scope is no longer than an address of IPv4', 100, '00012000c0000201', '00012020c0000201'),
  malformedSubnet('a Client Subnet without prefix lengths is FORMERR', '0001'),
  malformedSubnet('a Client Subnet of an unknown family is FORMERR', '00030000'),
  malformedSubnet('a source prefix that is longer than an address is FORMERR', '00012100c000020100'),
  malformedSubnet('an address with too few octets is FORMERR', '00011800c000'),
  malformedSubnet('an address with too many octets is FORMERR', '00011800c0000200'),
  malformedSubnet('a bit of the address behind the source prefix is FORMERR', '00011400c00002'),
  malformedSubnet('a scope in a query is FORMERR', '00011818c00002'),
  says(6891, '7', 'a query without OPT gets a reply without OPT', {}, { answer: WWW }),
  says(6891, '6.1.1', 'a query with OPT gets a reply with OPT', { opt: {} }, { answer: WWW, opt: '1232 0 0' }),
  gives(
    6891,
    '6.1.2',
    'OPT is owned by the root, with the payload size as its class',
    header(0x1234, 0x0100, 1, 0, 0, 1) + question('own.example.org', 65280) + optHex({ size: 4096 }),
    `${header(0x1234, 0x8500, 1, 1, 0, 1)}${question('own.example.org', 65280)}c00cff000001${hex(60, 4)}${hex(4)}0a000001` +
      '00002904d0000000000000',
  ),
  gives(
    6891,
    '6.1.3',
    'version 1 is BADVERS, with version 0 in the reply',
    header(0x1234, 0x0100, 1, 0, 0, 1) + Q + optHex({ version: 1 }),
    `${header(0x1234, 0x8100, 1, 0, 0, 1)}${Q}00002904d0010000000000`,
  ),
  gives(
    6891,
    '6.1.3',
    'version 255 is BADVERS, with version 0 in the reply',
    header(0x1234, 0x0100, 1, 0, 0, 1) + Q + optHex({ version: 255 }),
    `${header(0x1234, 0x8100, 1, 0, 0, 1)}${Q}00002904d0010000000000`,
  ),
  gives(
    6891,
    '6.1.3',
    'the version is checked before the options, whose form may differ in a later version',
    `${header(0x1234, 0x0100, 1, 0, 0, 1)}${Q}0000290400000100000003abcdef`,
    `${header(0x1234, 0x8100, 1, 0, 0, 1)}${Q}00002904d0010000000000`,
  ),
  malformed('6.1.1', 'two OPT records are FORMERR', [0, 0, 2], optHex() + optHex()),
  malformed('6.1.1', 'OPT in the answer section is FORMERR', [1, 0, 0], optHex()),
  malformed('6.1.1', 'OPT in the authority section is FORMERR', [0, 1, 0], optHex()),
  malformed('6.1.2', 'OPT with an owner other than the root is FORMERR', [0, 0, 1], `0161${optHex()}`),
  malformed('6.1.2', 'an option longer than OPT is FORMERR', [0, 0, 1], '00002904d000000000000400030005'),
  malformed('6.1.2', 'an incomplete option is FORMERR', [0, 0, 1], '00002904d0000000000003000300'),
  malformed('6.1.2', 'OPT longer than the message is FORMERR', [0, 0, 1], '00002904d000000000000400'),
  says(
    6891,
    '6.1.2',
    'unknown options are ignored, and are not in the reply',
    { opt: { options: ['65001:abcd', '65535:'] } },
    { answer: WWW, opt: '1232 0 0' },
  ),
  says(
    6891,
    '6.1.2',
    'a query can have the same option many times',
    { opt: { options: Array.from({ length: 100 }, () => '65001:00' as const) } },
    { answer: WWW, opt: '1232 0 0' },
  ),
  says(
    6891,
    '6.1.4',
    'unknown flags are ignored, and clear in the reply',
    { opt: { flags: 0x7fff } },
    { answer: WWW, opt: '1232 0 0' },
  ),
  says(3225, '3', 'DO is copied', { opt: { flags: 0x8000 } }, { answer: WWW, opt: '1232 0 32768' }),
  says(
    3225,
    '3',
    'DO gets no signatures from an unsigned zone',
    { type: 'RRSIG', opt: { flags: 0x8000 } },
    { authority: SOA, opt: '1232 0 32768' },
  ),
  says(
    6891,
    '6.2.4',
    'the server announces a payload size of 1,232 octets',
    { opt: { size: 65535 } },
    { answer: WWW, opt: '1232 0 0' },
  ),
  says(
    6891,
    '6.2.3',
    'a payload size of 0 means 512: an answer of 460 octets is sent',
    { name: 'rrset-28.test', opt: { size: 0 } },
    { answer: addresses('rrset-28.test', 28), opt: '1232 0 0' },
    ['udp'],
  ),
  says(
    6891,
    '6.2.3',
    'a payload size of 511 means 512',
    { name: 'rrset-28.test', opt: { size: 511 } },
    { answer: addresses('rrset-28.test', 28), opt: '1232 0 0' },
    ['udp'],
  ),
  says(
    6891,
    '6.2.3',
    'a payload size below 512 allows no more than 512 octets',
    { name: 'rrset-30.test', opt: { size: 0 } },
    { flags: 'qr aa tc rd', opt: '1232 0 0' },
    ['udp'],
  ),
  says(
    6891,
    '6.2.3',
    "a reply within the client's payload size is sent whole",
    { name: 'rrset-40.test', opt: { size: 900 } },
    { answer: addresses('rrset-40.test', 40), opt: '1232 0 0' },
    ['udp'],
  ),
  says(
    9715,
    '3.2',
    'no reply by UDP is longer than 1,232 octets, even if the client accepts more',
    { name: 'rrset-80.test', opt: { size: 4096 } },
    { flags: 'qr aa tc rd', opt: '1232 0 0' },
    ['udp'],
  ),
  says(
    6891,
    '7',
    'a truncated reply keeps OPT',
    { name: 'rrset-80.test', opt: { size: 512, flags: 0x8000 } },
    { flags: 'qr aa tc rd', opt: '1232 0 32768' },
    ['udp'],
  ),
  says(
    6891,
    '6.2.5',
    'the payload size is ignored by TCP, TLS and HTTPS',
    { name: 'rrset-80.test', opt: { size: 512 } },
    { answer: addresses('rrset-80.test', 80), opt: '1232 0 0' },
    ['tcp', 'tls', 'https'],
  ),
  says(
    6891,
    '6.1.2',
    'the handler sees the contents of OPT: size, DO, options in their order',
    { name: 'told.test', type: 'TXT', opt: { size: 1400, options: ['3:', '65001:abcd', '3:00'] } },
    told('1400 false 3: 65001:abcd 3:00'),
  ),
  says(
    6891,
    '6.1.3',
    'the upper bits of a response code are in OPT',
    { name: 'badcookie.test', opt: {} },
    { rcode: 23, opt: '1232 0 0' },
  ),
  says(6891, '6.1.3', 'without OPT, such a response code becomes SERVFAIL', { name: 'badcookie.test' }, { rcode: 2 }),

  says(
    8914,
    '2',
    'an extended error is an option: its code, and text',
    { name: 'ede.test', opt: {} },
    { rcode: 2, opt: `1232 0 0 15:0017${Buffer.from('no route').toString('hex')} 15:0016` },
  ),
  says(8914, '2', 'a client without EDNS gets no extended error', { name: 'ede.test' }, { rcode: 2 }),
  says(
    8914,
    '1',
    'a reply with NOERROR can have an extended error',
    { name: 'stale.test', opt: {} },
    { answer: ADDRESS('stale.test'), opt: '1232 0 0 15:0003' },
  ),
  says(
    8914,
    '3',
    'an extended error that does not fit is left out before records are, with TC',
    { name: 'verbose-900.test', opt: { size: 512 } },
    { flags: 'qr aa tc rd', answer: ADDRESS('verbose-900.test'), opt: '1232 0 0' },
    ['udp'],
  ),
  says(
    8914,
    '3',
    'an extended error that fits is sent',
    { name: 'verbose-900.test', opt: { size: 512 } },
    { answer: ADDRESS('verbose-900.test'), opt: `1232 0 0 15:0000${'78'.repeat(900)}` },
    ['tcp', 'tls', 'https'],
  ),
];

function addresses(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name} 60 IN A 192.0.2.${i}`);
}
