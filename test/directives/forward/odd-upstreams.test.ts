/** Upstreams that answer in a way of their own: without a question, in another case, or malformed. */
import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { makeCertificate } from '../../support/certificate.js';
import { opt, queryBytes, udpExchange } from '../../support/clients.js';
import { A, malformed, OPT, QUESTION, raw, record, RECORDS } from '../../support/odd-answers.js';
import { answer, replyTo, ScriptedUpstream, type Asked, type Script } from '../../support/upstream.js';
import { at, serveForward } from './serve.js';

const NAME = 'www.example.org';

interface Answered {
  rcode: number;
  answers: packet.Answer[];
  extendedErrors: number[];
}

/** Asks with EDNS. */
async function askFor(port: number, name = NAME): Promise<Answered> {
  const answered = await udpExchange(queryBytes(name, 'A', { additionals: [opt()] }), port, '127.0.0.1', 8000);
  assert.ok(answered, 'an answer came');
  const { answers = [], additionals = [] } = packet.decode(answered.reply);
  const options = (additionals as packet.OptAnswer[]).flatMap(
    (each) => each.options as { code: number; data: Buffer }[],
  );
  const extendedErrors = options.flatMap(({ code, data }) => (code === 15 ? [data.readUInt16BE()] : []));
  return { rcode: answered.reply[3] & 15, answers, extendedErrors };
}

describe('forward: upstreams of a kind', () => {
  let upstream: ScriptedUpstream;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
  });
  afterEach(() => upstream.close());

  describe('that answer malformed messages: SERVFAIL, and nothing of it', () => {
    for (const [what, make] of malformed) {
      it(what, async () => {
        upstream.script = (asked) => {
          asked.send(make(asked));
        };
        for (const forceTcp of [false, true]) {
          await using server = await serveForward({ upstreams: [at(upstream.port)], forceTcp });
          assert.deepEqual(await askFor(server.port), { rcode: 2, answers: [], extendedErrors: [22] });
        }
      });
    }

    it('by TLS, too', async () => {
      const certificate = await makeCertificate('dns.example');
      const secure = await ScriptedUpstream.start(undefined, certificate);
      await using server = await serveForward({
        upstreams: [at(secure.port, { transport: 'tls', servername: 'dns.example' })],
        tls: { cert: undefined, key: undefined, ca: certificate.cert },
      });
      for (const [what, make] of malformed) {
        secure.script = (asked) => {
          asked.send(make(asked));
        };
        assert.deepEqual(await askFor(server.port), { rcode: 2, answers: [], extendedErrors: [22] }, what);
      }
      await secure.close();
    });

    it('unless another upstream does better', async () => {
      const [, make] = malformed[0];
      upstream.script = (asked) => {
        asked.send(make(asked));
      };
      const good = await ScriptedUpstream.start();
      await using server = await serveForward({ upstreams: [at(upstream.port), at(good.port)] });
      assert.equal((await askFor(server.port)).answers.length, 1);
      await good.close();
    });
  });

  describe('whose answers are unusual and well formed', () => {
    const wellFormed: [string, (asked: Asked) => Buffer, number][] = [
      ['an unknown type', (asked) => raw(asked, [2, 0, 0], A, record(QUESTION, 65280, [0xc0, 200, 1])), 2],
      ['an OPT before other records', (asked) => raw(asked, [1, 0, 2], A, OPT, record(QUESTION, 1, [192, 0, 2, 9])), 1],
      ['a pointer to a pointer', (asked) => raw(asked, [2, 0, 0], A, record([0xc0, RECORDS], 1, [192, 0, 2, 2])), 2],
    ];
    for (const [what, make, count] of wellFormed) {
      it(`pass: ${what}`, async () => {
        upstream.script = (asked) => {
          asked.send(make(asked));
        };
        await using server = await serveForward({ upstreams: [at(upstream.port)] });
        const { rcode, answers } = await askFor(server.port);
        assert.deepEqual([rcode, answers.length], [0, count]);
      });
    }
  });

  describe('that leave the question out', () => {
    const bare = ({ message }: Asked, flags: number): Buffer => {
      const reply = Buffer.alloc(12);
      message.copy(reply, 0, 0, 2);
      reply.writeUInt16BE(flags, 2);
      return reply;
    };
    for (const rcode of [1, 2, 4, 5]) {
      it(`have their error passed on: ${rcode}`, async () => {
        upstream.script = (asked) => {
          asked.send(bare(asked, 0x8180 | rcode));
        };
        for (const forceTcp of [false, true]) {
          await using server = await serveForward({ upstreams: [at(upstream.port)], forceTcp, readTimeout: 10_000 });
          const began = performance.now();
          assert.equal((await askFor(server.port)).rcode, rcode);
          assert.ok(performance.now() - began < 4500, 'at once');
        }
      });
    }

    it('with TC are asked by TCP', async () => {
      upstream.script = (asked) => {
        if (asked.transport === 'tcp') answer(asked, upstream);
        else asked.send(bare(asked, 0x8380));
      };
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      assert.equal((await askFor(server.port)).answers.length, 1);
    });

    it('and have data to tell are not believed', async () => {
      upstream.script = (asked) => {
        asked.send(bare(asked, 0x8183));
        asked.send(bare(asked, 0x8180));
        setTimeout(answer, 50, asked, upstream);
      };
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      assert.equal((await askFor(server.port)).answers.length, 1);
    });
  });

  describe('that do not know EDNS', () => {
    const withOpt = ({ decoded }: Asked): boolean => decoded.additionals!.some(({ type }) => type === 'OPT');

    for (const [name, rcode] of [
      ['FORMERR', 1],
      ['NOTIMP', 4],
    ] as const) {
      it(`and answer ${name} are asked without it`, async () => {
        upstream.script = (asked) => {
          if (withOpt(asked))
            asked.send(replyTo(asked.message, { flags: 0x8180 | rcode, answers: [], additionals: [] }));
          else answer(asked, upstream);
        };
        for (const forceTcp of [false, true]) {
          await using server = await serveForward({ upstreams: [at(upstream.port)], forceTcp });
          const { rcode: got, answers } = await askFor(server.port);
          assert.deepEqual([got, answers.length], [0, 1]);
          assert.deepEqual(upstream.asked.splice(0).map(withOpt), [true, false]);
        }
      });

      it(`and answer ${name} to everything have it passed on`, async () => {
        upstream.script = ({ message, send }) => {
          send(replyTo(message, { flags: 0x8180 | rcode, answers: [], additionals: [] }));
        };
        await using server = await serveForward({ upstreams: [at(upstream.port)] });
        assert.equal((await askFor(server.port)).rcode, rcode);
        assert.equal(upstream.asked.length, 2);
      });
    }

    it('are asked with it first again if another upstream comes after them', async () => {
      upstream.script = ({ message, send }) => {
        send(replyTo(message, { flags: 0x8181, answers: [], additionals: [] }));
      };
      const good = await ScriptedUpstream.start();
      await using server = await serveForward({ upstreams: [at(upstream.port), at(good.port)], failover: ['FORMERR'] });
      assert.equal((await askFor(server.port)).answers.length, 1);
      assert.deepEqual(good.asked.map(withOpt), [true]);
      await good.close();
    });
  });

  it('whose datagrams are cut without TC are asked by TCP', async () => {
    for (const length of [RECORDS, RECORDS + 1, RECORDS + A.length - 1]) {
      upstream.script = (asked) => {
        if (asked.transport === 'tcp') answer(asked, upstream);
        else asked.send(raw(asked, [1, 0, 0], A).subarray(0, length));
      };
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      assert.equal((await askFor(server.port)).answers.length, 1);
    }
  });

  describe('that change the case of the question', () => {
    const lower = ({ message, decoded }: Asked): Buffer =>
      replyTo(message, { questions: [{ type: 'A', name: decoded.questions![0].name.toLowerCase() }] });
    const upper = ({ message, decoded }: Asked): Buffer =>
      replyTo(message, { questions: [{ type: 'A', name: decoded.questions![0].name.toUpperCase() }] });
    const names = (): string[] =>
      upstream.asked.map(({ decoded, transport }) => `${transport} ${decoded.questions![0].name}`);
    const by =
      (make: (asked: Asked) => Buffer): Script =>
      (asked) => {
        asked.send(make(asked));
      };

    it('to lower case are asked again in lower case', async () => {
      upstream.script = by(lower);
      await using server = await serveForward({ upstreams: [at(upstream.port)], readTimeout: 10_000 });
      const began = performance.now();
      assert.equal((await askFor(server.port, 'wWw.example.org')).answers.length, 1);
      assert.ok(performance.now() - began < 4500, 'at once');
      assert.deepEqual(names(), ['udp wWw.example.org', 'udp www.example.org']);
    });

    it('to another one are asked by TCP, where it makes no difference', async () => {
      upstream.script = by(upper);
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      assert.equal((await askFor(server.port, 'wWw.example.org')).answers.length, 1);
      assert.deepEqual(names(), ['udp wWw.example.org', 'udp www.example.org', 'tcp www.example.org']);
    });

    it('are not believed by UDP', async () => {
      upstream.script = (asked) => {
        if (asked.transport === 'tcp') answer(asked, upstream);
        else asked.send(upper({ ...asked, message: replyTo(asked.message, { flags: 3, answers: [] }) }));
      };
      await using server = await serveForward({ upstreams: [at(upstream.port)] });
      assert.equal((await askFor(server.port)).answers.length, 1);
    });
  });
});
