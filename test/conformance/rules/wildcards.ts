/** Wildcards: the questions of RFC 4592 s.2.2.1 about the zone that stands there, and others. */
import { says, type Rule } from '../rule.js';

const SOA = ['wild.example 5 IN SOA ns.wild.example hostmaster.wild.example 1 2 3 4 5'];
const HOST1 = 'host1.wild.example 3600 IN A 192.0.2.1';
const EXAMPLE_SOA = ['example.org 900 IN SOA ns1.example.org hostmaster.example.org 7 86400 7200 2419200 900'];

export const rules: readonly Rule[] = [
  says(
    4592,
    '2.2.1',
    'host3 MX: made from the wildcard',
    { name: 'host3.wild.example', type: 'MX' },
    {
      answer: ['host3.wild.example 3600 IN MX 10 host1.wild.example'],
      additional: [HOST1],
    },
  ),
  says(
    4592,
    '2.2.1',
    'host3 A: NODATA, since the wildcard has no A',
    { name: 'host3.wild.example' },
    { authority: SOA },
  ),
  says(
    4592,
    '2.2.1',
    'foo.bar TXT: made from the wildcard, even if bar does not exist',
    { name: 'foo.bar.wild.example', type: 'TXT' },
    {
      answer: ['foo.bar.wild.example 3600 IN TXT "this is a wildcard"'],
    },
  ),
  says(
    4592,
    '2.2.1',
    'host1 MX: NODATA, since host1 exists',
    { name: 'host1.wild.example', type: 'MX' },
    { authority: SOA },
  ),
  says(
    4592,
    '2.2.1',
    'sub.* MX: NODATA, since sub.* exists',
    { name: 'sub.*.wild.example', type: 'MX' },
    { authority: SOA },
  ),
  says(
    4592,
    '2.2.1',
    '_telnet._tcp.host1 SRV: NXDOMAIN, since _tcp.host1 exists',
    { name: '_telnet._tcp.host1.wild.example', type: 'SRV' },
    { rcode: 3, authority: SOA },
  ),
  says(
    4592,
    '2.2.1',
    'host.subdel A: a referral, since subdel is a zone cut',
    { name: 'host.subdel.wild.example' },
    {
      flags: 'qr rd',
      authority: ['subdel.wild.example 3600 IN NS ns.elsewhere.test'],
    },
  ),
  says(
    4592,
    '2.2.1',
    'ghost.* MX: NXDOMAIN, since * exists',
    { name: 'ghost.*.wild.example', type: 'MX' },
    { rcode: 3, authority: SOA },
  ),
  says(
    4592,
    '2.3',
    'the name of a wildcard can be queried like other names',
    { name: '*.wild.example', type: 'TXT' },
    { answer: ['*.wild.example 3600 IN TXT "this is a wildcard"'] },
  ),
  says(
    4592,
    '2.2.2',
    'an empty non-terminal is not covered by the wildcard',
    { name: '_tcp.host1.wild.example', type: 'TXT' },
    { authority: SOA },
  ),
  says(
    4592,
    '2.2.2',
    'a name that exists only because of longer names is not covered by the wildcard',
    { name: 'host2.wild.example', type: 'TXT' },
    { authority: SOA },
  ),
  says(
    4592,
    '3.3.1',
    'a wildcard does not cover names below an existing name',
    { name: 'x.host1.wild.example', type: 'TXT' },
    { rcode: 3, authority: SOA },
  ),
  says(
    4592,
    '3.3.1',
    "records of a wildcard have the question's upper and lower case",
    { name: 'Foo.Wild.Example', type: 'TXT' },
    { answer: ['Foo.Wild.Example 3600 IN TXT "this is a wildcard"'] },
  ),
  says(
    4592,
    '4.1',
    'SOA of a name of a wildcard is NODATA',
    { name: 'x.wild.example', type: 'SOA' },
    { authority: SOA },
  ),
  says(
    4592,
    '4.3',
    'a CNAME of a wildcard is followed',
    { name: 'x.wildcname.example.org' },
    {
      answer: [
        'x.wildcname.example.org 3600 IN CNAME www.example.org',
        'www.example.org 300 IN A 192.0.2.80',
        'www.example.org 300 IN A 192.0.2.81',
      ],
    },
  ),
  says(
    4592,
    '4.3',
    'a question for CNAME gets the CNAME of a wildcard',
    { name: 'x.wildcname.example.org', type: 'CNAME' },
    { answer: ['x.wildcname.example.org 3600 IN CNAME www.example.org'] },
  ),
  says(
    4592,
    '2.1.2',
    'an asterisk within a label is not a wildcard',
    { name: '*x.wildcname.example.org', type: 'CNAME' },
    { answer: ['*x.wildcname.example.org 3600 IN CNAME www.example.org'] },
  ),
  says(
    4592,
    '2.2.2',
    'the name above a wildcard exists',
    { name: 'wildmx.example.org', type: 'MX' },
    { authority: EXAMPLE_SOA },
  ),
];
