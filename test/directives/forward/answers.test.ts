import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { ask, opt, queryBytes, TcpClient, udpExchange } from '../../support/clients.js';
import { until } from '../../support/server.js';
import { answer, replyTo, ScriptedUpstream, type Asked, type Script } from '../../support/upstream.js';
import { at, serveForward } from './serve.js';

/** The data of the A records of an answer. */
function addresses(message: packet.DecodedPacket): unknown[] {
  return message.answers!.flatMap((record) => (record.type === 'A' ? [record.data] : []));
}

/** A reply with another address, to be taken for the right one. */
function lie({ message }: Asked): Buffer {
  const { questions } = packet.decode(message);
  return replyTo(message, { answers: [{ type: 'A', name: questions![0].name, ttl: 300, data: '198.51.100.66' }] });
}

describe('forward', () => {
  let upstream: ScriptedUpstream;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
  });
  afterEach(() => upstream.close());

  /** Asks once through a forwarder whose upstream follows `script`. */
  async function through(script: Script, name = 'Www.eXample.org'): Promise<packet.DecodedPacket & { rcode: string }> {
    upstream.script = script;
    await using server = await serveForward({ upstreams: [at(upstream.port)] });
    const answered = await udpExchange(queryBytes(name), server.port, '127.0.0.1', 8000);
    assert.ok(answered, 'an answer came');
    return packet.decode(answered.reply) as packet.DecodedPacket & { rcode: string };
  }

  describe('gives the client what the upstream answers', () => {
    it('with the records of all sections, the flags, and the spelling of the question', async () => {
      const reply = await through(({ message, send }) => {
        send(
          replyTo(message, {
            flags: packet.AUTHORITATIVE_ANSWER | packet.RECURSION_AVAILABLE | packet.AUTHENTIC_DATA,
            authorities: [{ type: 'NS', name: 'example.org', ttl: 60, data: 'ns.example.org' }],
            additionals: [{ type: 'A', name: 'ns.example.org', ttl: 60, data: '192.0.2.53' }],
          }),
        );
      });
      assert.equal(reply.questions![0].name, 'Www.eXample.org');
      assert.deepEqual(addresses(reply), ['192.0.2.1']);
      assert.equal(reply.authorities!.length, 1);
      assert.equal(reply.additionals!.length, 1);
      assert.deepEqual([reply.flag_aa, reply.flag_ra, reply.flag_ad, reply.flag_tc], [true, true, true, false]);
    });

    for (const [rcode, name] of [
      [2, 'SERVFAIL'],
      [3, 'NXDOMAIN'],
      [5, 'REFUSED'],
    ] as const) {
      it(`with its response code: ${name}`, async () => {
        const reply = await through(({ message, send }) => {
          send(replyTo(message, { flags: rcode, answers: [] }));
        });
        assert.equal(reply.rcode, name);
        assert.equal(upstream.asked.length, 1);
      });
    }

    it('queries of many clients at once, each its own', async () => {
      upstream.script = ({ message, send, decoded }) => {
        const { name } = decoded.questions![0];
        send(replyTo(message, { answers: [{ type: 'TXT', name, ttl: 1, data: name }] }));
      };
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      await Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          // Queries of one length leave as segments of one message.
          const name = `${'n'.repeat(1 + (i % 7))}${i}.example.org`;
          const reply = await ask(server.port, name, 'TXT');
          assert.deepEqual((reply.answers![0] as packet.TxtAnswer).data, [Buffer.from(name)]);
        }),
      );
      assert.equal(upstream.asked.length, 200);
    });
  });

  describe('asks the upstream', () => {
    it('with RD, AD and CD of the client, no other flags, and no EDNS where the client used none', async () => {
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      const flags = packet.RECURSION_DESIRED | packet.CHECKING_DISABLED | packet.AUTHENTIC_DATA;
      await ask(server.port, 'a.example', 'A', { flags: flags | packet.AUTHORITATIVE_ANSWER });
      await ask(server.port, 'b.example', 'A', { flags: 0 });
      assert.deepEqual(
        upstream.asked.map(({ message }) => message.readUInt16BE(2)),
        [flags, 0],
      );
      assert.deepEqual(
        upstream.asked.map(({ decoded }) => decoded.additionals!.length),
        [0, 0],
      );
    });

    it('with our payload size and the DO and client subnet of the client; cookies stay with us', async () => {
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      const subnet = { code: 8, data: Buffer.from([0, 1, 24, 0, 192, 0, 2]) };
      const cookie = { code: 10, data: Buffer.alloc(8, 1) };
      const client = opt(4096, { flags: 0x8000, flag_do: true, options: [cookie, subnet] as packet.PacketOpt[] });
      await ask(server.port, 'a.example', 'A', { additionals: [client] });
      const [sent] = upstream.asked[0].decoded.additionals as packet.OptAnswer[];
      assert.equal(sent.udpPayloadSize, 1232);
      assert.equal(sent.flag_do, true);
      assert.deepEqual(
        sent.options.map(({ code }) => code),
        [8],
      );
    });

    it('from several ports and with IDs that do not follow each other', async () => {
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      for (let i = 0; i < 40; i++) await ask(server.port, 'example.org');
      const ports = new Set(upstream.asked.map(({ port }) => port));
      const ids = upstream.asked.map(({ decoded }) => decoded.id!);
      assert.ok(ports.size >= 2, `${ports.size} ports`);
      assert.ok(new Set(ids).size >= 38, 'IDs seldom come twice');
      const steps = ids.slice(1).map((id, i) => Math.abs(id - ids[i]));
      assert.ok(steps.filter((step) => step < 16).length < 5, 'IDs are not counted up');
    });

    it('by TCP when the client came by TCP, in which case one connection does for many', async () => {
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      const client = await TcpClient.connect(server.port);
      for (const name of ['a', 'b', 'c']) client.send(queryBytes(name));
      for (let i = 0; i < 3; i++) assert.ok(await client.next());
      client.close();
      assert.deepEqual(upstream.names('tcp').sort(), ['a', 'b', 'c']);
      assert.equal(upstream.connections, 1);
    });

    it('by UDP for all with prefer_udp, by TCP for all with force_tcp', async () => {
      await using udp = await serveForward({ upstreams: [at(upstream.port)], preferUdp: true });
      const client = await TcpClient.connect(udp.port);
      assert.ok(await client.exchange(queryBytes('a')));
      client.close();
      await using tcp = await serveForward({ upstreams: [at(upstream.port)], forceTcp: true });
      await ask(tcp.port, 'b');
      assert.deepEqual([upstream.names('udp'), upstream.names('tcp')], [['a'], ['b']]);
    });
  });

  describe('lets extended errors of the upstream through, and nothing else of its OPT', () => {
    const edns = (more: Partial<packet.OptAnswer>): Script =>
      function ({ message, send }) {
        send(replyTo(message, { additionals: [opt(512, more)] }));
      };
    const extendedError = { code: 15, data: Buffer.from([0, 18, 110, 111]) };
    const nsid = { code: 3, data: Buffer.from('x') };

    it('to a client with EDNS', async () => {
      upstream.script = edns({ options: [nsid, extendedError] as packet.PacketOpt[] });
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      const reply = await ask(server.port, 'example.org', 'A', { additionals: [opt()] });
      const [record] = reply.additionals as packet.OptAnswer[];
      assert.equal(reply.additionals!.length, 1);
      assert.equal(record.udpPayloadSize, 1232);
      assert.deepEqual(
        record.options.map(({ code, data }) => [code, data]),
        [[15, extendedError.data]],
      );
    });

    it('not to a client without', async () => {
      assert.deepEqual((await through(edns({ options: [extendedError] as packet.PacketOpt[] }))).additionals, []);
    });

    it('with the upper bits of the response code', async () => {
      upstream.script = edns({ extendedRcode: 1 });
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      const reply = await ask(server.port, 'example.org', 'A', { additionals: [opt()] });
      assert.equal((reply.additionals![0] as packet.OptAnswer).extendedRcode, 1);
    });
  });

  describe('lets no wrong answer out', () => {
    const lies: [string, (asked: Asked) => void][] = [
      [
        'of another ID',
        (asked) => {
          const message = lie(asked);
          message.writeUInt16BE(message.readUInt16BE(0) ^ 1, 0);
          asked.send(message);
        },
      ],
      [
        'to another question',
        (asked) => {
          const name = 'www.example.net';
          asked.send(packet.encode({ ...packet.decode(lie(asked)), questions: [{ type: 'A', name }] }));
        },
      ],
      [
        'to another type',
        (asked) => {
          const questions = [{ type: 'AAAA' as const, name: asked.decoded.questions![0].name }];
          asked.send(packet.encode({ ...packet.decode(lie(asked)), questions }));
        },
      ],
      [
        'without a question',
        (asked) => {
          asked.send(packet.encode({ ...packet.decode(lie(asked)), questions: [] }));
        },
      ],
      [
        'from another port',
        (asked) => {
          asked.sendFromElsewhere(lie(asked));
        },
      ],
      [
        'that is a query itself',
        (asked) => {
          const message = lie(asked);
          message[2] &= 0x7f;
          asked.send(message);
        },
      ],
      [
        'shorter than a header',
        (asked) => {
          asked.send(asked.message.subarray(0, 11));
        },
      ],
      [
        'of octets at random',
        (asked) => {
          for (let i = 0; i < 20; i++) {
            const bytes = Buffer.from(Array.from({ length: 40 }, () => Math.floor(Math.random() * 256)));
            asked.message.copy(bytes, 0, 0, 2);
            bytes[12] ^= 0xff;
            asked.send(bytes);
          }
        },
      ],
    ];
    for (const [what, deceive] of lies) {
      it(what, async () => {
        const reply = await through((asked) => {
          deceive(asked);
          setTimeout(answer, 50, asked, upstream);
        });
        assert.equal(reply.rcode, 'NOERROR');
        assert.deepEqual(addresses(reply), ['192.0.2.1']);
        assert.equal(upstream.asked.length, 1);
      });
    }

    it('counts those that do not match', async () => {
      upstream.script = (asked) => {
        const message = lie(asked);
        message.writeUInt16BE(message.readUInt16BE(0) ^ 1, 0);
        for (let i = 0; i < 5; i++) asked.send(message);
        asked.send(replyTo(asked.message));
        // The same one again: nobody waits for it any more.
        asked.send(lie(asked));
      };
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      assert.deepEqual(addresses(await ask(server.port, 'example.org')), ['192.0.2.1']);
      await until(() => server.handler.unmatched === 6, '6 answers to nothing');
    });

    it('by TCP: of another ID or to another question', async () => {
      upstream.script = (asked) => {
        const message = lie(asked);
        message.writeUInt16BE(message.readUInt16BE(0) ^ 1, 0);
        asked.send(message);
        const other = lie(asked);
        other[13] ^= 1;
        asked.send(other);
        setTimeout(answer, 50, asked, upstream);
      };
      await using server = await serveForward({ upstreams: [at(upstream.port)], forceTcp: true });
      assert.deepEqual(addresses(await ask(server.port, 'example.org')), ['192.0.2.1']);
    });
  });

  describe('asks by TCP what was truncated', () => {
    const big: packet.Answer[] = Array.from({ length: 100 }, (_, i) => ({
      type: 'A',
      name: 'example.org',
      ttl: 1,
      data: `192.0.2.${i}`,
    }));
    const truncate: Script = ({ message, send, transport }) => {
      if (transport === 'tcp') send(replyTo(message, { answers: big }));
      else send(replyTo(message, { answers: [], flags: packet.TRUNCATED_RESPONSE }));
    };

    it('and truncates it itself for a client that takes no more', async () => {
      const reply = await through(truncate, 'example.org');
      assert.equal(reply.flag_tc, true);
      assert.deepEqual(reply.answers, []);
      assert.deepEqual([upstream.names('udp').length, upstream.names('tcp').length], [1, 1]);
    });

    it('and gives all of it to one that takes it', async () => {
      upstream.script = truncate;
      await using server = await serveForward({ upstreams: [at(upstream.port)], preferUdp: true });
      const client = await TcpClient.connect(server.port);
      const reply = packet.decode((await client.exchange(queryBytes('example.org')))!);
      client.close();
      assert.equal(reply.answers!.length, 100);
      assert.deepEqual([upstream.names('udp').length, upstream.names('tcp').length], [1, 1]);
    });

    it('also what came in a larger datagram than was asked for', async () => {
      upstream.script = ({ message, send, transport }) => {
        send(replyTo(message, transport === 'tcp' ? {} : { answers: [...big, ...big] }));
      };
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      assert.deepEqual(addresses(await ask(server.port, 'example.org')), ['192.0.2.1']);
    });
  });

  it('answers SERVFAIL, with an extended error, to what no upstream can read or be read from', async () => {
    upstream.script = ({ message, send }) => {
      const reply = replyTo(message);
      send(reply.subarray(0, reply.length - 3));
    };
    await using server = await serveForward({ upstreams: [at(upstream.port)], maxFails: 0 });
    const reply = await ask(server.port, 'example.org', 'A', { additionals: [opt()] });
    assert.equal(reply.rcode, 'SERVFAIL');
    const [{ options }] = reply.additionals as packet.OptAnswer[];
    assert.deepEqual(
      options.map(({ code, data }) => [code, data]),
      [[15, Buffer.from([0, 22])]],
    );
    // Twice, and each time by TCP, too: a datagram may have been cut on its way.
    assert.deepEqual(
      upstream.asked.map(({ transport }) => transport),
      ['udp', 'tcp', 'udp', 'tcp'],
    );
  });
});
