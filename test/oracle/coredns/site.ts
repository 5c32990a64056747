/** What both servers serve when their answers are compared. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const APEX = [
  '@ 3600 IN SOA ns1.example.org. admin.example.org. 7 7200 1800 86400 300',
  '@ 3600 IN NS ns1.example.org.',
  '@ 3600 IN NS ns2.example.net.',
  '@ 60 IN MX 10 mail',
  '@ 60 IN MX 20 mail.example.net.',
  '@ 60 IN CAA 0 issue "ca.example.net"',
  '@ 60 IN TXT "one" "two"',
];
const EXAMPLE = [
  '$ORIGIN example.org.',
  ...APEX,
  'ns1 60 IN A 192.0.2.1',
  'ns1 60 IN AAAA 2001:db8::1',
  'mail 60 IN A 192.0.2.2',
  'www 60 IN A 192.0.2.3',
  'www 60 IN A 192.0.2.4',
  'www 60 IN AAAA 2001:db8::3',
  'www 60 IN HTTPS 1 . alpn=h2,h3',
  'alias 60 IN CNAME www',
  'chain 60 IN CNAME alias',
  'away 60 IN CNAME www.sub.example.org.',
  'out 60 IN CNAME host.hosts.test.',
  'made 60 IN CNAME ip-10.tmpl.test.',
  'lost 60 IN CNAME nothing.example.org.',
  'elsewhere 60 IN CNAME www.example.net.',
  'loop1 60 IN CNAME loop2',
  'loop2 60 IN CNAME loop1',
  '*.wild 60 IN A 192.0.2.5',
  '*.wild 60 IN TXT "wild"',
  'here.wild 60 IN A 192.0.2.6',
  '*.walias 60 IN CNAME www',
  'a.b.c.deep 60 IN A 192.0.2.7',
  '_sip._udp 60 IN SRV 1 2 5060 www',
  'naptr 60 IN NAPTR 100 10 "u" "sip+E2U" "!^.*$!sip:a@example.org!" .',
  'tlsa 60 IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  'sshfp 60 IN SSHFP 1 1 0123456789abcdef0123456789abcdef01234567',
  'given 60 IN NS ns.given',
  'given 60 IN NS ns.example.net.',
  'given 60 IN DS 12345 8 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  'ns.given 60 IN A 192.0.2.8',
  'dname 60 IN DNAME www.example.org.',
  'UPPER 60 IN A 192.0.2.9',
  'sub 60 IN NS ns1',
];
const SUB = [
  '$ORIGIN sub.example.org.',
  '@ 3600 IN SOA ns1.example.org. admin.example.org. 8 7200 1800 86400 60',
  '@ 3600 IN NS ns1.example.org.',
  'www 60 IN A 192.0.2.10',
  'back 60 IN CNAME www.example.org.',
];

const block = (zone: string, lines: readonly string[]): string => `${zone}:PORT {\n  ${lines.join('\n  ')}\n}\n`;
const COREFILE = [
  block('example.org', ['file db.example']),
  block('sub.example.org', ['file db.sub']),
  block('hosts.test', [
    'hosts hosts.test {\n    192.0.2.22 inline.hosts.test\n    ttl 30\n    fallthrough\n  }',
    'template IN TXT hosts.test {\n    answer "{{ .Name }} 60 IN TXT \\"fell through\\""\n  }',
  ]),
  block('2.0.192.in-addr.arpa', ['hosts hosts.test']),
  block('tmpl.test', [
    'template IN A tmpl.test {\n    match ^ip-(?P<n>[0-9]{1,3})[.]\n    answer "{{ .Name }} 60 IN A 10.0.0.{{ .Group.n }}"\n    fallthrough\n  }',
    'template IN ANY alias.tmpl.test {\n    answer "{{ .Name }} 60 IN CNAME www.example.org."\n  }',
    'template IN ANY no.tmpl.test {\n    rcode NXDOMAIN\n    authority "tmpl.test 60 IN SOA ns.tmpl.test. admin.tmpl.test. 1 60 60 60 60"\n  }',
    'template IN MX tmpl.test {\n    answer "{{ .Name }} 60 IN MX 10 mail.{{ .Zone }}"\n    additional "mail.{{ .Zone }} 60 IN A 10.0.0.99"\n  }',
  ]),
  block('rw.test', ['rewrite name suffix .rw.test .example.org answer auto', 'file db.example example.org']),
  block('acl.test', ['acl {\n    allow type TXT\n    block type A AAAA\n    filter type MX NS\n  }', 'whoami']),
  // What is forbidden is what it is rewritten to.
  block('racl.test', [
    'rewrite name suffix .racl.test .example.org answer auto',
    'acl www.example.org {\n    block\n  }',
    'acl mail.racl.test {\n    block\n  }',
    'cache 60',
    'file db.example example.org',
  ]),
  block('min.test', [
    'minimal',
    'rewrite name suffix .min.test .example.org answer auto',
    'file db.example example.org',
  ]),
  block('head.test', [
    'header {\n    response set ra\n    response clear aa\n  }',
    'rewrite name suffix .head.test .example.org answer auto',
    'file db.example example.org',
  ]),
  block('bind server', ['chaos version author']).replace('bind server:', 'bind:PORT server:'),
  block('localhost 127.in-addr.arpa local.test', ['local', 'whoami']).replace(
    'localhost 127.in-addr.arpa local.test:',
    'localhost:PORT 127.in-addr.arpa:PORT localhost.local.test:',
  ),
  block('any.test', ['any', 'whoami']),
  block('lb.test', [
    'rewrite name suffix .lb.test .example.org answer auto',
    'loadbalance',
    'file db.example example.org',
  ]),
  block('who.test', ['whoami']),
  block('empty.test', ['nsid oracle']),
].join('');

/** Writes the Corefile for a port of 127.0.0.1, and the files that it names; returns the path of the Corefile. */
export function writeSite(directory: string, name: string, port: number): string {
  writeFileSync(join(directory, 'db.example'), `${EXAMPLE.join('\n')}\n`);
  writeFileSync(join(directory, 'db.sub'), `${SUB.join('\n')}\n`);
  const hosts = [
    '192.0.2.20 host.hosts.test',
    '2001:db8::20 host.hosts.test other.hosts.test',
    '192.0.2.21 other.hosts.test',
  ];
  writeFileSync(join(directory, 'hosts.test'), `${hosts.join('\n')}\n`);
  const path = join(directory, name);
  writeFileSync(path, COREFILE.replaceAll('PORT {\n', `PORT {\n  bind 127.0.0.1\n`).replaceAll('PORT', String(port)));
  return path;
}

const ZONES = ['example.org', 'sub.example.org', 'rw.test', 'lb.test', 'racl.test', 'min.test', 'head.test'];
const OWNERS = EXAMPLE.concat(SUB)
  .map((line) => line.split(' ')[0])
  .filter((owner) => !owner.startsWith('$') && owner !== '@')
  .map((owner) => owner.replace('*', 'star'));

/** Names that the zones have, and some near them. */
export const NAMES: readonly string[] = [
  ...ZONES.flatMap((zone) => [zone, ...OWNERS.map((owner) => `${owner}.${zone}`)]),
  ...['b.c.deep.example.org', 'deep.example.org', 'nothing.example.org', 'x.www.example.org', 'x.y.wild.example.org'],
  ...[
    'below.given.example.org',
    'x.dname.example.org',
    'x.y.dname.example.org',
    'a.walias.example.org',
    '*.wild.example.org',
  ],
  ...['hosts.test', 'host.hosts.test', 'other.hosts.test', 'inline.hosts.test', 'nobody.hosts.test'],
  ...['20.2.0.192.in-addr.arpa', '22.2.0.192.in-addr.arpa', '99.2.0.192.in-addr.arpa', '2.0.192.in-addr.arpa'],
  ...['ip-7.tmpl.test', 'ip-x.tmpl.test', 'tmpl.test', 'a.alias.tmpl.test', 'a.no.tmpl.test', 'x.tmpl.test'],
  ...['acl.test', 'a.acl.test', 'any.test', 'a.any.test', 'who.test', 'a.b.who.test', 'empty.test', 'www.empty.test'],
  ...['version.bind', 'authors.bind', 'VERSION.server', 'hostname.bind', 'x.bind', 'bind'],
  ...[
    'localhost',
    'a.localhost',
    'localhost.local.test',
    '1.0.0.127.in-addr.arpa',
    '2.0.0.127.in-addr.arpa',
    '127.in-addr.arpa',
  ],
  ...['.', 'test', 'org', 'invalid', 'example.net', 'www.example.net'],
];
