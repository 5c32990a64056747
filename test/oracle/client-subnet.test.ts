/** Unbound and dnsdist as clients of an authoritative handler whose answers have scopes (RFC 7871): they share what it lets them. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import packet from 'dns-packet';
import type { Server } from 'multisocket';
import { opt, queryBytes } from '../support/clients.js';
import { DnsProgram, type ProgramStyle } from '../support/dns-program.js';
import { findProgram } from '../support/find-program.js';
import { serve } from '../support/server.js';
import { unboundServer } from '../support/unbound.js';

const ORIGIN = 'example.org';

/** A resolver that sends the Client Subnet of its client to 127.0.0.1. */
const unbound = (primary: number): ProgramStyle => ({
  configuration: (
    folder,
    port,
  ) => `${unboundServer(folder, port).replace('"iterator"', '"subnetcache iterator"')}  do-not-query-localhost: no
  qname-minimisation: no
  local-zone: "${ORIGIN}" nodefault
  send-client-subnet: 127.0.0.1
  max-client-subnet-ipv4: 32
remote-control:
  control-enable: no
stub-zone:
  name: "${ORIGIN}"
  stub-addr: 127.0.0.1@${primary}
`,
  args: (file) => ['-d', '-p', '-c', file],
  serves: () => true, // it refuses a query without RD
});

/** A load balancer that adds the Client Subnet of its client, and keeps answers by it. */
const dnsdist = (primary: number): ProgramStyle => ({
  configuration: (_, port) => `setLocal('127.0.0.1:${port}')
setACL({'127.0.0.0/8'})
newServer({address='127.0.0.1:${primary}', useClientSubnet=true})
getPool(''):setCache(newPacketCache(1000, {parseECS=true}))
`,
  args: (file) => ['--supervised', '--disable-syslog', '-C', file],
});

/** A query from a client of the network `127.NUMBER.0.0/24`, with its Client Subnet or without. */
async function askFrom(number: number, port: number, name: string, tells: boolean): Promise<string> {
  const subnet = { code: 8, ip: `127.${number}.0.0`, sourcePrefixLength: 24 };
  const additionals = [opt(1232, { options: tells ? [subnet as packet.PacketOpt] : [] })];
  const socket = createSocket('udp4').bind(0, `127.${number}.0.1`);
  await once(socket, 'listening');
  const answered = once(socket, 'message', { signal: AbortSignal.timeout(10_000) }) as Promise<[Buffer]>;
  socket.send(queryBytes(name, 'A', { flags: packet.RECURSION_DESIRED, additionals }), port, '127.0.0.1');
  const [reply] = await answered;
  socket.close();
  return (packet.decode(reply).answers![0] as packet.StringAnswer).data;
}

for (const [name, style] of [
  ['unbound', unbound],
  ['dnsdist', dnsdist],
] as const) {
  describe(`${name} as a client of answers with scopes`, function () {
    this.timeout(60_000);
    const program = findProgram(name);
    let server: Server;
    let peer: DnsProgram;
    /** The subnets for which the handler was asked. */
    let asked: string[];

    before(async function () {
      if (program === undefined) return this.skip();
      const served = await serve({
        workers: 0,
        sockets: 1,
        handler: (query, reply) => {
          const { clientSubnet, key } = query;
          reply.authoritative = true;
          if (query.type === 'SOA') {
            const serials = { serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 60 };
            reply.answer({ type: 'SOA', name: ORIGIN, ttl: 60, data: { mname: 'ns', rname: 'ns', ...serials } });
          } else if (query.type === 'A' && key.endsWith(`.${ORIGIN}`)) {
            asked.push(`${clientSubnet?.address}/${clientSubnet?.sourcePrefix}`);
            reply.answer({ type: 'A', name: query.name, ttl: 300, data: `192.0.2.${asked.length}` });
            reply.clientSubnet({ scope: Number(/\d+/.exec(key)?.[0]) });
          } else reply.rcode = 'NOERROR';
        },
      });
      server = served.server;
      asked = [];
      peer = await DnsProgram.start(program, style(served.port), ORIGIN, '');
    });
    beforeEach(() => (asked = []));
    after(async () => {
      await (peer as DnsProgram | undefined)?.stop();
      await (server as Server | undefined)?.close();
    });

    // Unbound knows what its client tells, and dnsdist where its client is.
    const ask = (question: string, number: number): Promise<string> =>
      askFrom(number, peer.port, question, name === 'unbound');

    it('takes an answer for one network for the clients of that network alone', async () => {
      const first = await ask('s16.example.org', 1);
      assert.deepEqual(asked, ['127.1.0.0/24']);
      assert.equal(await ask('s16.example.org', 1), first);
      assert.equal(asked.length, 1);
      assert.notEqual(await ask('s16.example.org', 2), first);
      assert.deepEqual(asked.slice(1), ['127.2.0.0/24']);
    });

    it('takes an answer with scope 0 for all clients', async () => {
      const first = await ask('s0.example.org', 1);
      assert.equal(await ask('s0.example.org', 2), first);
      assert.equal(asked.length, 1);
    });

    if (name === 'unbound')
      it('takes an answer for a network for other clients of that network', async () => {
        const first = await ask('s8.example.org', 1);
        assert.equal(await ask('s8.example.org', 2), first);
        assert.equal(asked.length, 1);
      });
  });
}
