/** What an authoritative server says of its zones. */
import { says, type Rule } from '../rule.js';

const SOA_DATA = 'ns1.example.org hostmaster.example.org 7 86400 7200 2419200 900';
const NEGATIVE = [`example.org 900 IN SOA ${SOA_DATA}`];
const WWW = ['www.example.org 300 IN A 192.0.2.80', 'www.example.org 300 IN A 192.0.2.81'];
const NS1 = ['ns1.example.org 3600 IN A 192.0.2.1', 'ns1.example.org 3600 IN AAAA 2001:db8:0:0:0:0:0:1'];
const MAIL = 'mail.example.org 3600 IN A 192.0.2.3';
const APEX_NS = ['example.org 3600 IN NS ns1.example.org', 'example.org 3600 IN NS ns.elsewhere.example'];
const SUB = {
  flags: 'qr rd',
  authority: ['sub.example.org 3600 IN NS ns.sub.example.org', 'sub.example.org 3600 IN NS ns.sibling.example.org'],
  additional: [
    'ns.sub.example.org 3600 IN A 192.0.2.6',
    'ns.sub.example.org 3600 IN AAAA 2001:db8:0:0:0:0:0:6',
    'ns.sibling.example.org 3600 IN A 192.0.2.8',
  ],
};
const org = (name: string): string => `${name}.example.org`;
const aliasOf = (name: string, target: string): string => `${org(name)} 3600 IN CNAME ${target}`;
const LABEL63 = 'l'.repeat(63);

export const rules: readonly Rule[] = [
  says(2181, '5', 'an RRset is sent whole', {}, { answer: WWW }),
  says(
    1034,
    '4.3.2',
    'other types of the name are not in the answer',
    { type: 'TXT' },
    { answer: ['www.example.org 300 IN TXT "v"'] },
  ),
  says(
    1034,
    '4.3.2',
    'the SOA record of the zone has its own TTL',
    { name: 'example.org', type: 'SOA' },
    { answer: [`example.org 7200 IN SOA ${SOA_DATA}`] },
  ),
  says(
    1034,
    '4.3.2',
    'the NS records of the apex are an answer, with the addresses in the zone',
    { name: 'example.org', type: 'NS' },
    { answer: APEX_NS, additional: NS1 },
  ),
  says(
    1034,
    '4.3.2',
    'a positive answer has no NS in the authority section',
    { name: 'mail.example.org' },
    { answer: [MAIL] },
  ),

  says(2308, '2.2', 'NODATA is NOERROR with SOA', { type: 'AAAA' }, { authority: NEGATIVE }),
  says(
    2308,
    '2.1',
    'a name that does not exist is NXDOMAIN with SOA',
    { name: org('nothing') },
    { rcode: 3, authority: NEGATIVE },
  ),
  says(
    2308,
    '3',
    'the TTL of SOA in a denial is the lower of its own TTL and MINIMUM',
    { name: 'nothing.child.example.org' },
    { rcode: 3, authority: ['child.example.org 5 IN SOA a.child.example.org b.child.example.org 1 2 3 4 5'] },
  ),
  says(
    8020,
    '2',
    'a name without records that has names below it exists',
    { name: org('ent') },
    { authority: NEGATIVE },
  ),
  says(
    8020,
    '2',
    'names below a name that does not exist do not exist',
    { name: org('a.b.c.nothing') },
    { rcode: 3, authority: NEGATIVE },
  ),
  says(
    1034,
    '4.3.2',
    'names below a name with records only do not exist',
    { name: org('x.www') },
    { rcode: 3, authority: NEGATIVE },
  ),
  says(6895, '3.1', 'a QTYPE that no record can have is NODATA', { type: 'TKEY' }, { authority: NEGATIVE }),
  says(
    2181,
    '5.2',
    'the records of an RRset have one TTL, even if the zone file has two',
    { name: 'mixed.syntax.example' },
    { answer: ['mixed.syntax.example 7 IN A 192.0.2.15', 'mixed.syntax.example 7 IN A 192.0.2.16'] },
  ),
  says(
    2181,
    '5',
    'a record that the zone file has twice is sent once',
    { name: 'double.syntax.example' },
    { answer: ['double.syntax.example 1 IN A 192.0.2.14'] },
  ),

  says(
    1034,
    '3.6.2',
    'an answer has a CNAME and the records of its target',
    { name: org('alias') },
    { answer: [aliasOf('alias', 'www.example.org'), ...WWW] },
  ),
  says(
    1034,
    '3.6.2',
    'an answer has a chain of CNAMEs and the records at its end',
    { name: org('chain') },
    { answer: [aliasOf('chain', org('alias')), aliasOf('alias', 'www.example.org'), ...WWW] },
  ),
  says(
    1034,
    '3.6.2',
    'a question for CNAME does not follow the CNAME',
    { name: org('chain'), type: 'CNAME' },
    { answer: [aliasOf('chain', org('alias'))] },
  ),
  says(
    1034,
    '4.3.2',
    'an answer ends at a CNAME that leaves the zone, with NOERROR',
    { name: org('outside') },
    { answer: [aliasOf('outside', 'www.elsewhere.example')] },
  ),
  says(
    6604,
    '2.1',
    'after a CNAME the response code is that of the last name: NXDOMAIN',
    { name: org('dangling') },
    { rcode: 3, answer: [aliasOf('dangling', org('nothing'))], authority: NEGATIVE },
  ),
  says(
    2308,
    '2.2',
    'after a CNAME, NODATA of the last name has SOA',
    { name: org('dataless'), type: 'TXT' },
    { answer: [aliasOf('dataless', org('mail'))], authority: NEGATIVE },
  ),
  says(
    1034,
    '3.6.2',
    'a CNAME to itself is sent once',
    { name: org('self') },
    { answer: [aliasOf('self', org('self'))] },
  ),
  says(
    1034,
    '3.6.2',
    'the CNAMEs of a loop are sent once each',
    { name: org('one') },
    { answer: [aliasOf('one', org('two')), aliasOf('two', org('one'))] },
  ),
  says(
    1034,
    '4.3.2',
    'a CNAME to a name below a zone cut comes with the referral',
    { name: org('into') },
    { ...SUB, flags: 'qr aa rd', answer: [aliasOf('into', org('x.sub'))] },
  ),
  says(
    4592,
    '3.3.1',
    "a CNAME to a name of a wildcard comes with the wildcard's records",
    { name: org('towild') },
    { answer: [aliasOf('towild', org('x.wild')), `${org('x.wild')} 3600 IN A 192.0.2.5`] },
  ),

  says(
    6672,
    '2.2',
    'DNAME renames the names below it, with a CNAME in the answer',
    { name: org('leaf.tree') },
    {
      answer: [
        `${org('tree')} 3600 IN DNAME ${org('ent')}`,
        aliasOf('leaf.tree', org('leaf.ent')),
        `${org('leaf.ent')} 3600 IN A 192.0.2.4`,
      ],
    },
  ),
  says(
    6672,
    '2.3',
    'DNAME does not rename its own name',
    { name: org('tree'), type: 'TXT' },
    { answer: [`${org('tree')} 3600 IN TXT "beside"`] },
  ),
  says(
    6672,
    '2.3',
    'a question for the name of a DNAME does not follow the DNAME',
    { name: org('tree') },
    { authority: NEGATIVE },
  ),
  says(
    6672,
    '3.1',
    'a question for DNAME gets the DNAME',
    { name: org('tree'), type: 'DNAME' },
    { answer: [`${org('tree')} 3600 IN DNAME ${org('ent')}`] },
  ),
  says(
    6672,
    '3.1',
    'the CNAME for a DNAME has the TTL of the DNAME',
    { name: org('x.abroad') },
    { answer: [`${org('abroad')} 3600 IN DNAME elsewhere.example`, aliasOf('x.abroad', 'x.elsewhere.example')] },
  ),
  says(
    6672,
    '2.2',
    'a name that DNAME makes too long is YXDOMAIN, with the DNAME',
    { name: org(`${'m'.repeat(60)}.long`) },
    {
      rcode: 6,
      answer: [`${org('long')} 3600 IN DNAME ${LABEL63}.${LABEL63}.${LABEL63}.example.org`],
    },
  ),
  says(
    6672,
    '3.2',
    'a renamed name that does not exist is NXDOMAIN',
    { name: org('nothing.tree') },
    {
      rcode: 3,
      answer: [`${org('tree')} 3600 IN DNAME ${org('ent')}`, aliasOf('nothing.tree', org('nothing.ent'))],
      authority: NEGATIVE,
    },
  ),

  says(
    1034,
    '4.3.2',
    'a question for a name below a zone cut gets a referral: NS, glue, no AA',
    { name: org('www.sub') },
    SUB,
  ),
  says(1034, '4.3.2', 'a question for the name of a zone cut gets a referral', { name: org('sub') }, SUB),
  says(
    1034,
    '4.3.2',
    'a question for NS of a zone cut gets a referral and no answer',
    { name: org('sub'), type: 'NS' },
    SUB,
  ),
  says(1034, '4.3.2', 'glue is not an answer', { name: org('ns.sub') }, SUB),
  says(1034, '4.2.1', 'other records below a zone cut are not an answer', { name: org('hidden.sub') }, SUB),
  says(1034, '4.3.2', 'names below a zone cut are not denied', { name: org('no.such.name.sub'), type: 'MX' }, SUB),
  says(
    9471,
    '3.2',
    'a referral has the glue of a sibling zone',
    { name: org('x.sibling') },
    {
      flags: 'qr rd',
      authority: [`${org('sibling')} 3600 IN NS ns.sibling.example.org`],
      additional: ['ns.sibling.example.org 3600 IN A 192.0.2.8'],
    },
  ),
  says(
    1034,
    '4.2.1',
    'a name server outside of the zone has no glue',
    { name: org('x.far') },
    { flags: 'qr rd', authority: [`${org('far')} 3600 IN NS ns.elsewhere.example`] },
  ),
  says(
    4035,
    '3.1.4.1',
    'DS of a zone cut is an authoritative answer',
    { name: org('sub'), type: 'DS' },
    { answer: [`${org('sub')} 3600 IN DS 00010d02${'ab'.repeat(32)}`] },
  ),
  says(
    4035,
    '3.1.4.1',
    'a missing DS is NODATA of the parent zone',
    { name: org('far'), type: 'DS' },
    { authority: NEGATIVE },
  ),
  says(
    4035,
    '3.1.4.1',
    'DS comes from the parent zone, even if the server has the child zone',
    { name: 'child.example.org', type: 'DS' },
    { answer: [`child.example.org 3600 IN DS 00020d02${'cd'.repeat(32)}`] },
  ),
  says(
    4035,
    '3.1.4.1',
    "DS of the topmost zone's apex is NODATA",
    { name: 'example.org', type: 'DS' },
    { authority: NEGATIVE },
  ),
  says(
    1034,
    '4.3.2',
    'the closest zone of the server answers',
    { name: 'www.child.example.org' },
    { answer: ['www.child.example.org 60 IN A 192.0.2.9'] },
  ),
  says(
    1034,
    '4.3.2',
    'the closest zone answers for its apex',
    { name: 'child.example.org', type: 'NS' },
    { answer: ['child.example.org 60 IN NS ns1.example.org'] },
  ),

  says(
    1035,
    '3.3.9',
    'MX comes with the addresses in the zone',
    { name: 'example.org', type: 'MX' },
    { answer: ['example.org 3600 IN MX 10 mail.example.org'], additional: [MAIL] },
  ),
  says(
    1035,
    '3.3.9',
    'MX without addresses in the zone has no additional records',
    { name: org('mx'), type: 'MX' },
    {
      answer: [`${org('mx')} 3600 IN MX 10 www.example.org`, `${org('mx')} 3600 IN MX 20 mx.elsewhere.example`],
      additional: WWW,
    },
  ),
  says(
    2181,
    '10.3',
    'a CNAME as the target of MX is not followed',
    { name: org('mxalias'), type: 'MX' },
    { answer: [`${org('mxalias')} 3600 IN MX 10 ${org('alias')}`] },
  ),
  says(
    2782,
    'Target',
    'SRV comes with the addresses in the zone',
    { name: org('_sip._udp'), type: 'SRV' },
    { answer: [`${org('_sip._udp')} 3600 IN SRV 1 2 5060 mail.example.org`], additional: [MAIL] },
  ),
  says(
    1034,
    '4.3.2',
    'glue is an additional record of NS only',
    { name: org('_sip._tcp'), type: 'SRV' },
    { answer: [`${org('_sip._tcp')} 3600 IN SRV 1 2 5060 ns.sub.example.org`] },
  ),
  says(
    4592,
    '3.3.1',
    'records of a wildcard have additional records',
    { name: org('x.wildmx'), type: 'MX' },
    {
      answer: [`${org('x.wildmx')} 3600 IN MX 10 x.wild.example.org`],
      additional: [`${org('x.wild')} 3600 IN A 192.0.2.5`],
    },
  ),
];
