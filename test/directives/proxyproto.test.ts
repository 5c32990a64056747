import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import { listenOptions } from '../../dist/run/listen.js';
import { framed, queryBytes, udpExchange } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { ENDS4, header2 } from '../support/proxy-header.js';
import { refuses } from '../support/refuses.js';

/** What the server answers over TCP to a header and a query, if it does. */
function exchange(port: number, header: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(Buffer.concat(chunks));
    });
    socket.end(Buffer.concat([header, framed(queryBytes('example.org'))]));
  });
}

const client = Buffer.from(ENDS4.client.split('.').map(Number));
const own = Buffer.from([127, 0, 0, 1]);

describe('the directive proxyproto', () => {
  for (const [lines, seen] of [
    ['', client],
    ['{\n allow 127.0.0.0/8\n }', client],
    ['{\n allow 10.0.0.0/8 127.0.0.1/32\n default reject\n }', client],
    ['{\n allow 10.0.0.0/8\n default use\n }', client],
    ['{\n default USE\n }', client],
    ['{\n allow 10.0.0.0/8\n }', own],
    ['{\n allow 10.0.0.0/8\n default ignore\n }', own],
    ['{\n default ignore\n }', own],
    ['{\n allow 10.0.0.0/8\n default reject\n }', undefined],
    ['{\n default skip\n }', undefined],
  ] as const) {
    const whom = seen === client ? 'believes the proxy' : seen === own ? 'skips the header' : 'takes no such query';
    it(`${lines.replaceAll('\n', ';') || 'without a block'}: ${whom}`, async () => {
      const corefile = `.:0 {\n bind 127.0.0.1\n proxyproto ${lines}\n timeouts {\n  read 1s\n }\n whoami\n}`;
      const { server, port } = await serveCorefile(corefile);
      const message = Buffer.concat([header2(ENDS4, 2), queryBytes('example.org')]);
      const replies = [
        await exchange(port, header2(ENDS4)),
        (await udpExchange(message, port, '127.0.0.1', 200))?.reply,
      ];
      for (const reply of replies) {
        for (const address of [client, own]) assert.equal(reply?.includes(address) ?? false, address === seen);
      }
      await server.close({ timeout: 0 });
    });
  }

  it('belongs to the addresses of its block', () => {
    const corefile = loadCorefile('.:53 {\n proxyproto\n}\n.:54 {\n}');
    const { listen } = listenOptions(corefile);
    assert.deepEqual(
      listen.map(({ proxyProtocol }) => proxyProtocol),
      [{ from: ['0.0.0.0/0', '::/0'] }, undefined],
    );
  });

  refuses([
    ['proxyproto x', 2, "Wrong argument count or unexpected line ending after 'x'"],
    ['proxyproto {\n allow 192.0.2.1\n}', 3, '192.0.2.1: invalid CIDR address: 192.0.2.1'],
    ['proxyproto {\n allow 10.0.0.0/8 x/8\n}', 3, 'x/8: invalid CIDR address: x/8'],
    ['proxyproto {\n default\n}', 3, "Wrong argument count or unexpected line ending after 'default'"],
    ['proxyproto {\n default allow\n}', 3, "Wrong argument count or unexpected line ending after 'allow'"],
    ['proxyproto {\n default use ignore\n}', 3, "Wrong argument count or unexpected line ending after 'ignore'"],
    ['proxyproto {\n udp_session_tracking 28s\n}', 3, "'udp_session_tracking' is not supported"],
    ['proxyproto {\n tlv_metadata\n}', 3, "'tlv_metadata' is not supported"],
    ['proxyproto {\n other\n}', 3, "unknown option 'other'"],
  ]);
});
