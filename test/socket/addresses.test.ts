import assert from 'node:assert/strict';
import { formatAddress, parseAddress, resolveAddress } from '../../dist/socket/addresses.js';

const parse = (entry: unknown, ipv6Only = false) => parseAddress(entry, { ipv6Only });

describe('an entry of listen', () => {
  for (const [entry, transport, address, port] of [
    ['127.0.0.1', 'dns', '127.0.0.1', 53],
    ['127.0.0.1:5300', 'dns', '127.0.0.1', 5300],
    ['127.0.0.1:0', 'dns', '127.0.0.1', 0],
    ['127.0.0.1:65535', 'dns', '127.0.0.1', 65535],
    ['::1', 'dns', '::1', 53],
    ['::', 'dns', '::', 53],
    ['[::1]', 'dns', '::1', 53],
    ['[::1]:5300', 'dns', '::1', 5300],
    ['[fe80::1%lo]:5300', 'dns', 'fe80::1%lo', 5300],
    [':5300', 'dns', '::', 5300],
    ['localhost', 'dns', 'localhost', 53],
    ['ns1.example.org.:5300', 'dns', 'ns1.example.org.', 5300],
    ['dns://192.0.2.1', 'dns', '192.0.2.1', 53],
    ['DNS://[2001:db8::1]:54', 'dns', '2001:db8::1', 54],
    ['tls://192.0.2.1', 'tls', '192.0.2.1', 853],
    ['tls://[::1]:8853', 'tls', '::1', 8853],
    ['https://::1', 'https', '::1', 443],
    ['https://:8443', 'https', '::', 8443],
    ['tls://[fe80::1%eth0]', 'tls', 'fe80::1%eth0', 853],
  ] as const) {
    it(`"${entry}" is ${address} port ${port}, ${transport}`, () => {
      assert.deepEqual(parse(entry), { transport, address, port, sockets: undefined, ipv6Only: false });
    });
  }

  for (const [entry, protocol, address, port] of [
    ['udp://127.0.0.1', 'udp', '127.0.0.1', 53],
    ['TCP://[::1]:5300', 'tcp', '::1', 5300],
    ['udp://:5300', 'udp', '::', 5300],
    ['tcp://[fe80::1%eth0]:53', 'tcp', 'fe80::1%eth0', 53],
  ] as const) {
    it(`"${entry}" is ${address} port ${port}, dns by ${protocol} alone`, () => {
      const rest = { sockets: undefined, ipv6Only: false };
      assert.deepEqual(parse(entry), { transport: 'dns', protocol, address, port, ...rest });
    });
  }

  it('may have an interface', () => {
    const { interface: name, address } = parse({ address: '0.0.0.0', interface: 'eth0.4094' });
    assert.deepEqual([name, address], ['eth0.4094', '0.0.0.0']);
  });

  it('may be an object', () => {
    assert.deepEqual(parse({ address: '::1', port: 5300, sockets: 4, ipv6Only: true }), {
      transport: 'dns',
      address: '::1',
      port: 5300,
      sockets: 4,
      ipv6Only: true,
    });
    assert.deepEqual(parse({ transport: 'tls', address: 'localhost' }), {
      transport: 'tls',
      address: 'localhost',
      port: 853,
      sockets: undefined,
      ipv6Only: false,
    });
  });

  it('takes ipv6Only from the server where it has none', () => {
    assert.equal(parse('::1', true).ipv6Only, true);
    assert.equal(parse({ address: '::1' }, true).ipv6Only, true);
    assert.equal(parse({ address: '::1', ipv6Only: false }, true).ipv6Only, false);
  });

  const received = (entry: string): string => `Received '${entry}'`;
  for (const [entry, problem] of [
    ['', 'must be ADDRESS, ADDRESS:PORT or [IPV6]:PORT'],
    ['dns://', 'must be ADDRESS, ADDRESS:PORT or [IPV6]:PORT'],
    ['127.0.0.1:', 'must be ADDRESS, ADDRESS:PORT or [IPV6]:PORT'],
    ['127.0.0.1:x', 'must be ADDRESS, ADDRESS:PORT or [IPV6]:PORT'],
    ['127.0.0.1:-1', 'must be ADDRESS, ADDRESS:PORT or [IPV6]:PORT'],
    ['[::1', 'must be ADDRESS, ADDRESS:PORT or [IPV6]:PORT'],
    ['[::1]5300', 'must be ADDRESS, ADDRESS:PORT or [IPV6]:PORT'],
    ['1:2:3', 'must be ADDRESS, ADDRESS:PORT or [IPV6]:PORT'],
    ['[127.0.0.1]:53', 'has no IPv6 address in brackets'],
    ['[]:53', 'has no IPv6 address in brackets'],
    ['127.0.0.1:65536', 'has a port above 65535'],
    ['127.0.0.1:99999999999999999999', 'has a port above 65535'],
    ['256.0.0.1', 'has neither an IP address nor a host name'],
    ['1.2.3', 'has neither an IP address nor a host name'],
    ['-a.example', 'has neither an IP address nor a host name'],
    ['a_b.example:53', 'has neither an IP address nor a host name'],
    ['a..b', 'has neither an IP address nor a host name'],
    [
      'ftp://127.0.0.1',
      'has an unknown transport; it can be dns, tls, https, http, grpc, or udp or tcp for one of dns',
    ],
    [
      'constructor://127.0.0.1',
      'has an unknown transport; it can be dns, tls, https, http, grpc, or udp or tcp for one of dns',
    ],
  ] as const) {
    it(`"${entry}" is refused: it ${problem}`, () => {
      const message = `The "listen" option ${problem}. ${received(entry)}`;
      assert.throws(() => parse(entry), { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', message });
    });
  }

  for (const [transport, reason] of [
    ['quic', 'Node has no QUIC that a server can use yet'],
    ['https3', 'Node has no QUIC that a server can use yet'],
  ] as const) {
    it(`of ${transport} is refused with a code of its own`, () => {
      const code = 'ERR_MULTISOCKET_UNSUPPORTED_TRANSPORT';
      const message = `The transport of "${transport}://[::1]" is not supported: ${reason}`;
      assert.throws(() => parse(`${transport}://[::1]`), { code, message });
      assert.throws(() => parse({ transport, address: '::1' }), { code });
    });
  }

  for (const [entry, code, message] of [
    [undefined, 'ERR_INVALID_ARG_TYPE', /^The "listen" option must be a string or an object\. Received undefined$/],
    [null, 'ERR_INVALID_ARG_TYPE', /^The "listen" option must be a string or an object/],
    [53, 'ERR_INVALID_ARG_TYPE', /^The "listen" option must be a string or an object/],
    [{}, 'ERR_INVALID_ARG_TYPE', /^The "listen\.address" option must be a string/],
    [{ address: 1 }, 'ERR_INVALID_ARG_TYPE', /^The "listen\.address" option must be a string/],
    [{ address: '::1', transport: 1 }, 'ERR_INVALID_ARG_TYPE', /^The "listen\.transport" option must be a string/],
    [{ address: '::1', port: '53' }, 'ERR_INVALID_ARG_TYPE', /^The "listen\.port" option must be a number/],
    [{ address: '::1', port: 65536 }, 'ERR_OUT_OF_RANGE', /^The "listen\.port" option is out of range/],
    [{ address: '::1', ipv6Only: 1 }, 'ERR_INVALID_ARG_TYPE', /^The "listen\.ipv6Only" option must be a boolean/],
    [{ address: '[::1]' }, 'ERR_INVALID_ARG_VALUE', /has neither an IP address nor a host name/],
    [{ address: '::1', interface: 1 }, 'ERR_INVALID_ARG_TYPE', /^The "listen\.interface" option must be a string/],
    ...['', 'a'.repeat(16), '\u00e9'.repeat(8), 'a/b', 'a b', 'a\0b', 'a\n'].map(
      (name) =>
        [
          { address: '::1', interface: name },
          'ERR_INVALID_ARG_VALUE',
          /^The "listen\.interface" option must be the name of an interface, 1 to 15 octets without "\/" and space/,
        ] as const,
    ),
    [{ address: '' }, 'ERR_INVALID_ARG_VALUE', /has neither an IP address nor a host name/],
  ] as const) {
    it(`${JSON.stringify(entry)} is refused: ${code}`, () => {
      assert.throws(() => parse(entry), { code, message });
    });
  }
});

describe('an address', () => {
  it('that is numeric is not looked up', async () => {
    for (const entry of ['192.0.2.1:53', '[::1]:53', '[fe80::1%lo]:53']) {
      const address = parse(entry);
      assert.equal(await resolveAddress(address), address);
    }
  });

  it('that is a name is looked up, and keeps the rest', async () => {
    const { address, ...rest } = await resolveAddress(parse({ address: 'localhost', port: 5300, sockets: 3 }));
    assert.ok(['127.0.0.1', '::1'].includes(address), address);
    assert.deepEqual(rest, { transport: 'dns', port: 5300, sockets: 3, ipv6Only: false });
  });

  it('that is a name which does not exist is the look-up`s error', async () => {
    await assert.rejects(resolveAddress(parse('does-not-exist.invalid')), { syscall: 'getaddrinfo' });
  });

  it('is written with its port, in brackets if it is IPv6 (RFC 3986 s.3.2.2)', () => {
    assert.equal(formatAddress('192.0.2.1', 53), '192.0.2.1:53');
    assert.equal(formatAddress('::1', 0), '[::1]:0');
    assert.equal(formatAddress('localhost', 53), 'localhost:53');
    assert.equal(formatAddress('::', 53, 'eth0'), '[::]%eth0:53');
    assert.equal(formatAddress('0.0.0.0', 53, 'eth0'), '0.0.0.0%eth0:53');
  });
});
