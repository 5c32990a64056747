/** The zones that the conformance suite asks about. */

const LABEL63 = 'l'.repeat(63);

/** The zone files, by origin. */
export const ZONES: Readonly<Record<string, string>> = {
  'example.org': `$TTL 1h
@ 2h IN SOA ns1 hostmaster 7 1d 2h 4w 15m
  NS ns1
  NS ns.elsewhere.example.
  MX 10 mail
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
mail A 192.0.2.3
www 300 A 192.0.2.80
www 300 A 192.0.2.81
www 300 TXT "v"
own 60 TYPE65280 \\# 4 0A000001
; empty non-terminals
leaf.ent A 192.0.2.4
; aliases
alias CNAME www
chain CNAME alias
outside CNAME www.elsewhere.example.
dangling CNAME nothing
dataless CNAME mail
self CNAME self
one CNAME two
two CNAME one
into CNAME x.sub
towild CNAME x.wild
; DNAME
tree DNAME ent
tree TXT "beside"
abroad DNAME elsewhere.example.
long DNAME ${LABEL63}.${LABEL63}.${LABEL63}.example.org.
; names of services
_sip._udp SRV 1 2 5060 mail
_sip._tcp SRV 1 2 5060 ns.sub
mx MX 10 www
mx MX 20 mx.elsewhere.example.
mxalias MX 10 alias
ptr PTR www
rp RP host.www text.www
naptr NAPTR 1 2 "u" "E2U+sip" "!^.*$!x!" www
; wildcards
*.wild A 192.0.2.5
*.wild TXT "wild"
*.wildcname CNAME www
*.wildmx MX 10 x.wild
; delegations: glue inside, of a sibling, outside
sub NS ns.sub
sub NS ns.sibling
sub DS 1 13 2 ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB
ns.sub A 192.0.2.6
ns.sub AAAA 2001:db8::6
hidden.sub A 192.0.2.7
sibling NS ns.sibling
ns.sibling A 192.0.2.8
far NS ns.elsewhere.example.
child NS ns1
child DS 2 13 2 CDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCD
`,
  // A zone below the other, on the same server.
  'child.example.org': '$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS ns1.example.org.\nwww A 192.0.2.9\n',
  // RFC 4592 s.2.2.1, in our records.
  'wild.example': `$TTL 1h
@ SOA ns hostmaster 1 2 3 4 5
  NS ns.elsewhere.test.
* TXT "this is a wildcard"
* MX 10 host1
sub.* TXT "this is not a wildcard"
host1 A 192.0.2.1
_ssh._tcp.host1 SRV 0 0 22 host1
_ssh._tcp.host2 SRV 0 0 22 host1
subdel NS ns.elsewhere.test.
`,
  // What a zone file may look like, a name a rule.
  'syntax.example': `$TTL 10 ; the default from here on
@ IN SOA a\\.b hostmaster ( 1 2 ; a comment
  3 4
  5 )
@ NS ns
ns A 192.0.2.53
at 1 PTR @
absolute 1 PTR a.other.example.
blank 1 A 192.0.2.1
      1 A 192.0.2.2
class IN 2 A 192.0.2.3
ttl 3 IN A 192.0.2.4
lower 4 in a 192.0.2.5
units 1h30m A 192.0.2.6
default A 192.0.2.7
esc\\.aped 1 A 192.0.2.8
dec\\032imal 1 A 192.0.2.9
octet\\200 1 A 192.0.2.10
string 1 TXT "two words" bare "quo\\"te" "semi;colon" ""
numeric 1 TXT "\\065\\255"
generic 1 TYPE1 \\# 4 C000020B
number 1 CLASS1 TYPE1 192.0.2.12
unknown 1 TYPE731 \\# 6 abcd ( ef 01 23 45 )
empty 1 TYPE731 \\# 0
mapped 1 AAAA ::ffff:192.0.2.13
caa 1 CAA 128 issue "ca.example"
svcb 1 HTTPS 1 . alpn="h2,h3" port=8443
alias 1 HTTPS 0 www
tlsa 1 TYPE52 \\# 5 0301011234
tlsaword 1 TLSA 3 1 1 1234
double 1 A 192.0.2.14
DOUBLE 1 A 192.0.2.14
mixed 7 A 192.0.2.15
mixed 9 A 192.0.2.16
CASE 1 A 192.0.2.17
$ORIGIN deep
origin 1 A 192.0.2.18
$ORIGIN syntax.example.
$TTL 20
later A 192.0.2.19
`,
};
