/** DNS over HTTPS behind proxies. */
import assert from 'node:assert/strict';
import { createServer } from 'multisocket';
import { dnsParameter, doh, HTTP_VERSIONS, type DohRequest } from '../../support/doh.js';
import { holds, type Rule } from '../rule.js';

type Lines = DohRequest['headers'];

/** Asks a server that trusts 127.0.0.1 and 10.0.0.0/8; returns the client that its handler sees, or the status of a refusal. */
async function clientOf(headers: Lines, more: DohRequest = {}): Promise<string | number> {
  let seen = '';
  const server = createServer({
    listen: 'http://127.0.0.1:0',
    sockets: 1,
    workers: 0,
    trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
    handler: (query, reply) => {
      seen = `${query.client.address} ${query.client.port}`;
      reply.rcode = 'NOERROR';
    },
  });
  await server.listen();
  const url = `http://127.0.0.1:${server.addresses()[0].port}/dns-query${dnsParameter()}`;
  const { status } = await doh(url, { headers: headers ?? [], ...more });
  await server.close();
  return status === 200 ? seen : status;
}

/** A rule for the client that a request through a trusted proxy has. */
function client(rfc: number, section: string, rule: string, headers: Lines, expected: string | number): Rule {
  return holds(rfc, section, rule, async () => {
    for (const version of HTTP_VERSIONS) assert.equal(await clientOf(headers, { version }), expected);
  });
}

const F = (value: string): readonly [string, string] => ['forwarded', value];

export const rules: readonly Rule[] = [
  client(7239, '4', 'parameters are read in any case and order', [F('Proto=https;FOR=192.0.2.7')], '192.0.2.7 0'),
  client(7239, '4', 'a parameter twice in an element is malformed', [F('for=192.0.2.7;for=192.0.2.8')], 400),
  client(
    7239,
    '6',
    'an IPv6 address stands in brackets, with a port',
    [F('for="[2001:db8::7]:4711"')],
    '2001:db8::7 4711',
  ),
  client(7239, '6.3', 'an obfuscated port is none', [F('for="192.0.2.7:_port"')], '192.0.2.7 0'),
  client(7239, '7.1', 'fields on several lines are one list', [F('for=192.0.2.7'), F('for=10.0.0.1')], '192.0.2.7 0'),
  client(
    7239,
    '8.1',
    'what stands before an untrusted address does not count',
    [F('for=10.0.0.9, for=192.0.2.7')],
    '192.0.2.7 0',
  ),
  holds(7239, '8.1', 'the field of an untrusted peer does not count', async () => {
    const seen = await clientOf([F('for=192.0.2.7')], { localAddress: '127.0.0.9' });
    assert.match(String(seen), /^127\.0\.0\.9 /);
  }),
  holds(9113, '3.3', 'HTTP/2 begins with prior knowledge where there is no TLS', async () => {
    assert.match(String(await clientOf([], { version: '2' })), /^127\.0\.0\.1 /);
  }),
];
