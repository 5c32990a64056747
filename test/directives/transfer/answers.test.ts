/** Answers of transfer to AXFR and IXFR: asked by dig, by messages made here, and beside CoreDNS. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import packet from 'dns-packet';
import { parseZone, type Zone } from '../../../dist/zone.js';
import { hex, nameHex } from '../../conformance/wire.js';
import { findCoredns } from '../../oracle/coredns/find-coredns.js';
import { queryBytes } from '../../support/clients.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { endChild } from '../../support/end-child.js';
import { freePort } from '../../support/free-port.js';
import { run, transferred } from '../../support/nsupdate.js';
import { ORIGIN, Primary, zoneText } from '../../support/primary.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { AXFR, byTcp, byUdp, IXFR, rcodeOf, soa, transferQuery, typesOf } from '../../support/transfer-queries.js';

const secret = Buffer.from('0123456789abcdef0123456789abcdef').toString('base64');
const key = `hmac-sha256:transfer.key:${secret}`;
const many = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `n${from + i} 60 IN A 192.0.2.${(from + i) % 256}\n`).join('');

const texts = (zone: Zone): string[] => [...zone.records()].map((record) => JSON.stringify(record)).sort();
/** Resolves when the differences are known, which follow the zone. */
async function changesFrom(port: number, serial: number): Promise<void> {
  for (let left = 200; left > 0; left--) {
    const types = typesOf(await byTcp(port, transferQuery(IXFR, ORIGIN, [soa(serial)])));
    if (types.startsWith('SOA SOA')) return;
    await wait(20);
  }
  throw new Error(`no differences from serial ${serial}`);
}

describe('the directive transfer', () => {
  describe('with a zone that changes', () => {
    let primary: Primary;
    const versions = [many(0, 400), many(0, 401), many(0, 402), many(50, 402)];
    before(async () => {
      primary = await Primary.start({ transfer: 'to *', zone: zoneText(1, versions[0]) });
      for (let serial = 2; serial <= versions.length; serial++) {
        await primary.write(serial, versions[serial - 1]);
        await changesFrom(primary.port, serial - 1);
      }
    });
    after(() => primary.close());

    it('transfers the whole zone', async () => {
      const copy = await transferred(primary.port, ORIGIN);
      assert.deepEqual(texts(copy), texts(parseZone(zoneText(4, versions[3]), { origin: ORIGIN })));
    });

    it('transfers the changes alone to who has an earlier version', async () => {
      const ixfr = async (serial: number): Promise<string> =>
        (
          await run('dig', [
            '@127.0.0.1',
            '-p',
            String(primary.port),
            '+tcp',
            '+noall',
            '+answer',
            `${ORIGIN}.`,
            `IXFR=${serial}`,
          ])
        ).output;
      const lines = (await ixfr(2)).trim().split('\n');
      const serials = lines.flatMap((line) => /SOA\s.*example\.org\. (\d+) /.exec(line)?.[1] ?? []);
      assert.deepEqual(serials, ['4', '2', '3', '3', '4', '4']);
      assert.equal(lines.length, 6 + 1 + 50);
    });

    it('transfers the whole zone to who has a version that it does not know', async () => {
      const reply = await byTcp(primary.port, transferQuery(IXFR, ORIGIN, [soa(0)]));
      assert.match(typesOf(reply), /^SOA NS A A/);
    });

    for (const [what, serial] of [
      ['the same version', 4],
      ['a later version', 5],
      ['a version that is later by RFC 1982', 4 + 0x7fffffff],
    ] as const) {
      it(`gives the SOA record alone to who has ${what}`, async () => {
        for (const by of [byTcp, byUdp]) {
          const reply = await by(primary.port, transferQuery(IXFR, ORIGIN, [soa(serial)]));
          assert.equal(typesOf(reply), 'SOA');
          assert.ok(reply && (reply[2] & 4) !== 0, 'AA');
        }
      });
    }

    it('answers IXFR by UDP with the changes if they fit, else with the SOA record (RFC 1995 s.2)', async () => {
      const small = await Primary.start({ transfer: 'to *', zone: zoneText(1, many(0, 10)) });
      await small.write(2, `${many(0, 10)}a 60 IN A 192.0.2.1\n`);
      const query = transferQuery(IXFR, ORIGIN, [soa(1)]);
      await changesFrom(small.port, 1);
      assert.equal(typesOf(await byUdp(small.port, query)), 'SOA SOA SOA A SOA');
      await small.close();
      assert.equal(typesOf(await byUdp(primary.port, transferQuery(IXFR, ORIGIN, [soa(3)]))), 'SOA');
    });

    for (const [what, authorities] of [
      ['no SOA record', []],
      ['two SOA records', [soa(1), soa(2)]],
      ['the SOA record of another zone', [soa(1, 'example.net')]],
      ['another record', [`${nameHex(ORIGIN)}${hex(1)}${hex(1)}${hex(0, 4)}${hex(4)}c0000201`]],
      ['an SOA record that is cut off', [`${nameHex(ORIGIN)}${hex(6)}${hex(1)}${hex(0, 4)}${hex(2)}0000`]],
    ] as const) {
      it(`answers FORMERR to IXFR with ${what}`, async () => {
        for (const by of [byTcp, byUdp]) {
          assert.equal(rcodeOf(await by(primary.port, transferQuery(IXFR, ORIGIN, authorities))), 1);
        }
      });
    }

    it('refuses AXFR by UDP (RFC 5936 s.4.2), and names that are no zone', async () => {
      assert.equal(rcodeOf(await byUdp(primary.port, transferQuery(AXFR))), 5);
      assert.equal(rcodeOf(await byTcp(primary.port, transferQuery(AXFR, `www.${ORIGIN}`))), 5);
      assert.equal(rcodeOf(await byTcp(primary.port, transferQuery(IXFR, `www.${ORIGIN}`, [soa(1)]))), 5);
      assert.equal(rcodeOf(await byTcp(primary.port, transferQuery(AXFR, 'example.net'))), 5);
    });

    it('goes on after 200 clients that hang up', async () => {
      const framed = (message: Buffer): Buffer => Buffer.concat([Buffer.of(0, message.length), message]);
      await Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          const socket = connect(primary.port, '127.0.0.1');
          socket.on('error', () => undefined);
          socket.write(framed(transferQuery(AXFR)));
          await wait(i % 20);
          socket.destroy();
        }),
      );
      // A worker has at most 100 transfers at a time, and some may not have ended yet.
      let left = 100;
      while (rcodeOf(await byTcp(primary.port, transferQuery(AXFR))) !== 0 && left-- > 0) await wait(50);
      assert.equal((await transferred(primary.port, ORIGIN)).serial, 4);
    });
  });

  it('goes on with the version with which a transfer began', async () => {
    const primary = await Primary.start({ transfer: 'to *', zone: zoneText(1, many(0, 60_000)) });
    const socket = connect(primary.port, '127.0.0.1');
    const query = transferQuery(AXFR);
    socket.write(Buffer.concat([Buffer.of(0, query.length), query]));
    await new Promise((resolve) => socket.once('readable', resolve));
    await primary.write(2, '');
    const chunks: Buffer[] = [];
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(10_000, () => {
        reject(new Error('the transfer has stopped'));
      });
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (isComplete(Buffer.concat(chunks))) resolve();
      });
    });
    socket.destroy();
    const records = messagesIn(Buffer.concat(chunks)).reduce((sum, message) => sum + message.readUInt16BE(6), 0);
    assert.equal(records, 60_000 + 4);
    await primary.close();
  });

  it('transfers to the addresses of `to`, and to no others', async () => {
    const primary = await Primary.start({ transfer: 'to 192.0.2.1 127.0.0.2' });
    assert.equal(rcodeOf(await byTcp(primary.port, transferQuery(AXFR))), 5);
    assert.equal(rcodeOf(await byUdp(primary.port, transferQuery(IXFR, ORIGIN, [soa(1)]))), 5);
    const copy = await transferred(primary.port, ORIGIN, ['-b', '127.0.0.2']);
    assert.equal(copy.serial, 1);
    await primary.close();
  });

  it('signs all messages of a transfer that must be signed', async () => {
    const primary = await Primary.start({
      transfer: 'to *',
      more: `tsig {\nsecret transfer.key ${secret}\nrequire AXFR IXFR\n}`,
      zone: zoneText(1, many(0, 5000)),
    });
    assert.equal(rcodeOf(await byTcp(primary.port, transferQuery(AXFR))), 5);
    assert.equal(rcodeOf(await byUdp(primary.port, transferQuery(IXFR, ORIGIN, [soa(1)]))), 5);
    const copy = await transferred(primary.port, ORIGIN, ['-y', key]);
    assert.equal(copy.size, 5003);
    const { output } = await run('dig', ['@127.0.0.1', '-p', String(primary.port), '-y', key, `${ORIGIN}.`, 'AXFR']);
    assert.doesNotMatch(output, /could not be validated|Couldn't verify/);
    await primary.close();
  });

  it('transfers a signed zone whole', async function () {
    const folder = temporaryDirectory();
    writeFileSync(
      join(folder, 'plain'),
      `$ORIGIN ${ORIGIN}.\n${zoneText(1, many(0, 50))}sub 60 IN NS ns.sub\nns.sub 60 IN A 192.0.2.1\n`,
    );
    for (const flags of [[], ['-f', 'KSK']]) {
      const made = await run('dnssec-keygen', ['-q', '-K', folder, '-a', '13', ...flags, ORIGIN]);
      if (made.failed) this.skip();
    }
    const signed = [
      '-K',
      folder,
      '-S',
      '-d',
      folder,
      '-o',
      ORIGIN,
      '-f',
      join(folder, 'signed'),
      '-O',
      'full',
      join(folder, 'plain'),
    ];
    assert.equal((await run('dnssec-signzone', signed)).failed, false);
    const { server, port } = await serveCorefile(
      `${ORIGIN}:0 {\ntransfer {\nto *\n}\nfile ${join(folder, 'signed')}\n}`,
    );
    const options = ['+noall', '+answer', '+onesoa', '@127.0.0.1', '-p', String(port), `${ORIGIN}.`, 'AXFR'];
    const { output } = await run('dig', options);
    writeFileSync(join(folder, 'copy'), output);
    const verdict = await run('dnssec-verify', ['-o', ORIGIN, join(folder, 'copy')]);
    assert.equal(verdict.failed, false, verdict.output);
    const second = await run('ldns-verify-zone', [join(folder, 'copy')]);
    if (!/ENOENT|not found/.test(second.output)) assert.equal(second.failed, false, second.output);
    await server.close();
  });

  it('leaves other questions, and zones that it does not have, to other directives', async () => {
    const primary = await Primary.start({ transfer: 'to *' });
    assert.equal(rcodeOf(await byUdp(primary.port, queryBytes(`ns.${ORIGIN}`))), 0);
    await primary.close();
    const { server, port } = await serveCorefile(`${ORIGIN}:0 {\ntransfer {\nto *\n}\nwhoami\n}`);
    // whoami answers what it gets.
    assert.equal(rcodeOf(await byTcp(port, transferQuery(AXFR))), 0);
    await server.close();
  });

  it('answers SERVFAIL while the zone is not loaded', async () => {
    const file = join(temporaryDirectory(), 'missing');
    const { server, port } = await serveCorefile(`${ORIGIN}:0 {\ntransfer {\nto *\n}\nfile ${file}\n}`);
    assert.equal(rcodeOf(await byTcp(port, transferQuery(AXFR))), 2);
    await server.close();
  });

  describe('beside CoreDNS', () => {
    let child: ChildProcess | undefined;
    let primary: Primary | undefined;
    let theirs = 0;
    before(async function () {
      const program = findCoredns();
      if (program === undefined) this.skip();
      theirs = await freePort();
      primary = await Primary.start({ transfer: 'to *', zone: zoneText(7, many(0, 3000)) });
      const file = join(primary.folder, 'Corefile');
      writeFileSync(file, `${ORIGIN}:${theirs} {\ntransfer {\nto *\n}\nfile ${join(primary.folder, 'db')}\n}\n`);
      child = spawn(program, ['-conf', file], { stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise<void>((resolve, reject) => {
        child?.stdout?.on('data', (chunk: Buffer) => {
          if (chunk.includes('CoreDNS-')) resolve();
        });
        child?.once('exit', () => {
          reject(new Error('CoreDNS has not started'));
        });
      });
    });
    after(async () => {
      if (child !== undefined) await endChild(child);
      await primary?.close();
    });

    it('transfers the same records, and refuses the same', async () => {
      const ours = primary?.port ?? 0;
      assert.deepEqual(texts(await transferred(ours, ORIGIN)), texts(await transferred(theirs, ORIGIN)));
      for (const message of [
        transferQuery(AXFR, `www.${ORIGIN}`),
        transferQuery(AXFR, 'example.net'),
        transferQuery(IXFR, ORIGIN, [soa(7)]),
      ]) {
        const [a, b] = await Promise.all([byTcp(ours, message), byTcp(theirs, message)]);
        assert.deepEqual([rcodeOf(a), typesOf(a)], [rcodeOf(b), typesOf(b)]);
      }
      assert.equal(rcodeOf(await byUdp(ours, transferQuery(AXFR))), rcodeOf(await byUdp(theirs, transferQuery(AXFR))));
    });
  });
});

/** The messages of a stream, whole ones only. */
function messagesIn(stream: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 2 <= stream.length && at + 2 + stream.readUInt16BE(at) <= stream.length;) {
    const end = at + 2 + stream.readUInt16BE(at);
    messages.push(stream.subarray(at + 2, end));
    at = end;
  }
  return messages;
}

/** Whether a transfer of several messages has ended: with the SOA record again. */
function isComplete(stream: Buffer): boolean {
  const messages = messagesIn(stream);
  const last = messages.at(-1);
  return messages.length > 1 && last !== undefined && packet.decode(last).answers?.at(-1)?.type === 'SOA';
}
