/** The corners of the RFCs: each query octet by octet through a real socket, and the octets that come back. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packet from 'dns-packet';
import type { Query, Reply, Server, ServerOptions } from 'multisocket';
import { TcpClient, udpExchange } from '../support/clients.js';
import { optRecord, query, readOpt, withOpt } from '../support/edns.js';
import { serveCorefile } from '../support/corefile-server.js';
import { serve } from '../support/server.js';

const QR = 0x8000;
const AA = 0x0400;
const TC = 0x0200;
const RD = 0x0100;
const RA = 0x0080;
const Z = 0x0040;
const AD = 0x0020;
const CD = 0x0010;

const flagsOf = (reply: Buffer): number => reply.readUInt16BE(2);
const countsOf = (reply: Buffer): number[] => [4, 6, 8, 10].map((at) => reply.readUInt16BE(at));
/** The octets of the question of a message without compression. */
function questionOf(message: Buffer): Buffer {
  let at = 12;
  while (message[at] !== 0) at += message[at] + 1;
  return message.subarray(12, at + 5);
}

describe('the letter of DNS', () => {
  let server: Server;
  let port: number;
  let tcp: TcpClient;
  let handled: Pick<Query, 'key' | 'type' | 'class' | 'flags'>[];
  let respond: (query: Query, reply: Reply) => void;
  const both = async (message: Buffer): Promise<[string, Buffer][]> => [
    ['UDP', (await udpExchange(message, port))!.reply],
    ['TCP', (await tcp.exchange(message))!],
  ];
  const udp = async (message: Buffer): Promise<Buffer> => (await udpExchange(message, port))!.reply;

  const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
    handled = [];
    respond = ({ name }, reply) => reply.answer({ type: 'A', name, ttl: 300, data: '192.0.2.1' });
    const handler = (question: Query, reply: Reply): void => {
      // A query of a synchronous handler is of no use afterwards.
      const { key, type, class: queryClass, flags } = question;
      handled.push({ key, type, class: queryClass, flags });
      respond(question, reply);
    };
    ({ server, port } = await serve({ workers: 0, handler, ...options }));
    tcp = await TcpClient.connect(port);
  };
  afterEach(async () => {
    tcp.close();
    await server.close();
  });

  describe('EDNS (RFC 6891)', () => {
    for (const [what, records, counts] of [
      ['two OPTs', [optRecord(), optRecord()], undefined],
      ['OPT in the answer section', [optRecord()], [1, 1, 0, 0]],
      ['OPT in the authority section', [optRecord()], [1, 0, 1, 0]],
      ['OPT that is not at the root', [optRecord([], { owner: Buffer.of(1, 0x61, 0) })], undefined],
      ['OPT at a compressed name', [optRecord([], { owner: Buffer.of(0xc0, 12) })], undefined],
      [
        'an option longer than OPT',
        [Buffer.concat([optRecord().subarray(0, 9), Buffer.of(0, 4, 0, 3, 0, 1)])],
        undefined,
      ],
      ['an option that is cut off', [Buffer.concat([optRecord().subarray(0, 9), Buffer.of(0, 3, 0, 3, 0)])], undefined],
    ] as const) {
      it(`${what} is FORMERR, a header alone (s.6.1.1, s.6.1.2)`, async () => {
        await start();
        const message = query({ records, ...(counts === undefined ? {} : { counts }) });
        for (const [by, reply] of await both(message))
          assert.equal(reply.toString('hex'), '123481010000000000000000', by);
        assert.equal(handled.length, 0);
      });
    }

    it('OPT may stand before another additional record', async () => {
      await start();
      const sig0 = Buffer.from('00' + '0018' + '00ff' + '00000000' + '0000', 'hex');
      for (const [by, reply] of await both(query({ records: [optRecord(), sig0] }))) {
        assert.deepEqual(countsOf(reply), [1, 1, 0, 1], by);
      }
    });

    for (const maxPayloadSize of [512, 1232, 4096]) {
      it(`versions above 0 are BADVERS with question, version 0 and our payload size ${maxPayloadSize} (s.6.1.3)`, async () => {
        await start({ maxPayloadSize });
        for (const version of [1, 255]) {
          const message = query({
            records: [optRecord([[3]], { version, flags: 0xffff, size: 700 })],
            flags: RD | AD | CD,
          });
          const opt = `00 0029 ${maxPayloadSize.toString(16).padStart(4, '0')} 01 00 8000 0000`.replaceAll(' ', '');
          const expected = `1234 8100 0001 0000 0000 0001 ${questionOf(message).toString('hex')}${opt}`;
          for (const [by, reply] of await both(message)) {
            assert.equal(reply.toString('hex'), expected.replaceAll(' ', ''), by);
          }
        }
        assert.equal(handled.length, 0);
      });

      it(`replies say that payload size, ${maxPayloadSize}, whatever the client says`, async () => {
        await start({ maxPayloadSize });
        for (const size of [0, 512, 65_535]) {
          for (const [by, reply] of await both(query({ records: [optRecord([], { size })] }))) {
            assert.equal(readOpt(reply)!.size, maxPayloadSize, by);
          }
        }
      });
    }

    it('unknown flags and options are ignored, and not given back; DO is (s.6.1.4, RFC 3225 s.3)', async () => {
      await start();
      for (const flags of [0x8000, 0x7fff, 0xffff]) {
        for (const [by, reply] of await both(query({ records: [optRecord([[65_001, Buffer.of(7)]], { flags })] }))) {
          const opt = readOpt(reply)!;
          assert.equal(opt.flags, flags & 0x8000, by);
          assert.equal(opt.version, 0);
          assert.equal(opt.extendedRcode, 0);
          assert.equal(opt.options.size, 0);
          assert.equal(reply.readUInt16BE(6), 1);
        }
      }
    });

    for (const [size, limit] of [
      [undefined, 512],
      [0, 512],
      [1, 512],
      [511, 512],
      [512, 512],
      [600, 600],
      [1232, 1232],
      [4096, 1232],
    ] as const) {
      it(`a client with ${size === undefined ? 'no EDNS' : `a payload size of ${size}`} gets up to ${limit} octets (s.6.2.3)`, async () => {
        await start();
        const records = size === undefined ? [] : [optRecord([], { size })];
        const message = query({ records });
        const fixed = 12 + questionOf(message).length + (size === undefined ? 0 : 11);
        // A TXT record that fills it: a pointer, 10 octets, and strings of up to 255.
        const fill = (octets: number): void => {
          const room = octets - fixed - 12;
          const whole = Math.floor(room / 256);
          const rest = room % 256 === 0 ? [] : [Buffer.alloc((room % 256) - 1, 0x62)];
          const data = [...Array.from({ length: whole }, () => Buffer.alloc(255, 0x61)), ...rest];
          respond = ({ name }, reply) => reply.answer({ type: 'TXT', name, data });
        };
        fill(limit);
        const whole = await udp(message);
        assert.deepEqual([whole.length, flagsOf(whole) & TC, whole.readUInt16BE(6)], [limit, 0, 1]);
        fill(limit + 1);
        const cut = await udp(message);
        // Nothing but the question, and OPT where there was one (RFC 2181 s.9, RFC 6891 s.7).
        assert.deepEqual(countsOf(cut), [1, 0, 0, records.length]);
        assert.equal(flagsOf(cut), QR | TC | RD);
        assert.equal(cut.length, fixed);
        assert.equal(readOpt(cut) !== undefined, size !== undefined);
        const byTcp = (await tcp.exchange(message))!;
        assert.deepEqual([byTcp.length, flagsOf(byTcp) & TC], [limit + 1, 0]);
      });
    }

    it('a query without OPT gets a reply without, and extended RCODEs are SERVFAIL then', async () => {
      await start();
      respond = (_, reply) => {
        reply.rcode = 'BADCOOKIE';
        reply.ede(22, 'x');
      };
      for (const [by, reply] of await both(query())) {
        assert.equal(reply.subarray(0, 12).toString('hex'), '123481020001000000000000', by);
        assert.equal(readOpt(reply), undefined);
      }
      for (const [by, reply] of await both(withOpt([]))) {
        const { extendedRcode, options } = readOpt(reply)!;
        assert.deepEqual([reply[3] & 15, extendedRcode], [23 & 15, 23 >> 4], by);
        assert.deepEqual([...options], [[15, Buffer.from([0, 22, 0x78])]]); // RFC 8914 s.2
      }
    });
  });

  describe('the header', () => {
    for (let opcode = 1; opcode < 16; opcode++) {
      it(`opcode ${opcode} is NOTIMP, a header with ID, QR and opcode alone`, async () => {
        await start();
        const message = query({ flags: (opcode << 11) | AA | TC | RD | RA | Z | AD | CD | 5, records: [optRecord()] });
        const expected = Buffer.from('123400000000000000000000', 'hex');
        expected.writeUInt16BE(QR | (opcode << 11) | 4, 2);
        for (const [by, reply] of await both(message)) assert.deepEqual(reply, expected, by);
        assert.equal(handled.length, 0);
      });
    }

    it('RD and CD come back; AA, TC, RA, Z, AD and RCODE of a query do not (RFC 1035 s.4.1.1, RFC 4035 s.3.2)', async () => {
      await start();
      for (const [sent, got] of [
        [0, QR],
        [RD, QR | RD],
        [CD, QR | CD],
        [AA | TC | RA | Z | AD | 15, QR],
        [AA | TC | RD | RA | Z | AD | CD | 9, QR | RD | CD],
      ]) {
        for (const [by, reply] of await both(query({ flags: sent }))) assert.equal(flagsOf(reply), got, by);
      }
      assert.equal(handled.at(-1)!.flags, AA | TC | RD | RA | Z | AD | CD | 9);
    });

    it('AA, RA and AD are the handler`s to set', async () => {
      await start();
      respond = (_, reply) => {
        reply.authoritative = reply.recursionAvailable = reply.authenticData = true;
        reply.rcode = 'NXDOMAIN';
      };
      for (const [by, reply] of await both(query({ flags: 0 })))
        assert.equal(flagsOf(reply), QR | AA | RA | AD | 3, by);
    });

    it('Z is clear, also in a message that a handler sends (RFC 1035 s.4.1.1)', async () => {
      await start();
      respond = (_, reply) => {
        const sent = packet.encode({ type: 'response', flags: 0x7f0, questions: [{ type: 'A', name: 'example.org' }] });
        sent.writeUInt16BE(QR | Z | AA, 2);
        reply.send(sent);
      };
      for (const [by, reply] of await both(query({ flags: Z }))) assert.equal(flagsOf(reply), QR | AA, by);
    });

    for (const count of [0, 2, 65_535]) {
      it(`a QDCOUNT of ${count} is FORMERR (RFC 9619)`, async () => {
        await start();
        for (const [by, reply] of await both(query({ counts: [count, 0, 0, 0] }))) {
          assert.equal(reply.toString('hex'), '123481010000000000000000', by);
        }
      });
    }

    it('a response gets nothing', async () => {
      await start();
      assert.equal(await udpExchange(query({ flags: QR | RD }), port, '127.0.0.1', 200), undefined);
      // By TCP, the reply to the next query is the first that comes.
      tcp.send(query({ flags: QR | RD, id: 1 }));
      assert.equal((await tcp.exchange(query({ id: 2 })))!.readUInt16BE(0), 2);
    });
  });

  describe('the question', () => {
    it('comes back in the client`s spelling (0x20), as do names that point to it', async () => {
      await start();
      const message = query({ name: 'eXaMpLe.oRg' });
      for (const [by, reply] of await both(message)) {
        assert.deepEqual(questionOf(reply), questionOf(message), by);
        assert.deepEqual(reply.subarray(message.length, message.length + 2), Buffer.of(0xc0, 12));
      }
      assert.equal(handled[0].key, 'example.org');
    });

    it('may be of any type and class (RFC 3597)', async () => {
      await start();
      respond = ({ name, type, class: queryClass }, reply) => {
        reply.answer({ type, class: queryClass, name, ttl: 1, data: Buffer.from('c00c00ff', 'hex') });
      };
      for (const [type, queryClass] of [
        [65_280, 1],
        [0xffff, 0xfffe],
        [1234, 3],
        [62, 32],
      ]) {
        const message = query({ type, class: queryClass });
        for (const [by, reply] of await both(message)) {
          assert.deepEqual(questionOf(reply), questionOf(message), by);
          // The RDATA is unchanged: octets that look like a pointer are not a pointer.
          const record = reply.subarray(message.length);
          const number = (value: number): string => value.toString(16).padStart(4, '0');
          assert.equal(record.toString('hex'), `c00c${number(type)}${number(queryClass)}000000010004c00c00ff`);
        }
      }
      assert.deepEqual([handled[0].type, handled[2].class], ['TYPE65280', 'CLASS65534']); // each came twice
    });
  });

  it('ANY is one HINFO by the directive any (RFC 8482 s.4.2)', async () => {
    await start();
    const { server: corefile, port: served } = await serveCorefile('.:0 {\nany\nwhoami\n}');
    const message = query({ type: 255 });
    const { reply } = (await udpExchange(message, served))!;
    assert.deepEqual(countsOf(reply), [1, 1, 0, 0]);
    const rdata = Buffer.from('\x0dANY obsoleted\x0cSee RFC 8482', 'latin1');
    const fixed = Buffer.from('c00c000d000100002122', 'hex');
    assert.deepEqual(reply.subarray(message.length), Buffer.concat([fixed, Buffer.of(0, rdata.length), rdata]));
    await corefile.close();
  });

  describe('of a server that does none of it', () => {
    const soa = Buffer.from(`c00c00060001${'00'.repeat(4)}0016${'00'.repeat(22)}`, 'hex');
    it('UPDATE is NOTIMP (RFC 2136 s.3.1.1)', async () => {
      await start();
      const update = query({ type: 6, flags: 5 << 11, records: [soa], counts: [1, 0, 1, 0] });
      for (const [by, reply] of await both(update)) assert.equal(reply.toString('hex'), '1234a8040000000000000000', by);
    });

    it('NOTIFY is NOTIMP (RFC 1996 s.3)', async () => {
      await start();
      const notify = query({ type: 6, flags: (4 << 11) | AA, records: [soa], counts: [1, 1, 0, 0] });
      for (const [by, reply] of await both(notify)) assert.equal(reply.toString('hex'), '1234a0040000000000000000', by);
    });

    it('AXFR and IXFR are REFUSED by file and by forward, over UDP and TCP (RFC 5936 s.2.2.1)', async () => {
      await start();
      const directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
      const file = join(directory, 'db.example.org');
      writeFileSync(file, '@ 60 IN SOA ns. root. 1 1 1 1 1\n');
      for (const directive of [`file ${file}`, `forward . 127.0.0.1:${port}`]) {
        const { server: corefile, port: served } = await serveCorefile(`example.org:0 {\n${directive}\n}`);
        const client = await TcpClient.connect(served);
        for (const message of [query({ type: 252 }), query({ type: 251, records: [soa], counts: [1, 0, 1, 0] })]) {
          for (const reply of [(await client.exchange(message))!, (await udpExchange(message, served))!.reply]) {
            assert.equal(flagsOf(reply) & 15, 5, directive);
            assert.deepEqual(countsOf(reply), [1, 0, 0, 0]);
          }
        }
        client.close();
        await corefile.close();
      }
      assert.equal(handled.length, 0);
      rmSync(directory, { recursive: true });
    });
  });
});
