import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import packet from 'dns-packet';
import { knownDirectives } from '../../../dist/corefile/registry.js';
import { RCODE } from '../../../dist/dns/numbers.js';
import '../../../dist/directives/index.js';
import { framed, queryBytes } from '../../support/clients.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { freePort } from '../../support/free-port.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { replyTo, ScriptedUpstream } from '../../support/upstream.js';

const folder = temporaryDirectory();
const zone = join(folder, 'zone');
const hosts = join(folder, 'hosts');
writeFileSync(zone, '$TTL 60\n@ SOA ns h 1 1 1 1 60\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.1\n');
writeFileSync(hosts, '192.0.2.1 www.example.org\n');
const key = execFileSync('dnssec-keygen', ['-q', '-K', folder, '-a', '13', '.'], { encoding: 'utf8' }).trim();

/** Lines with each directive that answers queries or sees them, in a block that ends with `whoami`. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  acl: ['acl {\n block net 127.0.0.2/32\n}'],
  any: ['any'],
  auto: [`auto example.org {\n directory ${folder} ^zone()$ example.org\n}`],
  bufsize: ['bufsize 600'],
  cache: ['cache 60'],
  chaos: ['chaos'],
  dnssec: [`dnssec {\n key file ${join(folder, key)}\n}`],
  errors: ['errors'],
  file: [`file ${zone} example.org`],
  forward: ['forward . 127.0.0.1:UPSTREAM'],
  header: ['header {\n response set ra\n}'],
  hosts: [`hosts ${hosts} {\n fallthrough\n}`],
  loadbalance: ['loadbalance'],
  local: ['local'],
  log: ['log'],
  loop: ['loop'],
  minimal: ['minimal'],
  nsid: ['nsid here'],
  prometheus: ['prometheus 127.0.0.1:METRICS'],
  rewrite: [
    'rewrite edns0 local set 65518 {client_ip}\nforward . 127.0.0.1:UPSTREAM',
    'rewrite edns0 local set 65518 {client_port}\nforward . 127.0.0.1:UPSTREAM',
    'rewrite edns0 local set 65518 {qname}\nforward . 127.0.0.1:UPSTREAM',
    'rewrite edns0 subnet set 32 128\nforward . 127.0.0.1:UPSTREAM',
    'rewrite name www.example.org other.example.org',
  ],
  secondary: ['secondary example.org {\n transfer from 127.0.0.1:PRIMARY\n store off\n}'],
  template: [
    'template IN A {\n answer "{{ .Name }} 60 IN A {{ .Remote }}"\n}',
    'template IN A {\n answer "{{ .Name }} 60 IN TXT {{ .Message.Id }}"\n}',
    'template IN A {\n answer "{{ .Name }} 60 IN TXT {{ with .Question }}{{ .Name }}{{ end }}"\n}',
    'template IN A {\n answer "{{ .Name }} 60 IN TXT {{ $d := . }}{{ $d.Remote }}"\n}',
    'template IN A {\n expr client_ip() == \'127.0.0.1\'\n answer "{{ .Name }} 60 IN A 192.0.2.1"\n fallthrough\n}',
    'template IN A {\n var v port()\n answer "{{ .Name }} 60 IN TXT {{ .Var.v }}"\n}',
    'template IN AAAA {\n answer "{{ .Name }} 60 IN AAAA ::1"\n}',
  ],
  transfer: ['transfer {\n to *\n}'],
  tsig: [`tsig {\n secret a ${Buffer.alloc(32).toString('base64')}\n}`],
  whoami: ['whoami'],
};

/** A question as one client asks it. */
interface Client {
  transport: 'udp' | 'tcp';
  address: string;
  port: number;
  name: string;
  id: number;
}

describe('cache, with each directive', () => {
  let upstream: ScriptedUpstream;
  let primary: Awaited<ReturnType<typeof serveCorefile>>;
  before(async () => {
    primary = await serveCorefile(`example.org:${await freePort()} {\n file ${zone}\n transfer {\n to *\n }\n}`);
    // Its answer depends on the options that it is sent.
    upstream = await ScriptedUpstream.start(({ message, decoded, send }) => {
      const options = JSON.stringify((decoded.additionals as packet.OptAnswer[]).flatMap((record) => record.options));
      const data = `10.${[...createHash('sha1').update(options).digest().subarray(0, 3)].join('.')}`;
      send(replyTo(message, { answers: [{ type: 'A', name: 'www.example.org', ttl: 60, data }] }));
    });
  });
  after(() => Promise.all([upstream.close(), primary.server.close()]));

  for (const name of knownDirectives.names()) {
    const setup = knownDirectives.get(name)?.setup;
    if (setup?.start === undefined) continue;
    it(`knows what replies of ${name} depend on`, () => {
      assert.ok(setup.dependsOn !== undefined, 'the set-up of a directive declares it');
      assert.ok((LINES[name] as readonly string[] | undefined) !== undefined, 'this test has lines with the directive');
    });
    for (const lines of LINES[name] ?? []) {
      it(`gives each client what it gets without cache: ${lines.replaceAll(/\s+/g, ' ').replaceAll(folder, '')}`, async () => {
        await compare(lines.replace('UPSTREAM', String(upstream.port)).replace('PRIMARY', String(primary.port)));
      });
    }
  }
});

async function compare(lines: string): Promise<void> {
  const block = async (cached: boolean): Promise<Awaited<ReturnType<typeof serveCorefile>>> => {
    const own = lines.replace('METRICS', String(await freePort()));
    const end = lines === 'whoami' ? '' : 'whoami';
    return serveCorefile(
      `.:${await freePort()} {\n${cached && !lines.startsWith('cache') ? 'cache 60\n' : ''}${own}\n${end}\n}`,
    );
  };
  const [plain, cached] = [await block(false), await block(true)];
  const ports = [await freePort(), await freePort()];
  await Promise.all([plain, cached].map(({ port }) => untilLoaded(port)));
  const clients = (['udp', 'tcp'] as const).flatMap((transport) =>
    ['127.0.0.1', '127.0.0.2'].flatMap((address) =>
      ports.map((port, i): Client => ({
        transport,
        address,
        port,
        name: i ? 'WwW.example.org' : 'www.example.org',
        id: i + 1,
      })),
    ),
  );
  for (const client of clients) {
    const expected = await ask(plain.port, client);
    // The second time is from the cache, if a client before has not been kept from it already.
    for (const time of ['first', 'second']) {
      assert.deepEqual(await ask(cached.port, client), expected, `${time} of ${JSON.stringify(client)}`);
    }
  }
  await plain.server.close();
  await cached.server.close();
}

/** Waits until a server has loaded its zones. The name is one that no client asks for, since `cache` keeps SERVFAIL. */
async function untilLoaded(port: number): Promise<void> {
  for (let i = 0; ; i++) {
    const reply = await askTcp(queryBytes(`wait${i}.example.org`), port, '127.0.0.1', 0);
    if ((reply[3] & 0x0f) !== RCODE.SERVFAIL) return;
    await delay(50);
  }
}

/**
 * The answer of a client, without TTLs and the upper and lower case of owners. Records of a section are in alphabetical
 * order.
 */
async function ask(port: number, { transport, address, port: localPort, name, id }: Client): Promise<unknown> {
  const query = queryBytes(name, 'A', { id });
  const reply =
    transport === 'udp' ? await askUdp(query, port, address, localPort) : await askTcp(query, port, address, localPort);
  if (reply === undefined) return 'no answer';
  const { rcode, questions, ...sections } = packet.decode(reply) as packet.DecodedPacket & { rcode: string };
  const told = [sections.answers, sections.authorities, sections.additionals].map((records) =>
    (records ?? []).map((record) => JSON.stringify({ ...record, name: record.name.toLowerCase(), ttl: 0 })).sort(),
  );
  return { id: reply.readUInt16BE(0), rcode, questions, told };
}

async function askUdp(query: Buffer, port: number, address: string, localPort: number): Promise<Buffer | undefined> {
  const socket = createSocket('udp4').bind(localPort, address);
  await once(socket, 'listening');
  socket.send(query, port, '127.0.0.1');
  try {
    const [reply] = (await once(socket, 'message', { signal: AbortSignal.timeout(10_000) })) as [Buffer];
    return reply;
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
    return undefined;
  } finally {
    socket.close();
    await once(socket, 'close');
  }
}

async function askTcp(query: Buffer, port: number, address: string, localPort: number): Promise<Buffer> {
  const socket: Socket = connect({ port, host: '127.0.0.1', localAddress: address, localPort });
  await once(socket, 'connect');
  socket.write(framed(query));
  let input = Buffer.alloc(0);
  while (input.length < 2 || input.length < 2 + input.readUInt16BE(0)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    input = Buffer.concat([input, chunk]);
  }
  // The port is free again at once.
  socket.resetAndDestroy();
  await once(socket, 'close');
  return input.subarray(2);
}
