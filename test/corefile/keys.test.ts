import assert from 'node:assert/strict';
import { keyWarnings, parseKey } from '../../dist/corefile/keys.js';

const word = (text: string) => ({ text, file: 'Corefile', line: 7 });

/** `transport://zone:port` of each zone. */
const read = (text: string, dnsPort = 53): string[] =>
  parseKey(word(text), dnsPort).map(({ transport, zone, port }) => `${transport}://${zone}:${port}`);
const zones = (text: string): string[] => parseKey(word(text), 53).map(({ zone }) => zone);

describe('keys of server blocks', () => {
  const keys: [string, string[]][] = [
    ['.', ['dns://.:53']],
    ['example.org', ['dns://example.org:53']],
    ['Example.ORG.', ['dns://example.org:53']],
    ['example.org:1053', ['dns://example.org:1053']],
    ['.:0', ['dns://.:0']],
    ['dns://example.org', ['dns://example.org:53']],
    ['tls://.', ['tls://.:853']],
    ['https://.', ['https://.:443']],
    ['https3://.', ['https3://.:443']],
    ['grpc://.', ['grpc://.:443']],
    ['quic://.:8853', ['quic://.:8853']],
    ['quic://.', ['quic://.:853']],
    ['tls://10.0.0.0/8:5353', ['tls://10.in-addr.arpa:5353']],
    ['2001:db8::/32:5353', ['dns://8.b.d.0.1.0.0.2.ip6.arpa:5353']],
    ['ß.example', ['dns://\\195\\159.example:53']],
    ['a\\.b\\065\\\\.example', ['dns://a\\.ba\\\\.example:53']],
  ];
  for (const [text, expected] of keys)
    it(`${text} is ${expected.join(' ')}`, () => {
      assert.deepEqual(read(text), expected);
    });

  it('take the port of dns from the caller, and only that', () => {
    assert.deepEqual([...read('.', 1053), ...read('tls://.', 1053)], ['dns://.:1053', 'tls://.:853']);
  });

  it('know their place', () => {
    assert.deepEqual(parseKey(word('.'), 53), [{ zone: '.', transport: 'dns', port: 53, file: 'Corefile', line: 7 }]);
  });

  const networks: [string, string[]][] = [
    ['10.0.0.0/8', ['10.in-addr.arpa']],
    ['10.1.2.3/24', ['2.1.10.in-addr.arpa']],
    ['10.1.2.3/32', ['3.2.1.10.in-addr.arpa']],
    ['10.1.2.0/23', ['2.1.10.in-addr.arpa', '3.1.10.in-addr.arpa']],
    ['172.16.5.9/14', ['16.172.in-addr.arpa', '17.172.in-addr.arpa', '18.172.in-addr.arpa', '19.172.in-addr.arpa']],
    ['192.0.2.77/31', ['76.2.0.192.in-addr.arpa', '77.2.0.192.in-addr.arpa']],
    ['0.0.0.0/0', ['in-addr.arpa']],
    ['2001:db8::/32', ['8.b.d.0.1.0.0.2.ip6.arpa']],
    ['2001:db8::/31', ['8.b.d.0.1.0.0.2.ip6.arpa', '9.b.d.0.1.0.0.2.ip6.arpa']],
    ['fd00::/7', ['c.f.ip6.arpa', 'd.f.ip6.arpa']],
    ['2001:DB8:1:2::ffff/64', ['2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa']],
    ['64:ff9b::192.0.2.1/124', ['0.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa']],
  ];
  for (const [text, expected] of networks)
    it(`${text} is ${expected.join(' ')}`, () => {
      assert.deepEqual(zones(text), expected);
    });

  it('become as many zones as a prefix leaves open', () => {
    assert.equal(zones('10.0.0.0/9').length, 128);
    assert.deepEqual(
      [zones('10.200.0.0/9').at(0), zones('10.200.0.0/9').at(-1)],
      ['128.10.in-addr.arpa', '255.10.in-addr.arpa'],
    );
    assert.equal(zones('2001:db8::/33').length, 8);
  });

  it('are names where they are no network', () => {
    assert.deepEqual(zones('10.0.0.0/33'), ['10.0.0.0/33']);
    assert.deepEqual(zones('10.0.0/8'), ['10.0.0/8']);
    assert.deepEqual(zones('0-127.2.0.192.in-addr.arpa'), ['0-127.2.0.192.in-addr.arpa']);
  });

  const long = `${'a'.repeat(63)}.`.repeat(3);
  const faults: [string, string][] = [
    ['example.org:', 'expecting data after last colon: "example.org:"'],
    [':53', 'zone is not a valid domain name: '],
    ['a..b', 'zone is not a valid domain name: a..b'],
    ['.a', 'zone is not a valid domain name: .a'],
    ['a\\', 'zone is not a valid domain name: a\\'],
    ['a\\256', 'zone is not a valid domain name: a\\256'],
    [`${'a'.repeat(64)}.org`, `zone is not a valid domain name: ${'a'.repeat(64)}.org`],
    [`${long}${'b'.repeat(62)}.`, `zone is not a valid domain name: ${long}${'b'.repeat(62)}.`],
    ['a'.repeat(256), 'specified zone is too long: 256 > 255'],
    ['::/8', 'invalid CIDR ::/8'],
    ['0::/8', 'invalid CIDR 0::/8'],
    ['example.org:65536', 'port is not from 0 to 65535: 65536'],
    ['example.org:-1', 'port is not from 0 to 65535: -1'],
  ];
  for (const [text, message] of faults) {
    it(`${text.slice(0, 30)} is refused`, () => {
      assert.throws(() => read(text), {
        code: 'ERR_MULTISOCKET_COREFILE',
        file: 'Corefile',
        line: 7,
        message: `Corefile:7 - Error during parsing: ${message}`,
      });
    });
  }

  it('that are addresses are warned of', () => {
    for (const text of ['127.0.0.1', '127.0.0.1:53', '::1', '[::1]:53', '[::1]', 'dns://192.0.2.1']) {
      const message = `Corefile:7 - Warning: '${text}' is read as a zone's name: addresses to listen on belong to bind`;
      assert.deepEqual(keyWarnings(word(text)), [{ file: 'Corefile', line: 7, message }]);
    }
    for (const text of ['.', '10.0.0.0/8', '2001:db8::/32:53', '1.in-addr.arpa', 'tls://.', 'https3://.:1'])
      assert.deepEqual(keyWarnings(word(text)), []);
  });

  const odd: [string, string, string][] = [
    ['udp://.', 'dns://udp://:53', "there is no transport 'udp'; it can be dns, tls, https, https3, grpc, quic"],
    ['TLS://a', 'dns://tls://a:53', "there is no transport 'TLS'; it can be dns, tls, https, https3, grpc, quic"],
    ['unix://.:5', 'dns://unix://:5', "there is no transport 'unix'; it can be dns, tls, https, https3, grpc, quic"],
    [
      'toString://.',
      'dns://tostring://:53',
      "there is no transport 'toString'; it can be dns, tls, https, https3, grpc, quic",
    ],
    ['example.a b', 'dns://example.a\\032b:53', 'it has white space'],
  ];
  for (const [text, expected, reason] of odd)
    it(`'${text}' is a name, as in CoreDNS, with a warning`, () => {
      assert.deepEqual(read(text), [expected]);
      const message = `Corefile:7 - Warning: '${text}' is read as a zone's name: ${reason}`;
      assert.deepEqual(keyWarnings(word(text)), [{ file: 'Corefile', line: 7, message }]);
    });

  it('that are the longest names are read', () => {
    assert.deepEqual(zones(`${long}${'b'.repeat(61)}.`), [`${long}${'b'.repeat(61)}`]);
  });
});
