/** Rules with tests in other files. */

/** A rule. `file`: the path from the project's folder; `test`: the title of the test in this file. */
export interface Elsewhere {
  rfc: number;
  section: string;
  rule: string;
  file: string;
  test: string;
}

export const ELSEWHERE: readonly Elsewhere[] = [
  {
    rfc: 8945,
    section: '5.3',
    rule: 'a signed query needs no cookie: a BADCOOKIE would not be signed',
    file: 'test/server/tsig.test.ts',
    test: 'a signed query needs no cookie: a BADCOOKIE would not be signed (RFC 8945 s.5.3)',
  },
  {
    rfc: 5001,
    section: '2.1',
    rule: 'clients that ask for NSID get it on every transport',
    file: 'test/server/client-options.test.ts',
    test: 'NSID is sent on every transport to clients that ask for it (RFC 5001)',
  },
  {
    rfc: 7828,
    section: '3.3.2',
    rule: 'a keepalive over TCP and TLS has the idle timeout of the connection',
    file: 'test/server/client-options.test.ts',
    test: 'keepalive has the idle timeout in units of 100 ms, over TCP and TLS (RFC 7828)',
  },
  {
    rfc: 7828,
    section: '3.2.1',
    rule: 'a keepalive with a time in a query is FORMERR',
    file: 'test/server/client-options.test.ts',
    test: 'a keepalive with a time is FORMERR over TCP and TLS: only the server sets it (RFC 7828 s.3.2.1)',
  },
  {
    rfc: 7828,
    section: '3.3.1',
    rule: 'a keepalive over UDP is ignored',
    file: 'test/server/client-options.test.ts',
    test: 'keepalive is ignored over UDP and HTTPS',
  },
  {
    rfc: 8467,
    section: '4.1',
    rule: 'replies over TLS and HTTPS are padded to multiples of 468 octets if the query has padding',
    file: 'test/server/client-options.test.ts',
    test: 'replies over TLS and HTTPS are padded to a multiple of 468 octets (RFC 8467 s.4.1)',
  },
  {
    rfc: 7830,
    section: '6',
    rule: 'replies are not padded without encryption',
    file: 'test/server/client-options.test.ts',
    test: 'replies are not padded without encryption (RFC 7830 s.6)',
  },
  {
    rfc: 7873,
    section: '5.2',
    rule: 'a client that sends a cookie gets a server cookie',
    file: 'test/server/cookies.test.ts',
    test: 'are sent to clients that send one, and dig accepts them',
  },
  {
    rfc: 7873,
    section: '5.2.2',
    rule: 'cookies of invalid length are FORMERR',
    file: 'test/server/cookies.test.ts',
    test: 'of invalid length are FORMERR (RFC 7873 s.5.2.2)',
  },
  {
    rfc: 7873,
    section: '5.2.3',
    rule: 'if cookies are required, a client without one gets BADCOOKIE with a cookie for its next query',
    file: 'test/server/cookies.test.ts',
    test: 'if they are required, BADCOOKIE has a cookie for the next query',
  },
  {
    rfc: 7873,
    section: '5.4',
    rule: 'a client can get a cookie without a question',
    file: 'test/server/cookies.test.ts',
    test: 'can be requested without a question (RFC 7873 s.5.4)',
  },
  {
    rfc: 9018,
    section: '4',
    rule: 'servers with the same secret make the same cookies',
    file: 'test/server/cookies.test.ts',
    test: 'are the same on servers with the same secret',
  },
  {
    rfc: 9018,
    section: '5',
    rule: 'cookies are valid on all workers, and after the secret has changed once',
    file: 'test/server/cookies.test.ts',
    test: 'are valid on all workers, and after the secret has changed once',
  },
  {
    rfc: 8482,
    section: '4.2',
    rule: 'with the directive any, ANY gets a made-up HINFO',
    file: 'test/directives/small.test.ts',
    test: 'ANY obsoleted',
  },
  {
    rfc: 2136,
    section: '3.4.2.2',
    rule: 'an update adds a record once; a record with equal data is replaced',
    file: 'test/zone/update.test.ts',
    test: 'add records, once each, to new names and old ones',
  },
  {
    rfc: 2136,
    section: '3.4.2.2',
    rule: 'a CNAME stands alone: an update that would break this is ignored',
    file: 'test/zone/update.test.ts',
    test: 'put nothing beside a CNAME, and no CNAME beside other data; replace a CNAME and a DNAME',
  },
  {
    rfc: 2136,
    section: '3.4.2.2',
    rule: 'an SOA with a serial number that is not later is ignored (RFC 1982)',
    file: 'test/zone/update.test.ts',
    test: 'take a later SOA with its serial number, and ignore another (RFC 1982)',
  },
  {
    rfc: 2136,
    section: '3.4.2.3',
    rule: 'SOA and NS of the zone are not deleted with their name or type',
    file: 'test/zone/update.test.ts',
    test: 'leave SOA and the last NS at the top',
  },
  {
    rfc: 2136,
    section: '3.4.2.4',
    rule: 'a record is deleted by its data, in which the case of names is ignored',
    file: 'test/zone/update.test.ts',
    test: 'delete a record, ignoring the case of names in it, a type, and a name',
  },
  {
    rfc: 2136,
    section: '3.4.2.7',
    rule: 'changes are made in their order',
    file: 'test/zone/update.test.ts',
    test: 'happen in their order',
  },
  {
    rfc: 2136,
    section: '3.7',
    rule: 'an update is made whole or not at all',
    file: 'test/zone/update.test.ts',
    test: 'are made whole or not at all, with the response code in the error',
  },
  {
    rfc: 2136,
    section: '3.2.5',
    rule: 'the first prerequisite that does not hold gives the response code',
    file: 'test/zone/update.test.ts',
    test: 'are decided by the first that does not hold; one that is invalid is an error',
  },
  {
    rfc: 5936,
    section: '2.2',
    rule: 'a transfer begins and ends with the SOA, and is of one version of the zone',
    file: 'test/zone/update.test.ts',
    test: 'do not disturb an iteration that has begun, nor answers that were given',
  },
  {
    rfc: 1995,
    section: '4',
    rule: 'an incremental transfer has the differences in their order',
    file: 'test/examples/dynamic-primary.test.ts',
    test: 'gives changes to dig by IXFR, the SOA alone to one who has all, the whole zone to one who is far behind',
  },
  {
    rfc: 1996,
    section: '3.7',
    rule: 'secondaries follow a NOTIFY',
    file: 'test/examples/dynamic-primary.test.ts',
    test: 'takes updates that are signed, and its secondaries follow by IXFR',
  },
];
