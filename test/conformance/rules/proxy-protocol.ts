/** The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt), in front of DNS over TCP and UDP. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer } from 'multisocket';
import { framed } from '../../support/clients.js';
import { ENDS4, ENDS6, header1, header2, rawHeader2 } from '../../support/proxy-header.js';
import { until } from '../../support/server.js';
import { holds, type Rule } from '../rule.js';
import { queryOf } from '../wire.js';

const SOURCE = 'PROXY protocol';
const CLOSED = 'closed';
const PEER = '127.0.0.1';
const QUERY = queryOf({});
/** The octets of the addresses and ports of {@link ENDS4}, which a header of version 2 has behind its first 16. */
const BLOCK4 = header2(ENDS4).subarray(16);

interface Asking {
  udp?: boolean;
  /** The address that the proxy has. */
  from?: string;
  required?: boolean;
  /** The header comes in two segments, of which the first one has so many octets. */
  cutAt?: number;
}

/** What the handler of a server that believes 127.0.0.1 sees as the client of a query behind these octets. */
async function clientOf(header: Buffer, { udp, from = PEER, required = false, cutAt }: Asking): Promise<string> {
  const seen: string[] = [];
  const server = createServer({
    listen: '127.0.0.1:0',
    sockets: 1,
    workers: 0,
    proxyProtocol: { from: [PEER], required, others: 'skip' },
    handler: ({ client }, reply) => {
      seen.push(client.address);
      reply.rcode = 'NOERROR';
    },
  });
  await server.listen();
  const { port } = server.addresses()[0];
  try {
    if (udp) return (await sendDatagram(Buffer.concat([header, QUERY]), port)) ? seen[0] : CLOSED;
    const socket = connect({ host: '127.0.0.1', port, localAddress: from, noDelay: true });
    await once(socket, 'connect');
    const over = new Promise((resolve) => {
      for (const event of ['data', 'close']) socket.once(event, resolve);
      socket.on('error', resolve);
    });
    if (cutAt !== undefined) {
      socket.write(header.subarray(0, cutAt));
      await until(() => server.stats().totals.tcpOpen === 1, 'the first part to arrive');
    }
    socket.write(Buffer.concat([header.subarray(cutAt ?? 0), framed(QUERY)]));
    await over;
    socket.destroy();
    return seen.length > 0 ? seen.join() : CLOSED;
  } finally {
    await server.close({ timeout: 0 });
  }
}

/** Resolves with true if a reply comes. A datagram that is dropped is followed by one that is answered. */
async function sendDatagram(datagram: Buffer, port: number): Promise<boolean> {
  const socket = createSocket('udp4').bind(0, PEER);
  await once(socket, 'listening');
  const answered = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(datagram, port, '127.0.0.1');
  socket.send(Buffer.concat([header2(ENDS4, 2), queryOf({ id: 0x7fff })]), port, '127.0.0.1');
  const [reply] = await answered;
  socket.close();
  return reply.readUInt16BE(0) !== 0x7fff;
}

/** A rule for the client of a query behind a header. */
function client(section: string, rule: string, header: Buffer | string, expected: string, asking: Asking = {}): Rule {
  return holds(SOURCE, section, rule, async () => {
    assert.equal(await clientOf(Buffer.from(header as string, 'latin1'), asking), expected);
  });
}

export const rules: readonly Rule[] = [
  client('2', 'a header may come in two segments', header2(ENDS4), ENDS4.client, { cutAt: 20 }),
  client('2', 'a header of an address that is no proxy is not believed', header2(ENDS4), '127.0.0.2', {
    from: '127.0.0.2',
  }),
  client('2', 'a receiver that expects a header does not guess: without one it closes', '', CLOSED, { required: true }),
  client('2.1', 'version 1: TCP4', header1(ENDS4), ENDS4.client),
  client('2.1', 'version 1: TCP6', header1(ENDS6), ENDS6.client),
  client('2.1', 'version 1: UNKNOWN stands for the peer', 'PROXY UNKNOWN\r\n', PEER),
  client(
    '2.1',
    'version 1: what follows UNKNOWN is ignored, up to 107 octets in all',
    `PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`,
    PEER,
  ),
  client('2.1', 'version 1: a line of more than 107 octets closes', `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`, CLOSED),
  client('2.1', 'version 1: two spaces close', 'PROXY TCP4  192.0.2.77 198.51.100.53 4077 53\r\n', CLOSED),
  client('2.1', 'version 1: LF without CR closes', `PROXY TCP4 192.0.2.77 198.51.100.53 4077 53\n`, CLOSED),
  client('2.1', 'version 1: a port over 65535 closes', 'PROXY TCP4 192.0.2.77 198.51.100.53 65536 53\r\n', CLOSED),
  client(
    '2.1',
    'version 1: a port with a zero in front closes',
    'PROXY TCP4 192.0.2.77 192.0.2.1 04077 53\r\n',
    CLOSED,
  ),
  client('2.1', 'version 1: an IPv6 address after TCP4 closes', 'PROXY TCP4 2001:db8::1 2001:db8::2 1 53\r\n', CLOSED),
  client('2.1', 'version 1: words in lower case close', 'PROXY tcp4 192.0.2.77 198.51.100.53 4077 53\r\n', CLOSED),
  client('2.2', 'version 2: IPv4', header2(ENDS4), ENDS4.client),
  client('2.2', 'version 2: IPv6', header2(ENDS6), ENDS6.client),
  client('2.2', 'version 2: IPv4 over UDP', header2(ENDS4, 2), ENDS4.client, { udp: true }),
  client('2.2', 'version 2: IPv6 over UDP', header2(ENDS6, 2), ENDS6.client, { udp: true }),
  client('2.2', 'version 2: LOCAL stands for the peer, whatever its block', rawHeader2(0x20, 0x11, BLOCK4), PEER),
  client('2.2', 'version 2: UNSPEC stands for the peer, whatever its block', rawHeader2(0x21, 0, BLOCK4), PEER),
  client('2.2', 'version 2: another version closes', rawHeader2(0x31, 0x11, BLOCK4), CLOSED),
  client('2.2', 'version 2: another command closes', rawHeader2(0x22, 0x11, BLOCK4), CLOSED),
  client('2.2', 'version 2: another family closes', rawHeader2(0x21, 0x41, BLOCK4), CLOSED),
  client('2.2', 'version 2: a block too short for its family closes', rawHeader2(0x21, 0x21, BLOCK4), CLOSED),
  client('2.2', 'version 2: a header that is invalid is dropped over UDP', rawHeader2(0x22, 0x12, BLOCK4), CLOSED, {
    udp: true,
  }),
  client(
    '2.2.7',
    'version 2: unknown TLVs are skipped',
    header2(ENDS4, 1, Buffer.from('ee000101', 'hex')),
    ENDS4.client,
  ),
];
