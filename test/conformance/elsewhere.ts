/** Rules whose tests stand in other files: `file` from the project's folder, `test` as its title is written there. */

/** See the file's head. */
export interface Elsewhere {
  rfc: number;
  section: string;
  rule: string;
  file: string;
  test: string;
}

export const ELSEWHERE: readonly Elsewhere[] = [
  {
    rfc: 5001,
    section: '2.1',
    rule: 'a name server identifier is given to who asks for it, by every transport',
    file: 'test/server/client-options.test.ts',
    test: 'NSID is given by every transport, to those who ask (RFC 5001)',
  },
  {
    rfc: 7828,
    section: '3.3.2',
    rule: 'a keepalive over TCP and TLS tells how long a connection may rest',
    file: 'test/server/client-options.test.ts',
    test: 'keepalive tells how long a connection may rest, in units of 100 ms, over TCP and TLS (RFC 7828)',
  },
  {
    rfc: 7828,
    section: '3.2.1',
    rule: 'a client that says the time itself gets FORMERR',
    file: 'test/server/client-options.test.ts',
    test: 'a keepalive with a time is FORMERR over TCP and TLS: it is the server who says it (RFC 7828 s.3.2.1)',
  },
  {
    rfc: 7828,
    section: '3.3.1',
    rule: 'over UDP a keepalive means nothing',
    file: 'test/server/client-options.test.ts',
    test: 'keepalive means nothing over UDP and HTTPS',
  },
  {
    rfc: 8467,
    section: '4.1',
    rule: 'replies over TLS and HTTPS are padded to multiples of 468 octets, where the query has padding',
    file: 'test/server/client-options.test.ts',
    test: 'replies over TLS and HTTPS are padded to a multiple of 468 octets (RFC 8467 s.4.1)',
  },
  {
    rfc: 7830,
    section: '6',
    rule: 'nothing is padded where nothing is encrypted',
    file: 'test/server/client-options.test.ts',
    test: 'replies are not padded where nothing is encrypted (RFC 7830 s.6)',
  },
  {
    rfc: 7873,
    section: '5.2',
    rule: 'who sends a cookie gets a server cookie',
    file: 'test/server/cookies.test.ts',
    test: 'are given to who sends one, and are good to dig',
  },
  {
    rfc: 7873,
    section: '5.2.2',
    rule: 'cookies of lengths that none has are FORMERR',
    file: 'test/server/cookies.test.ts',
    test: 'of lengths that none has are FORMERR (RFC 7873 s.5.2.2)',
  },
  {
    rfc: 7873,
    section: '5.2.3',
    rule: 'where cookies are required, who has none gets BADCOOKIE and one to come again with',
    file: 'test/server/cookies.test.ts',
    test: 'where they are required, BADCOOKIE brings the one to come again with',
  },
  {
    rfc: 7873,
    section: '5.4',
    rule: 'a cookie can be had without a question',
    file: 'test/server/cookies.test.ts',
    test: 'can be had without a question (RFC 7873 s.5.4)',
  },
  {
    rfc: 9018,
    section: '4',
    rule: 'cookies are the same for a given secret, whichever server makes them',
    file: 'test/server/cookies.test.ts',
    test: 'are the same for a given secret, wherever they are made',
  },
  {
    rfc: 9018,
    section: '5',
    rule: 'cookies are good at all workers, and after the secret has changed once',
    file: 'test/server/cookies.test.ts',
    test: 'are good at all workers, and after the secret has changed once',
  },
  {
    rfc: 8482,
    section: '4.2',
    rule: 'with the directive any, ANY gets a made-up HINFO',
    file: 'test/directives/small.test.ts',
    test: 'ANY obsoleted',
  },
];
