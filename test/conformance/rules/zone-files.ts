/** Zone files, by what is served from them, and by those that are refused. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'multisocket';
import { checkZoneFile } from '../../../dist/zone/read-zone.js';
import { holds, says, type Rule } from '../rule.js';
import type { TYPES } from '../wire.js';

const syntax = (name: string): string => `${name}.syntax.example`;

/** A rule for the records of one name: their TTLs and RDATA, whose type is A by default. */
function reads(
  rfc: number,
  section: string,
  rule: string,
  name: string,
  records: string,
  type: keyof typeof TYPES | number = 'A',
): Rule {
  const text = typeof type === 'number' ? `TYPE${type}` : type;
  const answer = records.split('; ').map((record) => {
    const [ttl, ...data] = record.split(' ');
    return `${syntax(name)} ${ttl} IN ${text} ${data.join(' ')}`.trim();
  });
  return says(rfc, section, rule, { name: syntax(name), type }, { answer });
}

/** A rule for a zone file that no server starts with: the line and what is wrong. */
function refuses(rfc: number, section: string, rule: string, lines: string, line: number, message: string): Rule {
  return holds(rfc, section, rule, async ({ folder }) => {
    const file = join(folder, 'faulty');
    writeFileSync(file, `$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\n${lines}`);
    const server = createServer({ corefile: `example.org:0 {\n bind 127.0.0.1\n file ${file} {\n reload 0\n }\n}` });
    await assert.rejects(server.listen(), (error: Error) => {
      assert.ok(error.message.includes(`${file}:${line}: ${message}`), error.message);
      return true;
    });
  });
}

export const rules: readonly Rule[] = [
  says(
    1035,
    '5.1',
    'parentheses continue a record over lines, and comments end with the line',
    { name: 'syntax.example', type: 'SOA' },
    { answer: ['syntax.example 10 IN SOA a\\.b.syntax.example hostmaster.syntax.example 1 2 3 4 5'] },
  ),
  reads(1035, '5.1', '@ is the origin', 'at', '1 syntax.example', 'PTR'),
  reads(1035, '5.1', 'a name with a dot at its end is absolute', 'absolute', '1 a.other.example', 'PTR'),
  reads(
    1035,
    '5.1',
    'a line that starts with white space has the owner of the line before',
    'blank',
    '1 192.0.2.1; 1 192.0.2.2',
  ),
  reads(1035, '5.1', 'the class can precede the TTL', 'class', '2 192.0.2.3'),
  reads(1035, '5.1', 'the TTL can precede the class', 'ttl', '3 192.0.2.4'),
  reads(1035, '5.1', 'classes and types can be in upper or lower case', 'lower', '4 192.0.2.5'),
  reads(1035, '5.1', '$ORIGIN applies to the relative names after it', 'origin.deep', '1 192.0.2.18'),
  reads(2308, '4', '$TTL is the TTL of records without one', 'default', '10 192.0.2.7'),
  reads(2308, '4', 'a later $TTL applies to the records after it', 'later', '20 192.0.2.19'),
  reads(2308, '4', 'a TTL can have units', 'units', '5400 192.0.2.6'),
  reads(1035, '5.1', '\\. is a dot in a label', 'esc\\.aped', '1 192.0.2.8'),
  reads(1035, '5.1', '\\DDD is an octet of a label', 'dec\\032imal', '1 192.0.2.9'),
  reads(
    1035,
    '5.1',
    'a quoted string can have spaces, semicolons and quotes',
    'string',
    '1 "two words" "bare" "quo\\"te" "semi;colon" ""',
    'TXT',
  ),
  reads(1035, '5.1', '\\DDD is an octet of a string', 'numeric', `1 ${JSON.stringify('A\xff')}`, 'TXT'),
  reads(4343, '3', 'names in a zone file match in upper and lower case', 'case', '1 192.0.2.17'),
  reads(3597, '5', 'RDATA of a known type can be written as octets', 'generic', '1 192.0.2.11'),
  reads(3597, '5', 'types and classes can be written as numbers', 'number', '1 192.0.2.12'),
  reads(3597, '5', 'octets can be written in several groups', 'unknown', '1 abcdef012345', 731),
  reads(3597, '5', 'RDATA can be empty', 'empty', '1', 731),
  reads(4291, '2.2', 'an IPv6 address can end in IPv4 notation', 'mapped', '1 0:0:0:0:0:ffff:c000:20d', 'AAAA'),
  reads(
    8659,
    '4.1',
    'CAA has flags, a tag, and a value without a length',
    'caa',
    `1 8005${Buffer.from('issue').toString('hex')}${Buffer.from('ca.example').toString('hex')}`,
    'CAA',
  ),
  reads(
    9460,
    '2.1',
    'HTTPS has its parameters in the order of their keys',
    'svcb',
    '1 000100000100060268320268330003000220fb',
    'HTTPS',
  ),
  reads(
    9460,
    '2.4.2',
    'HTTPS in alias form has no parameters',
    'alias',
    `1 0000037777770673796e746178076578616d706c6500`,
    'HTTPS',
  ),
  reads(6698, '2.2', 'TLSA can be written in its text form', 'tlsaword', '1 0301011234', 52),
  reads(3597, '5', 'TLSA as octets is the same record', 'tlsa', '1 0301011234', 52),

  refuses(
    2181,
    '10.1',
    'other data beside a CNAME are an error',
    'x A 192.0.2.1\nx CNAME a\n',
    5,
    'x.example.org CNAME: no other data may stand beside CNAME (RFC 2181 s.10.1)',
  ),
  refuses(
    1034,
    '3.6.2',
    'a second CNAME is an error',
    'x CNAME a\nx CNAME b\n',
    5,
    'x.example.org CNAME: a name has one CNAME at most',
  ),
  refuses(
    6672,
    '2.4',
    'a second DNAME is an error',
    'x DNAME a\nx DNAME b\n',
    5,
    'x.example.org DNAME: a name has one DNAME at most',
  ),
  refuses(
    6672,
    '2.4',
    'a name below a DNAME is an error',
    'x DNAME a\ny.x A 192.0.2.1\n',
    5,
    'y.x.example.org: nothing may stand below a DNAME (RFC 6672 s.2.4)',
  ),
  refuses(
    1035,
    '5.2',
    'a second SOA is an error',
    '@ SOA a b 2 2 3 4 5\n',
    4,
    'example.org SOA: a name has one SOA at most',
  ),
  refuses(
    1034,
    '4.2.1',
    'SOA below the apex is an error',
    'x SOA a b 2 2 3 4 5\n',
    4,
    'x.example.org SOA: SOA stands at the top of the zone alone',
  ),
  holds(1034, '4.2.1', 'a name outside of the zone is left out', async ({ folder }) => {
    const file = join(folder, 'outside');
    writeFileSync(file, '$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\nx.example.net. A 192.0.2.1\n');
    const { faults, warnings } = checkZoneFile(file, 'example.org');
    assert.deepEqual(faults, []);
    const why = 'x.example.net A: the name is not in the zone example.org: the record is left out';
    assert.deepEqual(warnings, [`${file}:4: ${why}`]);
  }),
];
