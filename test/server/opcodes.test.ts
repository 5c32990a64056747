/** The opcodes NOTIFY and UPDATE, from the wire to the handler and back. */
import assert from 'node:assert/strict';
import { createServer, type Handler, type Notify, type Server, type ServerOptions, type Update } from 'multisocket';
import { dig, queryBytes, run, TcpClient, udpExchange } from '../support/clients.js';
import { message, type MessageParts, type RecordParts } from '../support/other-opcodes.js';
import { serve } from '../support/server.js';

const OPCODES = ['QUERY', 'NOTIFY', 'UPDATE'] as const;
/** QR, the opcode and the response code of a reply, and its other flags. */
const outcome = (reply: Buffer): { qr: boolean; opcode: number; aa: boolean; rcode: number } => ({
  qr: reply[2] >= 0x80,
  opcode: (reply[2] >> 3) & 15,
  aa: (reply[2] & 4) !== 0,
  rcode: reply[3] & 15,
});

interface Seen {
  opcode: string;
  name: string;
  type: string;
  class: string;
  update: Update | undefined;
  notify: Notify | undefined;
}

describe('opcodes', () => {
  let server: Server | undefined;
  let seen: Seen[] = [];
  const note: Handler = (query, reply) => {
    const { opcode, name, type, class: queryClass, update, notify } = query;
    seen.push({ opcode, name, type, class: queryClass, update, notify });
    reply.rcode = update?.inZone === false ? 'NOTZONE' : 'NOERROR';
  };

  async function start(options: Partial<ServerOptions> = {}): Promise<number> {
    const started = await serve({ workers: 0, sockets: 1, handler: note, opcodes: OPCODES, ...options });
    server = started.server;
    seen = [];
    return started.port;
  }

  async function exchange(port: number, octets: Buffer): Promise<Buffer> {
    const answered = await udpExchange(octets, port);
    assert.ok(answered, 'no reply');
    return answered.reply;
  }

  afterEach(() => server?.close());

  it('get NOTIMP unless the option names them, over UDP and TCP', async () => {
    for (const [opcodes, taken] of [
      [undefined, []],
      [['QUERY', 'UPDATE'], [5]],
      [['NOTIFY', 'QUERY'], [4]],
    ] as const) {
      const port = await start(opcodes === undefined ? { opcodes: ['QUERY'] } : { opcodes });
      for (let opcode = 1; opcode < 16; opcode++) {
        const asked = message();
        asked[2] = opcode << 3;
        const client = await TcpClient.connect(port);
        const replies = [await exchange(port, asked), await client.exchange(asked)];
        client.close();
        for (const reply of replies) {
          assert.ok(reply);
          const { rcode, ...rest } = outcome(reply);
          assert.equal(rcode, (taken as readonly number[]).includes(opcode) ? 0 : 4, `opcode ${opcode}`);
          assert.deepEqual([rest.qr, rest.opcode, reply.readUInt16BE(0)], [true, opcode, 0x4321]);
        }
      }
      await server?.close();
    }
  });

  it('are checked as an option', () => {
    for (const opcodes of [[], ['UPDATE'], ['QUERY', 'STATUS'], ['query'], [0]] as unknown[]) {
      assert.throws(() => createServer({ listen: ':0', workers: 0, handler: note, opcodes } as never), {
        code: /^ERR_INVALID_ARG_/,
        message: /"opcodes" option must be an array of 'QUERY', 'NOTIFY' and 'UPDATE'/,
      });
    }
    assert.throws(() => createServer({ corefile: '.:0 {\n whoami\n}', opcodes: OPCODES } as never), {
      message: /"opcodes" option cannot be given together with "corefile"/,
    });
  });

  it('give each form of prerequisite and change of an UPDATE', async () => {
    const port = await start();
    const first: RecordParts[] = [
      { class: 'ANY', type: 'ANY' },
      { class: 'NONE', type: 'ANY', name: 'free.example.org' },
      { class: 'ANY', type: 'AAAA' },
      { class: 'NONE', type: 'A', name: '\\000.example.org' },
      { type: 'A', data: 'c0000201' },
      { type: 'TXT', data: '0161', name: 'WWW.example.org' },
      { type: 'A', data: 'c0000202', name: 'wwW.Example.org' },
      { class: 'ANY', type: 65280 },
    ];
    const second: RecordParts[] = [
      { type: 'MX', data: '000a0161c00c', ttl: 300 },
      { class: 'ANY', type: 'A' },
      { class: 'ANY', type: 'ANY', name: 'old.example.org' },
      { class: 'NONE', type: 'A', data: 'c0000203' },
      { type: 65280, data: 'abcd', ttl: 1 },
    ];
    const reply = await exchange(port, message({ first, second, zone: 'Example.ORG' }));
    assert.deepEqual(outcome(reply), { qr: true, opcode: 5, aa: false, rcode: 0 });
    const name = 'www.example.org';
    const record = { name, class: 'IN', ttl: 0 };
    assert.deepEqual(seen, [
      {
        opcode: 'UPDATE',
        name: 'Example.ORG',
        type: 'SOA',
        class: 'IN',
        notify: undefined,
        update: {
          zone: { name: 'Example.ORG', class: 'IN', type: 'SOA' },
          prerequisites: [
            { kind: 'nameInUse', name },
            { kind: 'nameNotInUse', name: 'free.example.org' },
            { kind: 'rrsetExists', name, type: 'AAAA' },
            { kind: 'rrsetNotExists', name: '\\000.example.org', type: 'A' },
            {
              kind: 'rrsetEquals',
              name,
              type: 'A',
              records: [
                { ...record, type: 'A', data: '192.0.2.1' },
                { ...record, name: 'wwW.Example.org', type: 'A', data: '192.0.2.2' },
              ],
            },
            {
              kind: 'rrsetEquals',
              name: 'WWW.example.org',
              type: 'TXT',
              records: [{ ...record, name: 'WWW.example.org', type: 'TXT', data: [Buffer.from('a')] }],
            },
            { kind: 'rrsetExists', name, type: 'TYPE65280' },
          ],
          changes: [
            {
              kind: 'add',
              record: { ...record, type: 'MX', ttl: 300, data: { preference: 10, exchange: 'a.Example.ORG' } },
            },
            { kind: 'deleteRRset', name, type: 'A' },
            { kind: 'deleteName', name: 'old.example.org' },
            { kind: 'deleteRecord', record: { ...record, type: 'A', data: '192.0.2.3' } },
            { kind: 'add', record: { ...record, type: 'TYPE65280', ttl: 1, data: Buffer.from('abcd', 'hex') } },
          ],
          inZone: true,
        },
      },
    ]);
  });

  it('tell names outside of the zone', async () => {
    const port = await start();
    for (const [name, rcode] of [
      ['example.org', 0],
      ['a.b.EXAMPLE.org', 0],
      ['example.com', 10],
      ['notexample.org', 10],
      ['a\\.example.org', 10],
      ['org', 10],
    ] as const) {
      const outside = { name, class: 'ANY', type: 'ANY' } as const;
      assert.equal(outcome(await exchange(port, message({ first: [outside] }))).rcode, rcode, name);
      assert.equal(outcome(await exchange(port, message({ second: [outside] }))).rcode, rcode, name);
    }
  });

  /** UPDATEs that no handler may see, each with the rule that it breaks. */
  const malformed: Record<string, MessageParts> = {
    'a zone section of type A (RFC 2136 s.3.1.1)': { zoneType: 1 },
    'a zone of class ANY': { zoneClass: 255 },
    'a zone of class NONE': { zoneClass: 254 },
    'a prerequisite with a TTL (s.3.2.5)': { first: [{ class: 'ANY', type: 'A', ttl: 1 }] },
    'a prerequisite of class ANY with data': { first: [{ class: 'ANY', type: 'A', data: 'c0000201' }] },
    'a prerequisite of class NONE with data': { first: [{ class: 'NONE', type: 'A', data: 'c0000201' }] },
    'a prerequisite of another class': { first: [{ class: 'CH', type: 'A', data: '00' }] },
    'a prerequisite of the zone class without data': { first: [{ type: 'A' }] },
    'a prerequisite of type TSIG': { first: [{ type: 'TSIG', class: 'ANY' }] },
    'an addition of type ANY (s.3.4.1.2)': { second: [{ type: 'ANY', ttl: 1 }] },
    'an addition of type AXFR': { second: [{ type: 'AXFR', ttl: 1 }] },
    'an addition of OPT': { second: [{ type: 'OPT', name: '.' }] },
    'an addition of TSIG': { second: [{ type: 'TSIG', ttl: 0, data: '00' }] },
    'an addition of another class': { second: [{ class: 'CH', type: 'A', data: '00' }] },
    'an addition with data of another length': { second: [{ type: 'A', data: 'c00002', ttl: 1 }] },
    'an addition with a pointer forwards': { second: [{ type: 'NS', data: 'c0ff', ttl: 1 }] },
    'an addition with malformed data': { second: [{ type: 47, data: '000a0000', ttl: 1 }] },
    'a deletion of an RRset with a TTL': { second: [{ class: 'ANY', type: 'A', ttl: 1 }] },
    'a deletion of an RRset with data': { second: [{ class: 'ANY', type: 'A', data: 'c0000201' }] },
    'a deletion of AXFR': { second: [{ class: 'ANY', type: 'AXFR' }] },
    'a deletion of a record with a TTL': { second: [{ class: 'NONE', type: 'A', data: 'c0000201', ttl: 1 }] },
    'a deletion of a record of type ANY': { second: [{ class: 'NONE', type: 'ANY', data: '00' }] },
    'a deletion of a record without data': { second: [{ class: 'NONE', type: 'A' }] },
    'an additional record with malformed data': { additional: [{ type: 'A', data: '00' }] },
    'two OPT records': {
      additional: [
        { type: 'OPT', name: '.' },
        { type: 'OPT', name: '.' },
      ],
    },
  };
  for (const [what, parts] of Object.entries(malformed)) {
    it(`answer FORMERR to an UPDATE with ${what}`, async () => {
      const port = await start();
      const reply = await exchange(port, message(parts));
      assert.deepEqual([outcome(reply), seen], [{ qr: true, opcode: 5, aa: false, rcode: 1 }, []]);
    });
  }

  it('answer FORMERR to UPDATEs and NOTIFYs that are cut off anywhere, have too much, or count sections wrong', async () => {
    const port = await start();
    const client = await TcpClient.connect(port);
    const soa = { name: 'example.org', type: 'SOA', data: `c00cc00c${'00000001'.repeat(5)}` } as const;
    const whole: Buffer[] = [
      message({ first: [{ class: 'ANY', type: 'ANY' }], second: [{ type: 'A', data: 'c0000201', ttl: 1 }] }),
      message({ opcode: 'NOTIFY', first: [soa] }),
    ];
    let sent = 0;
    for (const each of whole) {
      const wrong: Buffer[] = [Buffer.concat([each, Buffer.of(0)])];
      for (let length = 12; length < each.length; length++) wrong.push(each.subarray(0, length));
      for (const at of [4, 6, 8, 10]) {
        for (const count of [0, 1, 2, 0xffff]) {
          const changed = Buffer.from(each);
          changed.writeUInt16BE(count, at);
          // An A record of IN is well-formed in both sections.
          if (!changed.equals(each)) wrong.push(changed);
        }
      }
      for (const octets of wrong) {
        const reply = await client.exchange(octets);
        assert.ok(reply);
        assert.equal(outcome(reply).rcode, 1, octets.toString('hex'));
        sent++;
      }
    }
    client.close();
    assert.ok(sent > 100);
    assert.deepEqual(seen, []);
  });

  it('answer a NOTIFY with AA, and show the SOA that came along', async () => {
    const port = await start();
    const numbers = ['serial', 'refresh', 'retry', 'expire', 'minimum'].map((name, i) => [name, i + 1] as const);
    const data = `026e73c00cc00c${numbers.map(([, value]) => value.toString(16).padStart(8, '0')).join('')}`;
    const soa = { name: 'Example.org', type: 'SOA', ttl: 60, data } as const;
    const other = { ...soa, name: 'other.example' };
    for (const first of [[], [other], [other, soa]]) {
      const reply = await exchange(port, message({ opcode: 'NOTIFY', flags: 0x0400, first }));
      assert.deepEqual(outcome(reply), { qr: true, opcode: 4, aa: true, rcode: 0 });
      assert.equal(reply.readUInt16BE(4), 1);
    }
    const expected = {
      ...{ name: 'Example.org', type: 'SOA', class: 'IN', ttl: 60 },
      data: { mname: 'ns.example.org', rname: 'example.org', ...Object.fromEntries(numbers) },
    };
    assert.deepEqual(
      seen.map(({ opcode, notify, update, name }) => [opcode, notify?.soa, update, name]),
      [undefined, undefined, expected].map((value) => ['NOTIFY', value, undefined, 'example.org']),
    );
  });

  it('are never answered from the cache', async () => {
    const port = await start({ cache: { maxBytes: 1 << 20 } });
    const answer = { type: 'A', name: 'example.org', ttl: 60, data: '192.0.2.1' } as const;
    await server?.reload({
      handler: (query, reply) => {
        void note(query, reply);
        reply.answer(answer);
      },
    });
    for (const [parts, opcode] of [
      [{}, 'UPDATE'],
      [{ opcode: 'NOTIFY' }, 'NOTIFY'],
    ] as const) {
      seen = [];
      for (let i = 0; i < 3; i++) await exchange(port, message(parts));
      assert.deepEqual(
        seen.map((each) => each.opcode),
        [opcode, opcode, opcode],
      );
    }
    seen = [];
    for (let i = 0; i < 3; i++) await exchange(port, queryBytes('example.org'));
    assert.equal(seen.length, 1);
  });

  it('keep the opcode in replies of native code: BADVERS, truncation by rate limits, BADCOOKIE', async () => {
    const port = await start({ cookies: { require: true }, rateLimit: { responsesPerSecond: 1000, slip: 1 } });
    const rcodeOf = async (record: RecordParts): Promise<number[]> => {
      const reply = await exchange(port, message({ additional: [record] }));
      return [outcome(reply).opcode, outcome(reply).rcode, reply.readUInt8(reply.length - 6)];
    };
    assert.deepEqual(await rcodeOf({ type: 'OPT', name: '.', class: 1232, ttl: 1 << 16 }), [5, 0, 1]);
    const client = '0123456789abcdef';
    const cookie = { type: 'OPT', name: '.', class: 1232, data: `000a0008${client}` } as const;
    assert.equal(outcome(await exchange(port, message({ additional: [cookie] }))).opcode, 5);
    await server?.close();
    const limited = await start({ rateLimit: { responsesPerSecond: 1, slip: 1 } });
    const replies: Buffer[] = [];
    for (let i = 0; i < 20; i++) replies.push(await exchange(limited, message()));
    assert.ok(
      replies.some((reply) => (reply[2] & 2) !== 0),
      'none was truncated',
    );
    for (const reply of replies) assert.equal(outcome(reply).opcode, 5);
  });

  it('let a handler ask its own server while it answers an UPDATE', async () => {
    const answers: string[] = [];
    const port = await start({
      handler: async (query, reply) => {
        if (query.opcode === 'QUERY') {
          reply.answer({ type: 'A', name: query.name, data: '192.0.2.7' });
          return;
        }
        const found = await query.lookup('other.example', 'A');
        answers.push(...found.answers.map(({ data }) => data as string));
        reply.rcode = 'NOERROR';
      },
    });
    await exchange(port, message({ first: [{ class: 'ANY', type: 'ANY' }] }));
    assert.deepEqual(answers, ['192.0.2.7']);
  });

  it('are what nsupdate and dig send', async () => {
    const port = await start({
      handler: (query, reply) => {
        void note(query, reply);
        if (query.opcode === 'QUERY') reply.answer({ type: 'SOA', name: 'example.org', ttl: 1, data: SOA_DATA });
      },
    });
    const script = [
      `server 127.0.0.1 ${port}`,
      'zone example.org',
      'prereq nxdomain new.example.org',
      'update add new.example.org 300 TXT "a text"',
      'update delete old.example.org',
      'send',
    ].join('\n');
    await run('sh', ['-c', `printf '%s\\n' "$1" | nsupdate -v`, 'sh', script]);
    await run('sh', ['-c', `printf '%s\\n' "$1" | nsupdate`, 'sh', script]);
    const updates = seen.filter(({ opcode }) => opcode === 'UPDATE').map(({ update }) => update);
    const expected = {
      zone: { name: 'example.org', class: 'IN', type: 'SOA' },
      prerequisites: [{ kind: 'nameNotInUse', name: 'new.example.org' }],
      changes: [
        {
          kind: 'add',
          record: { name: 'new.example.org', type: 'TXT', class: 'IN', ttl: 300, data: [Buffer.from('a text')] },
        },
        { kind: 'deleteName', name: 'old.example.org' },
      ],
      inZone: true,
    };
    assert.deepEqual(updates, [expected, expected]);
    const notified = await dig('@127.0.0.1', '-p', String(port), '+opcode=notify', 'example.org', 'SOA');
    assert.match(notified, /opcode: NOTIFY, status: NOERROR/);
    assert.match(notified, /flags: qr aa/);
  });

  it('decode to a whole message', async () => {
    const messages: unknown[] = [];
    const port = await start({
      handler: (query, reply) => {
        messages.push(query.message.authorities);
        reply.rcode = 'NOERROR';
      },
    });
    await exchange(port, message({ second: [{ class: 'ANY', type: 'AAAA' }] }));
    const empty = { name: 'www.example.org', type: 'AAAA', ttl: 0, class: 'ANY', flush: false, data: Buffer.alloc(0) };
    assert.deepEqual(messages, [[empty]]);
  });
});

const SOA_DATA = {
  mname: 'ns.example.org',
  rname: 'admin.example.org',
  serial: 1,
  refresh: 2,
  retry: 3,
  expire: 4,
  minimum: 5,
} as const;
