/** How names and records go on the wire, to the octet. */
import { gives, type Rule } from '../rule.js';
import { header, hex, nameHex, question, TYPES } from '../wire.js';

/** The labels of a name, without the root. */
const labels = (text: string): string => nameHex(text).slice(0, -2);
/** `first.example.org` of a query stands at octet 12; `example.org` in it as this pointer. */
const zoneIn = (first: string): string => hex(0xc000 + 12 + first.length + 1);

/** A rule for the RDATA of the one record that `FIRST.example.org` has of a type. */
function rdata(
  rfc: number,
  section: string,
  rule: string,
  first: string,
  type: keyof typeof TYPES,
  data: string,
): Rule {
  const asked = question(`${first}.example.org`, TYPES[type]);
  const record = `c00c${hex(TYPES[type])}${hex(1)}${hex(3600, 4)}${hex(data.length / 2)}${data}`;
  return gives(rfc, section, rule, header(7, 0, 1) + asked, header(7, 0x8400, 1, 1) + asked + record);
}

const soa = `${labels('ns1')}c010${labels('hostmaster')}c010${[7, 86400, 7200, 2419200, 900].map((n) => hex(n, 4)).join('')}`;
const own = question('own.example.org');
const far = question('far.example.org');

export const rules: readonly Rule[] = [
  rdata(1035, '4.1.4', 'names in PTR are compressed', 'ptr', 'PTR', labels('www') + zoneIn('ptr')),
  rdata(1035, '4.1.4', 'names in CNAME are compressed', 'alias', 'CNAME', labels('www') + zoneIn('alias')),
  rdata(1035, '4.1.4', 'names in MX are compressed', 'mxalias', 'MX', hex(10) + labels('alias') + zoneIn('mxalias')),
  gives(
    1035,
    '4.1.4',
    "names in SOA are compressed, and its owner is compressed to the end of the question's name",
    header(7, 0, 1) + own,
    `${header(7, 0x8400, 1, 0, 1)}${own}c010${hex(6)}${hex(1)}${hex(900, 4)}${hex(soa.length / 2)}${soa}`,
  ),
  gives(
    1035,
    '4.1.4',
    'a name in NS without a common end with an earlier name is not compressed',
    header(7, 0, 1) + far,
    `${header(7, 0x8000, 1, 0, 1)}${far}c00c${hex(2)}${hex(1)}${hex(3600, 4)}${hex(22)}${nameHex('ns.elsewhere.example')}`,
  ),
  rdata(
    2782,
    'Target',
    'the target of SRV is not compressed',
    '_sip._tcp',
    'SRV',
    hex(1) + hex(2) + hex(5060) + nameHex('ns.sub.example.org'),
  ),
  rdata(6672, '2.5', 'the target of DNAME is not compressed', 'tree', 'DNAME', nameHex('ent.example.org')),
  rdata(
    3597,
    '4',
    'names in RP are not compressed',
    'rp',
    'RP',
    nameHex('host.www.example.org') + nameHex('text.www.example.org'),
  ),
  rdata(
    3403,
    '4.1',
    'the replacement of NAPTR is not compressed',
    'naptr',
    'NAPTR',
    `${hex(1)}${hex(2)}017507${Buffer.from('E2U+sip').toString('hex')}08${Buffer.from('!^.*$!x!').toString('hex')}${nameHex('www.example.org')}`,
  ),
];
