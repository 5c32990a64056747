/** Primaries that send anything but a zone: each transfer ends soon, and says why. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from '../../../dist/authority/jobs/load.js';
import { receive, type ReceiveInput } from '../../../dist/authority/jobs/receive.js';
import { receiveZone, TRANSFER_LIMITS, type TransferLimits } from '../../../dist/authority/transfer-in/receive.js';
import { ZoneThread } from '../../../dist/authority/zone-thread.js';
import { parseZone, Zone } from '../../../dist/zone.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { framed } from '../../support/clients.js';
import { answerBytes, recordBytes, soa } from '../../support/scripted-primary.js';
import { ScriptedUpstream, type Asked, type Script } from '../../support/upstream.js';

const ORIGIN = 'example.org';
const LIMITS: TransferLimits = { ...TRANSFER_LIMITS, idle: 500, total: 1500, octets: 1 << 20, records: 5000 };
const TEXT = '$TTL 300\n@ SOA ns h 3 3600 600 86400 60\n@ NS ns\na A 192.0.2.1\n';

const record = (i: number, name = `h${i}.${ORIGIN}`): Buffer =>
  recordBytes({ name, type: 'A', ttl: 60, data: `10.0.${(i >> 8) & 255}.${i & 255}` });
const at = (serial: number): Buffer => recordBytes(soa(ORIGIN, serial));
const ns = recordBytes({ name: ORIGIN, type: 'NS', ttl: 300, data: `ns.${ORIGIN}` });

/** Calls `act` again and again until the connection is gone. */
function keepSending({ write }: Asked, every: number, act: (i: number) => Buffer): void {
  let i = 0;
  const timer = setInterval(() => {
    if (i === 100_000) clearInterval(timer);
    else write(act(i++));
  }, every).unref();
}

const answered = (...records: readonly Buffer[]): Script => {
  return ({ message, send }) => {
    send(answerBytes(message, records));
  };
};

const ATTACKS: Readonly<Record<string, [Script, RegExp]>> = {
  'sends nothing': [() => undefined, /no message came for 0\.5 seconds/],
  'hangs up': [
    (asked) => {
      asked.hangUp();
    },
    /the connection was closed before the end/,
  ],
  'resets the connection': [
    (asked) => {
      asked.reset();
    },
    /ECONNRESET|closed before the end/,
  ],
  'hangs up in the middle': [
    (asked) => {
      asked.send(answerBytes(asked.message, [at(5), ns]));
      asked.hangUp();
    },
    /the connection was closed before the end/,
  ],
  'drips single octets': [
    (asked) => {
      const octets = framed(answerBytes(asked.message, [at(5), ns, at(5)]));
      keepSending(asked, 20, (i) => octets.subarray(i % octets.length, (i % octets.length) + 1));
    },
    /no message came for 0\.5 seconds/,
  ],
  'drips single records without end': [
    (asked) => {
      asked.send(answerBytes(asked.message, [at(5), ns]));
      keepSending(asked, 100, (i) => framed(answerBytes(asked.message, [record(i)])));
    },
    /the answer takes more than \d+ seconds/,
  ],
  'sends records without end': [
    (asked) => {
      asked.send(answerBytes(asked.message, [at(5), ns]));
      keepSending(asked, 1, (i) =>
        framed(
          answerBytes(
            asked.message,
            Array.from({ length: 500 }, (_, j) => record(500 * i + j)),
          ),
        ),
      );
    },
    /more than 5000 records/,
  ],
  'sends records outside of the zone without end': [
    (asked) => {
      asked.send(answerBytes(asked.message, [at(5), ns]));
      const others = Array.from({ length: 500 }, (_, i) => record(i, `h${i}.example.net`));
      keepSending(asked, 1, () => framed(answerBytes(asked.message, others)));
    },
    /more than 5000 records/,
  ],
  'sends octets without end': [
    (asked) => {
      asked.send(answerBytes(asked.message, [at(5), ns]));
      const name = Array.from({ length: 3 }, () => 'x'.repeat(60)).join('.');
      const long = recordBytes({
        name: `${name}.${ORIGIN}`,
        type: 'TYPE65280',
        data: Buffer.alloc(60_000),
      });
      keepSending(asked, 1, () => framed(answerBytes(asked.message, [long])));
    },
    /more than 1048576 octets/,
  ],
  'sends messages of nothing': [
    (asked) => {
      keepSending(asked, 1, () => framed(answerBytes(asked.message, [])));
    },
    /a message has no records/,
  ],
  'sends garbage': [
    (asked) => {
      asked.write(randomBytes(70_000));
    },
    /a message|the message|no message/,
  ],
  'sends another zone': [answered(recordBytes(soa('example.net', 5))), /the zone is example\.org/],
  'sends a zone without an end': [answered(at(5), ns, record(1)), /no message came/],
  'sends CNAME beside other data': [
    answered(at(5), recordBytes({ name: ORIGIN, type: 'CNAME', ttl: 1, data: 'a.example' }), at(5)),
    /CNAME/,
  ],
  'changes its ID': [
    (asked) => {
      asked.send(answerBytes(asked.message, [at(5)]));
      asked.send(answerBytes(asked.message, [ns], { id: asked.message.readUInt16BE(0) ^ 1 }));
    },
    /another ID/,
  ],
};

describe('a hostile primary', function () {
  this.timeout(30_000);
  const base = parseZone(TEXT, { origin: ORIGIN });

  const receiveFrom = async (script: Script, image = base.image()): ReturnType<typeof receiveZone> => {
    const primary = await ScriptedUpstream.start(script);
    try {
      const request = {
        origin: ORIGIN,
        primary: { address: '127.0.0.1', port: primary.port },
        key: undefined,
        image,
        serial: 3,
      };
      return await receiveZone(request, new AbortController().signal, LIMITS);
    } finally {
      await primary.close();
    }
  };

  for (const [what, [script, reason]] of Object.entries(ATTACKS)) {
    it(`${what}: the transfer ends within seconds, and tells why`, async () => {
      const image = base.image();
      const began = Date.now();
      await assert.rejects(receiveFrom(script, image), reason);
      assert.ok(Date.now() - began < 10_000);
      assert.deepEqual(Array.from(Zone.fromImage(image).records()), Array.from(base.records()));
    });
  }

  it('sends differences that do not fit, or that are longer than the zone: the whole zone is asked for', async () => {
    const whole = [at(5), ns, record(1), at(5)];
    const wrong: Readonly<Record<string, readonly Buffer[]>> = {
      'removes what is not there': [at(5), at(3), record(9), at(5), at(5)],
      'adds what is there': [
        at(5),
        at(3),
        at(5),
        recordBytes({ name: `a.${ORIGIN}`, type: 'A', ttl: 9, data: '192.0.2.1' }),
        at(5),
      ],
      'adds CNAME beside other data': [
        at(5),
        at(3),
        at(5),
        recordBytes({ name: `a.${ORIGIN}`, type: 'CNAME', ttl: 9, data: 'b.example' }),
        at(5),
      ],
      'keeps the old SOA record': [at(5), recordBytes(soa(ORIGIN, 3, { refresh: 1 })), at(5), at(5)],
    };
    for (const [what, records] of Object.entries(wrong)) {
      const received = await receiveFrom(({ message, decoded, send }) => {
        const isWhole = decoded.questions?.[0].type === 'AXFR';
        send(answerBytes(message, isWhole ? whole : records));
      });
      assert.equal(received.incremental, false, what);
      assert.equal(Zone.fromImage(received.data!.image()).serial, 5, what);
    }
  });

  it('that sends nothing holds up no other work of the zone thread', async () => {
    const primary = await ScriptedUpstream.start(() => undefined);
    const thread = new ZoneThread(console);
    const abort = new AbortController();
    const file = join(temporaryDirectory(), 'zone');
    writeFileSync(file, TEXT);
    try {
      const input: ReceiveInput = {
        origin: ORIGIN,
        primary: { address: '127.0.0.1', port: primary.port },
        key: undefined,
        image: undefined,
        serial: undefined,
        file: undefined,
      };
      const transfers = Array.from({ length: 20 }, () => thread.run(receive, input, { signal: abort.signal }));
      const { serial } = await thread.run(load, { file, origin: ORIGIN });
      assert.equal(serial, 3);
      assert.ok(primary.connections <= 10, `${primary.connections} transfers at a time`);
      abort.abort(new Error('enough'));
      for (const transfer of transfers) await assert.rejects(transfer, /enough/);
    } finally {
      await thread.close();
      await primary.close();
    }
  });
});
