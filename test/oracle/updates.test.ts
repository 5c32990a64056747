/** UPDATE messages, well-formed and not, to BIND and to this server; and NOTIFY messages of other servers to this one. */
import assert from 'node:assert/strict';
import type { Handler, Notify, QueryTsig, Server } from 'multisocket';
import { findBind, startBind } from '../support/bind.js';
import { udpExchange } from '../support/clients.js';
import { DnsProgram } from '../support/dns-program.js';
import { findProgram } from '../support/find-program.js';
import { message, type MessageParts, type RecordParts } from '../support/other-opcodes.js';
import { seededNumbers } from '../support/seeded-numbers.js';
import { serve, until } from '../support/server.js';

const SECRET = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
const KEY = { name: 'notify.key', algorithm: 'hmac-sha256', secret: SECRET } as const;
const ZONE = `@ 3600 IN SOA ns admin 7 3600 600 86400 60\n@ 3600 IN NS ns\nns 3600 IN A 192.0.2.1\nwww 60 IN A 192.0.2.2\n`;
const [FORMERR, NOTZONE] = [1, 10];

describe('UPDATE beside BIND', function () {
  this.timeout(120_000);
  const program = findBind();
  let bind: DnsProgram | undefined;
  let server: Server | undefined;
  let port = 0;

  before(async function () {
    if (program === undefined) this.skip();
    bind = await startBind(program, 'example.org', ZONE);
    const handler: Handler = ({ update }, reply) => {
      reply.rcode = update?.inZone === false ? 'NOTZONE' : 'NOERROR';
    };
    ({ server, port } = await serve({ workers: 0, sockets: 1, handler, opcodes: ['QUERY', 'UPDATE'] }));
  });
  after(async () => {
    await bind?.stop();
    await server?.close();
  });

  it('has the same 1,500 messages as malformed, and as outside of the zone', async () => {
    const random = seededNumbers('update');
    const next = (count: number): number => random.next().value % count;
    const pick = <T>(values: readonly T[]): T => values[next(values.length)];
    // What holds in the zone as it is, and stays so: additions have other names.
    const holding: RecordParts[] = [
      { name: 'www.example.org', class: 'ANY', type: 'ANY' },
      { name: 'www.example.org', class: 'ANY', type: 'A' },
      { name: 'no.example.org', class: 'NONE', type: 'ANY' },
      { name: 'www.example.org', class: 'NONE', type: 'AAAA' },
      { name: 'www.example.org', type: 'A', data: 'c0000202' },
    ];
    const changes: RecordParts[] = [
      { name: 'new.example.org', type: 'A', data: 'c0000209', ttl: 60 },
      { name: 'new.example.org', type: 'MX', data: '000a026d78c00c', ttl: 60 },
      { name: 'new.example.org', type: 'TXT', data: '0161', ttl: 60 },
      { name: 'new.example.org', class: 'ANY', type: 'A' },
      { name: 'new.example.org', class: 'ANY', type: 'ANY' },
      { name: 'new.example.org', class: 'NONE', type: 'A', data: 'c0000209' },
    ];
    /** A record with one field changed. */
    const spoilt = (record: RecordParts): RecordParts => {
      const fault = next(5);
      if (fault === 0) return { ...record, ttl: pick([0, 1, 0x7fffffff]) };
      if (fault === 1) return { ...record, class: pick(['IN', 'ANY', 'NONE', 'CH'] as const) };
      if (fault === 2)
        return { ...record, type: pick(['A', 'AAAA', 'NS', 'TXT', 'AXFR', 'ANY', 'OPT', 253, 254, 65_280] as const) };
      if (fault === 3) return { ...record, data: pick(['', '00', 'c0000209', 'c00c', 'c0ff', '0161', '0000c00c']) };
      return { ...record, name: pick(['example.org', 'a.example.com', 'notexample.org', '.', 'A.EXAMPLE.ORG']) };
    };
    const outcomes = new Map<string, number>();
    const differences: string[] = [];
    for (let i = 0; i < 1500; i++) {
      const parts: MessageParts = {};
      const [good, bad] = [() => pick(changes), () => spoilt(pick(changes))];
      if (next(2) === 0) parts.first = [next(2) === 0 ? pick(holding) : spoilt(pick(holding))];
      // BIND looks at the changes only after the prerequisites hold (RFC 2136 s.3.4.1).
      if (parts.first === undefined) parts.second = next(3) === 0 ? [good(), bad()] : [bad()];
      if (next(20) === 0) parts.zoneType = pick([1, 255]);
      const octets = message(parts);
      const replies = await Promise.all([port, bind?.port ?? 0].map((to) => udpExchange(octets, to)));
      const [ours, theirs] = replies.map((answered) => (answered === undefined ? -1 : answered.reply[3] & 15));
      const kind = (rcode: number): string => (rcode === FORMERR || rcode === NOTZONE ? String(rcode) : 'taken');
      outcomes.set(kind(ours), (outcomes.get(kind(ours)) ?? 0) + 1);
      if (kind(ours) !== kind(theirs)) differences.push(`${ours} here, ${theirs} there: ${JSON.stringify(parts)}`);
    }
    assert.deepEqual([...new Set(differences)], []);
    for (const kind of ['taken', '1', '10']) assert.ok((outcomes.get(kind) ?? 0) > 100, kind);
  });
});

describe('NOTIFY', function () {
  this.timeout(60_000);

  interface Seen {
    notify: Notify | undefined;
    name: string;
    tsig: QueryTsig | undefined;
  }

  /** Starts a peer that notifies a port of ours, and waits for its message. */
  async function notified(start: (port: number) => Promise<DnsProgram>): Promise<Seen> {
    const seen: Seen[] = [];
    const handler: Handler = ({ notify, name, tsig, opcode }, reply) => {
      if (opcode === 'NOTIFY') seen.push({ notify, name, tsig });
      reply.rcode = opcode === 'NOTIFY' ? 'NOERROR' : 'REFUSED';
    };
    const options = { opcodes: ['QUERY', 'NOTIFY'], tsig: { keys: [KEY] } } as const;
    const { server, port } = await serve({ workers: 0, sockets: 1, handler, ...options });
    const peer = await start(port);
    try {
      await until(() => seen.length > 0, 'a NOTIFY');
      return seen[0];
    } finally {
      await peer.stop();
      await server.close();
    }
  }

  const peers: Record<
    string,
    [program: string, start: (program: string, port: number, key: boolean) => Promise<DnsProgram>]
  > = {
    BIND: [
      'named',
      (program, port, key) => {
        const also = `127.0.0.1 port ${port}${key ? ` key "${KEY.name}"` : ''}`;
        return startBind(program, 'example.org', ZONE, [KEY], `notify explicit; also-notify { ${also}; };`);
      },
    ],
    NSD: [
      'nsd',
      (program, port, key) => {
        const configuration = (folder: string, own: number): string => `server:
  ip-address: 127.0.0.1@${own}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
remote-control:
  control-enable: no
key:
  name: "${KEY.name}"
  algorithm: ${KEY.algorithm}
  secret: "${KEY.secret}"
zone:
  name: "example.org"
  zonefile: "${folder}/zone"
  notify: 127.0.0.1@${port} ${key ? KEY.name : 'NOKEY'}
`;
        return DnsProgram.start(program, { configuration, args: (file) => ['-d', '-c', file] }, 'example.org', ZONE);
      },
    ],
    Knot: [
      'knotd',
      (program, port, key) => {
        const configuration = (folder: string, own: number): string => `server:
    listen: 127.0.0.1@${own}
    rundir: "${folder}"
database:
    storage: "${folder}/db"
log:
  - target: stderr
    any: warning
key:
  - id: ${KEY.name}
    algorithm: ${KEY.algorithm}
    secret: ${KEY.secret}
remote:
  - id: ours
    address: 127.0.0.1@${port}
${key ? `    key: ${KEY.name}\n` : ''}template:
  - id: default
    storage: "${folder}"
    journal-content: none
    zonefile-load: whole
zone:
  - domain: example.org
    file: "${folder}/zone"
    notify: ours
`;
        return DnsProgram.start(program, { configuration, args: (file) => ['-c', file] }, 'example.org', ZONE);
      },
    ],
  };
  for (const [name, [command, start]] of Object.entries(peers)) {
    for (const key of [false, true]) {
      it(`of ${name} reaches the handler${key ? ', signed' : ''}`, async function () {
        const program = findProgram(command);
        if (program === undefined) this.skip();
        const seen = await notified((port) => start(program, port, key));
        assert.equal(seen.name, 'example.org');
        assert.equal(seen.tsig?.key, key ? KEY.name : undefined);
        // NSD sends no SOA.
        if (seen.notify?.soa !== undefined) assert.equal((seen.notify.soa.data as { serial?: number }).serial, 7);
        else assert.equal(name, 'NSD');
      });
    }
  }
});
