/** The directive proxyproto beside that of CoreDNS: whom each sees behind the same headers. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { framed, queryBytes, udpExchange } from '../../support/clients.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { endChild } from '../../support/end-child.js';
import { freePort } from '../../support/free-port.js';
import { ENDS4, ENDS6, header1, header2, rawHeader2 } from '../../support/proxy-header.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { findCoredns } from './find-coredns.js';

const NONE = Buffer.alloc(0);
/** Headers of streams and of datagrams. */
const HEADERS: Readonly<Record<'tcp' | 'udp', readonly Buffer[]>> = {
  tcp: [
    NONE,
    header1(ENDS4),
    header1(ENDS6),
    header2(ENDS4),
    header2(ENDS6, 1, Buffer.from('0400021234', 'hex')),
    rawHeader2(0x20, 0, NONE),
    Buffer.from('PROXY UNKNOWN\r\n'),
    Buffer.from('PROXY TCP4 192.0.2.1\r\n'),
  ],
  udp: [NONE, header2(ENDS4, 2), header2(ENDS6, 2), header1(ENDS4), rawHeader2(0x21, 0x12, Buffer.alloc(4))],
};

/** The addresses that `whoami` names in an answer; '' for none. */
function seenIn(reply: Buffer | undefined): string {
  const known = { proxy: '7f000001', client4: 'c000024d', client6: '20010db8000000000000000000000077' };
  return Object.entries(known)
    .filter(([, hex]) => reply?.includes(Buffer.from(hex, 'hex')) === true)
    .map(([name]) => name)
    .join();
}

function byTcp(port: number, message: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(message));
    socket.setTimeout(300, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(Buffer.concat(chunks));
    });
  });
}

describe('proxyproto beside CoreDNS', function () {
  this.timeout(60_000);
  const program = findCoredns();

  before(function () {
    if (program === undefined) this.skip();
  });

  for (const lines of [
    '',
    'allow 127.0.0.0/8',
    'allow 192.0.2.0/24',
    'allow 192.0.2.0/24\n default use',
    'allow 192.0.2.0/24\n default reject',
    'allow 192.0.2.0/24\n default skip',
    'default reject',
    'default ignore',
  ]) {
    it(`sees the same client: ${lines.replace('\n', ';') || 'no lines'}`, async () => {
      const block = (port: number): string =>
        `.:${port} {\n bind 127.0.0.1\n proxyproto {\n ${lines}\n }\n whoami\n}\n`;
      const port = await freePort();
      const file = join(temporaryDirectory(), 'Corefile');
      writeFileSync(file, block(port));
      const coredns = spawn(program ?? '', ['-conf', file, '-quiet'], { stdio: 'ignore' });
      const ours = await serveCorefile(block(0));
      const query = queryBytes('example.org');
      while ((await byTcp(port, framed(queryBytes('example.org')))).length === 0);
      const asked = async (to: number): Promise<string[]> => [
        ...(await Promise.all(
          HEADERS.tcp.map(async (header) => seenIn(await byTcp(to, Buffer.concat([header, framed(query)])))),
        )),
        ...(await Promise.all(
          HEADERS.udp.map(async (header) =>
            seenIn((await udpExchange(Buffer.concat([header, query]), to, '127.0.0.1', 300))?.reply),
          ),
        )),
      ];
      try {
        assert.deepEqual(await asked(ours.port), await asked(port));
      } finally {
        await endChild(coredns);
        await ours.server.close({ timeout: 0 });
      }
    });
  }
});
