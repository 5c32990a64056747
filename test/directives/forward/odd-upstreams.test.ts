/** Upstreams that answer in a way of their own: without a question, in another case, or malformed. */
import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { makeCertificate } from '../../support/certificate.js';
import { opt, queryBytes, udpExchange } from '../../support/clients.js';
import { answer, replyTo, ScriptedUpstream, type Asked, type Script } from '../../support/upstream.js';
import { at, serveForward } from './serve.js';

const NAME = 'www.example.org';
/** Behind the header and the question of {@link NAME}. */
const RECORDS = 12 + 17 + 4;

/** A response with these octets behind the question; counts: of answers, authorities, additionals. */
function raw({ message }: Asked, counts: [number, number, number], ...parts: (number[] | Buffer)[]): Buffer {
  const reply = Buffer.concat([message.subarray(0, RECORDS), ...parts.map((part) => Buffer.from(part))]);
  reply.writeUInt16BE(0x8180, 2);
  for (const [i, count] of counts.entries()) reply.writeUInt16BE(count, 6 + 2 * i);
  return reply;
}

/** A record: owner, type, class IN, TTL 60, RDATA. */
function record(owner: number[], type: number, rdata: number[], length = rdata.length): number[] {
  return [...owner, type >> 8, type & 255, 0, 1, 0, 0, 0, 60, length >> 8, length & 255, ...rdata];
}

const QUESTION = [0xc0, 12];
const A = record(QUESTION, 1, [192, 0, 2, 1]);
const OPT = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];
const text = (label: string): number[] => [label.length, ...Buffer.from(label)];
/** Where the RDATA of a first record with a pointer as its owner stands. */
const RDATA = RECORDS + 12;

const malformed: [what: string, make: (asked: Asked) => Buffer][] = [
  ['an owner that points to itself', (asked) => raw(asked, [1, 0, 0], record([0xc0, RECORDS], 1, [192, 0, 2, 1]))],
  ['an owner that points forward', (asked) => raw(asked, [1, 0, 0], record([0xc0, RECORDS + 8], 1, [192, 0, 2, 1]))],
  ['an owner that points into the header', (asked) => raw(asked, [1, 0, 0], record([0xc0, 4], 1, [192, 0, 2, 1]))],
  ['an owner that points behind the message', (asked) => raw(asked, [1, 0, 0], record([0xff, 0xff], 1, [1, 2, 3, 4]))],
  ['an owner with a label type of old', (asked) => raw(asked, [1, 0, 0], record([0x41, 0, 0], 1, [192, 0, 2, 1]))],
  [
    'an owner of more than 255 octets',
    (asked) => {
      const long = Array.from({ length: 4 }, () => [63, ...Buffer.alloc(63, 'a')]).flat();
      return raw(asked, [1, 0, 0], record([...long, 0xc0, 12], 1, [192, 0, 2, 1]));
    },
  ],
  ['a CNAME target in a loop', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 5, [0xc0, RDATA]))],
  ['a CNAME target that points forward', (asked) => raw(asked, [2, 0, 0], record(QUESTION, 5, [0xc0, RDATA + 2]), A)],
  [
    'a CNAME target that ends behind its RDATA',
    (asked) => raw(asked, [1, 0, 0], record(QUESTION, 5, [...text('target'), 0], 5), [0, 0]),
  ],
  ['RDATA behind a CNAME target', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 5, [...text('t'), 0, 1, 2]))],
  ['an SOA without its numbers', (asked) => raw(asked, [0, 1, 0], record(QUESTION, 6, [0xc0, 12, 0xc0, 12, 0, 0]))],
  ['an MX whose name is a loop', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 15, [0, 1, 0xc0, RDATA + 2]))],
  ['an SRV with a name cut off', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 33, [0, 1, 0, 1, 0, 1, 5, 97]))],
  ['an NS loop in the authority section', (asked) => raw(asked, [0, 1, 0], record(QUESTION, 2, [0xc0, RDATA]))],
  ['a malformed additional record', (asked) => raw(asked, [1, 0, 1], A, record([0xc0, RECORDS + 16], 1, [1, 2, 3, 4]))],
  ['an A record of five octets', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 1, [192, 0, 2, 1, 0]))],
  ['an AAAA record of four octets', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 28, [192, 0, 2, 1]))],
  ['a TXT record whose text is longer', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 16, [9, 97, 98]))],
  [
    'an RRSIG with a compressed signer',
    (asked) => raw(asked, [1, 0, 0], record(QUESTION, 46, [...Array<number>(18).fill(0), 0xc0, 12, 1, 2])),
  ],
  [
    'an HTTPS record whose parameter is longer',
    (asked) => raw(asked, [1, 0, 0], record(QUESTION, 65, [0, 1, 0, 0, 1, 0, 9, 97])),
  ],
  ['more answers than there are', (asked) => raw(asked, [2, 0, 0], A)],
  ['fewer answers than there are', (asked) => raw(asked, [1, 0, 0], A, A)],
  ['octets behind the last record', (asked) => raw(asked, [1, 0, 0], A, [0])],
  ['RDATA behind the message', (asked) => raw(asked, [1, 0, 0], record(QUESTION, 65280, [1, 2], 200))],
  ['two OPT records', (asked) => raw(asked, [1, 0, 2], A, OPT, OPT)],
  ['an OPT in the answer section', (asked) => raw(asked, [2, 0, 0], A, OPT)],
  ['an OPT in the authority section', (asked) => raw(asked, [1, 1, 0], A, OPT)],
  ['an OPT with an owner', (asked) => raw(asked, [1, 0, 1], A, [...QUESTION, ...OPT.slice(1)])],
  ['an OPT whose option is longer', (asked) => raw(asked, [1, 0, 1], A, [...OPT.slice(0, 9), 0, 5, 0, 15, 0, 9, 0])],
  [
    'two questions',
    (asked) => {
      const { message } = asked;
      const reply = Buffer.concat([message.subarray(0, RECORDS), message.subarray(12, RECORDS), Buffer.from(A)]);
      reply.writeUInt16BE(0x8180, 2);
      reply.writeUInt16BE(2, 4);
      reply.writeUInt16BE(1, 6);
      return reply;
    },
  ],
];

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
          await using server = await serveForward({ to: [at(upstream.port)], forceTcp });
          assert.deepEqual(await askFor(server.port), { rcode: 2, answers: [], extendedErrors: [22] });
        }
      });
    }

    it('by TLS, too', async () => {
      const certificate = await makeCertificate('dns.example');
      const secure = await ScriptedUpstream.start(undefined, certificate);
      await using server = await serveForward({
        to: [at(secure.port, { transport: 'tls', servername: 'dns.example' })],
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
      await using server = await serveForward({ to: [at(upstream.port), at(good.port)] });
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
        await using server = await serveForward({ to: [at(upstream.port)] });
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
          await using server = await serveForward({ to: [at(upstream.port)], forceTcp, readTimeout: 10_000 });
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
      await using server = await serveForward({ to: [at(upstream.port)] });
      assert.equal((await askFor(server.port)).answers.length, 1);
    });

    it('and have data to tell are not believed', async () => {
      upstream.script = (asked) => {
        asked.send(bare(asked, 0x8183));
        asked.send(bare(asked, 0x8180));
        setTimeout(answer, 50, asked, upstream);
      };
      await using server = await serveForward({ to: [at(upstream.port)] });
      assert.equal((await askFor(server.port)).answers.length, 1);
    });
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
      await using server = await serveForward({ to: [at(upstream.port)], readTimeout: 10_000 });
      const began = performance.now();
      assert.equal((await askFor(server.port, 'wWw.example.org')).answers.length, 1);
      assert.ok(performance.now() - began < 4500, 'at once');
      assert.deepEqual(names(), ['udp wWw.example.org', 'udp www.example.org']);
    });

    it('to another one are asked by TCP, where it makes no difference', async () => {
      upstream.script = by(upper);
      await using server = await serveForward({ to: [at(upstream.port)] });
      assert.equal((await askFor(server.port, 'wWw.example.org')).answers.length, 1);
      assert.deepEqual(names(), ['udp wWw.example.org', 'udp www.example.org', 'tcp www.example.org']);
    });

    it('are not believed by UDP', async () => {
      upstream.script = (asked) => {
        if (asked.transport === 'tcp') answer(asked, upstream);
        else asked.send(upper({ ...asked, message: replyTo(asked.message, { flags: 3, answers: [] }) }));
      };
      await using server = await serveForward({ to: [at(upstream.port)] });
      assert.equal((await askFor(server.port)).answers.length, 1);
    });
  });
});
