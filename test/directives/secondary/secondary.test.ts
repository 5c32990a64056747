import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import packet from 'dns-packet';
import type { ResourceRecord } from '../../../dist/index.js';
import { Authority } from '../../../dist/authority/authority.js';
import { SecondaryZone } from '../../../dist/directives/secondary/secondary-zone.js';
import { TsigSecret } from '../../../dist/dns/tsig.js';
import { TsigClient } from '../../../dist/message/tsig-client.js';
import { findBind, startBind } from '../../support/bind.js';
import { makeCertificate } from '../../support/certificate.js';
import { ask, udpExchange } from '../../support/clients.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { freePort } from '../../support/free-port.js';
import { nsupdate } from '../../support/nsupdate.js';
import { answerBytes, serving, soa, typeAsked } from '../../support/scripted-primary.js';
import { until } from '../../support/server.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { ScriptedUpstream, type Script } from '../../support/upstream.js';

const ORIGIN = 'example.org';

type Times = Parameters<typeof soa>[2];

/** A zone whose one address tells its version. */
function zoneOf(serial: number, times?: Times): ResourceRecord[] {
  return [
    soa(ORIGIN, serial, times),
    { name: ORIGIN, type: 'NS', ttl: 300, data: `ns.${ORIGIN}` },
    { name: `www.${ORIGIN}`, type: 'A', ttl: 300, data: `192.0.2.${serial}` },
  ];
}

/** How often a primary was asked for its SOA record. */
function checks(of: ScriptedUpstream): number {
  return of.asked.filter((asked) => typeAsked(asked) === 'SOA').length;
}

/** The address that a server gives, or its response code. */
async function answerOf(port: number, name = `www.${ORIGIN}`): Promise<string> {
  const { rcode, answers = [] } = await ask(port, name);
  const [record] = answers as { data: string }[];
  return answers.length === 0 ? rcode : record.data;
}

describe('the directive secondary', function () {
  this.timeout(30_000);
  const closing: (() => Promise<unknown>)[] = [];

  async function primary(script: Script): Promise<ScriptedUpstream> {
    const started = await ScriptedUpstream.start(script);
    closing.push(() => started.close());
    return started;
  }

  async function serve(
    lines: string,
    more = '',
  ): Promise<Awaited<ReturnType<typeof serveCorefile>> & { close: () => Promise<unknown> }> {
    const corefile = `${ORIGIN}:0 {\n bind 127.0.0.1\n secondary {\n${lines}\n }\n}\n${more}`;
    const served = await serveCorefile(corefile, { workers: 1 });
    const close = (): Promise<unknown> => served.server.close();
    closing.push(close);
    return { ...served, close };
  }

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  it('answers SERVFAIL and is not ready until it has the zone, then as the primary', async () => {
    const versions: ResourceRecord[][] = [];
    const from = await primary((asked, upstream) => {
      if (versions.length > 0) serving(() => versions[0])(asked, upstream);
    });
    const store = temporaryDirectory();
    const { port, log } = await serve(`transfer from 127.0.0.1:${from.port}\nstore ${store}`);
    assert.equal(await answerOf(port), 'SERVFAIL');
    versions.push(zoneOf(1));
    await until(async () => (await answerOf(port)) === '192.0.2.1', 'the first transfer');
    assert.equal(await answerOf(port, `none.${ORIGIN}`), 'NXDOMAIN');
    assert.ok(
      log.includes(`info plugin/secondary: zone ${ORIGIN}: serial 1 from 127.0.0.1:${from.port} by AXFR, 4 records`),
      log.join('\n'),
    );
    const file = join(store, `${ORIGIN}.zone`);
    assert.deepEqual(readdirSync(store), [`${ORIGIN}.zone`]);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('asks the next primary when one does not answer, refuses or sends another zone', async () => {
    const refusing = await primary(({ message, send }) => {
      send(answerBytes(message, [], { flags: 0x8405 }));
    });
    const other = await primary(serving(() => zoneOf(9).map((record) => ({ ...record, name: 'example.net' }))));
    const right = await primary(serving(() => zoneOf(2)));
    const ports = [refusing, other, right].map((each) => `127.0.0.1:${each.port}`).join(' ');
    const { port, log } = await serve(`transfer from 127.0.0.1:1\ntransfer from ${ports}\nstore off`);
    await until(async () => (await answerOf(port)) === '192.0.2.2', 'the transfer');
    const warned = log.filter((line) => line.startsWith('warn'));
    assert.equal(warned.length, 3, log.join('\n'));
    assert.match(warned[0], /127\.0\.0\.1:1: connect ECONNREFUSED/);
    assert.match(warned[1], /the primary answers REFUSED/);
    assert.match(warned[2], /the primary has no SOA record for the zone/);
  });

  it('takes NOTIFY from its primaries alone, and checks once for many', async () => {
    let serial = 1;
    const from = await primary(serving(() => zoneOf(serial)));
    const more = `example.net:0 {\n bind 127.0.0.1\n whoami\n}`;
    const { port } = await serve(`transfer from 127.0.0.1:${from.port}\nstore off`, more);
    await until(async () => (await answerOf(port)) === '192.0.2.1', 'the first transfer');
    const notify = async (name: string, type: packet.RecordType = 'SOA', address = '127.0.0.1'): Promise<string> => {
      const flags = (4 << 11) | packet.AUTHORITATIVE_ANSWER;
      const message = packet.encode({ type: 'query', id: 7, flags, questions: [{ name, type, class: 'IN' }] });
      const answered = await udpExchange(message, port, address);
      assert.ok(answered !== undefined);
      const reply = packet.decode(answered.reply) as packet.DecodedPacket & {
        rcode: string;
        flag_aa: boolean;
        opcode: string;
      };
      assert.equal(reply.opcode, 'NOTIFY');
      return `${reply.rcode}${reply.flag_aa ? ' AA' : ''}`;
    };
    serial = 2;
    assert.equal(await notify(ORIGIN), 'NOERROR AA');
    await until(async () => (await answerOf(port)) === '192.0.2.2', 'the next version');
    const before = checks(from);
    await Promise.all(Array.from({ length: 200 }, () => notify(ORIGIN)));
    await wait(1500);
    assert.ok(checks(from) - before <= 3, `${checks(from) - before} checks for 200 messages`);
    assert.ok(checks(from) > before);
    assert.match(await notify(`sub.${ORIGIN}`), /^NOTAUTH/);
    assert.match(await notify(ORIGIN, 'A'), /^FORMERR/);
    assert.match(await notify('example.net'), /^NOTIMP/);
    assert.equal(await answerOf(port), '192.0.2.2');
  });

  it('refuses NOTIFY from others', async () => {
    const { port } = await serve('transfer from 192.0.2.1\nstore off');
    const message = packet.encode({
      type: 'query',
      id: 7,
      flags: 4 << 11,
      questions: [{ name: ORIGIN, type: 'SOA', class: 'IN' }],
    });
    const answered = await udpExchange(message, port);
    assert.equal(answered!.reply[3] & 15, 5);
  });

  it('serves the stored zone at once after a restart without the primary', async () => {
    const from = await primary(serving(() => zoneOf(3)));
    const lines = `transfer from 127.0.0.1:${from.port}\nstore ${temporaryDirectory()}`;
    const first = await serve(lines);
    await until(async () => (await answerOf(first.port)) === '192.0.2.3', 'the transfer');
    await first.close();
    await from.close();
    closing.splice(0);
    const second = await serve(lines);
    assert.equal(await answerOf(second.port), '192.0.2.3');
  });

  it('expires as the SOA says, also across restarts, and comes back with the primary', async () => {
    let isThere = true;
    const whole = serving(() => zoneOf(4, { refresh: 1, retry: 1, expire: 2 }));
    const from = await primary((asked, upstream) => {
      if (isThere) whole(asked, upstream);
    });
    const store = temporaryDirectory();
    const lines = `transfer from 127.0.0.1:${from.port}\nstore ${store}`;
    const first = await serve(lines);
    await until(async () => (await answerOf(first.port)) === '192.0.2.4', 'the transfer');
    await wait(3000);
    assert.equal(await answerOf(first.port), '192.0.2.4', 'it is confirmed all the time');
    isThere = false;
    await until(async () => (await answerOf(first.port)) === 'SERVFAIL', 'it expires');
    assert.ok(first.log.includes(`error plugin/secondary: zone ${ORIGIN} has expired: no primary has confirmed it`));
    await first.close();
    const second = await serve(lines);
    assert.equal(await answerOf(second.port), 'SERVFAIL', 'the time without the server counts');
    isThere = true;
    await until(async () => (await answerOf(second.port)) === '192.0.2.4', 'it comes back');
    // A clock that goes back makes the zone no older than one that was confirmed now.
    await second.close();
    isThere = false;
    utimesSync(join(store, `${ORIGIN}.zone`), new Date('2099-01-01'), new Date('2099-01-01'));
    const third = await serve(lines);
    assert.equal(await answerOf(third.port), '192.0.2.4');
    await until(async () => (await answerOf(third.port)) === 'SERVFAIL', 'it expires');
  });

  it('sets a damaged file aside, and transfers the zone anew', async () => {
    const from = await primary(serving(() => zoneOf(5)));
    const store = temporaryDirectory();
    const lines = `transfer from 127.0.0.1:${from.port}\nstore ${store}`;
    const first = await serve(lines);
    await until(async () => (await answerOf(first.port)) === '192.0.2.5', 'the transfer');
    await first.close();
    const file = join(store, `${ORIGIN}.zone`);
    const octets = readFileSync(file);
    octets[octets.length >> 1] ^= 1;
    writeFileSync(file, octets);
    const second = await serve(lines);
    await until(async () => (await answerOf(second.port)) === '192.0.2.5', 'the transfer');
    assert.match(
      second.log.join('\n'),
      /error .*the stored zone is not used and becomes .*\.damaged: the file is damaged/,
    );
    assert.ok(existsSync(`${file}.damaged`) && existsSync(file));
  });

  it('does not touch a file when it is closed while it reads it', async () => {
    const file = join(temporaryDirectory(), 'zone');
    writeFileSync(file, 'any');
    const published: unknown[] = [];
    const authority = new Authority(console, (update) => {
      published.push(update);
      return Promise.resolve();
    });
    const primaries = [{ address: '127.0.0.1', port: 1 }];
    const zone = new SecondaryZone({ source: 's', origin: ORIGIN, file, primaries, key: undefined }, authority);
    const loaded = assert.rejects(zone.loaded, /served no longer/);
    zone.close();
    await loaded;
    await authority.close();
    assert.equal(readFileSync(file, 'utf8'), 'any');
    assert.deepEqual(published, []);
  });

  it('keeps its zone when the serial number of the primary goes back', async () => {
    let serial = 20;
    const from = await primary(serving(() => zoneOf(serial, { refresh: 1, retry: 1 })));
    const { port, log } = await serve(`transfer from 127.0.0.1:${from.port}\nstore off`);
    await until(async () => (await answerOf(port)) === '192.0.2.20', 'the transfer');
    serial = 19;
    await until(() => log.some((line) => line.includes('its serial 19 is before 20')), 'the warning');
    assert.equal(await answerOf(port), '192.0.2.20');
    await wait(1500);
    assert.equal(log.filter((line) => line.includes('its serial 19 is before 20')).length, 1);
    serial = 21;
    await until(async () => (await answerOf(port)) === '192.0.2.21', 'the next one');
  });

  it('transfers over TLS, from a primary whose certificate has the right name', async () => {
    const certificate = await makeCertificate();
    const from = await ScriptedUpstream.start(
      serving(() => zoneOf(6)),
      certificate,
    );
    closing.push(() => from.close());
    const ca = `tls ${certificate.file}\nstore off`;
    const right = await serve(`transfer from tls://127.0.0.1%localhost:${from.port}\n${ca}`);
    await until(async () => (await answerOf(right.port)) === '192.0.2.6', 'the transfer');
    const wrong = await serve(`transfer from tls://127.0.0.1%ns.example:${from.port}\n${ca}`);
    await until(() => wrong.log.some((line) => line.includes('altnames')), 'the fault');
    assert.equal(await answerOf(wrong.port), 'SERVFAIL');
  });

  it('follows BIND by NOTIFY and IXFR, signed by a key', async function () {
    const program = findBind();
    if (program === undefined) return this.skip();
    const port = await freePort();
    const key = { name: 'key.example', algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 9).toString('base64') };
    const zone = `$TTL 60\n@ SOA ns h 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.1\n${'x'.repeat(3)} TXT "${'y'.repeat(200)}"\n`;
    const more = `allow-update { any; }; allow-transfer { key "${key.name}"; }; notify explicit; notify-delay 0; also-notify { 127.0.0.1 port ${port} key "${key.name}"; };`;
    const bind = await startBind(program, ORIGIN, zone, [key], more);
    closing.push(() => bind.stop());
    const lines = `transfer from 127.0.0.1:${bind.port}\n key ${key.name} ${key.algorithm} ${key.secret}\nstore off`;
    const served = await serveCorefile(`${ORIGIN}:${port} {\n bind 127.0.0.1\n secondary {\n${lines}\n }\n}`, {
      workers: 1,
    });
    closing.push(() => served.server.close());
    await until(async () => (await answerOf(port)) === '192.0.2.1', 'the transfer');
    await nsupdate(bind.port, ORIGIN, `update delete www.${ORIGIN} A\nupdate add www.${ORIGIN} 60 A 192.0.2.2\nsend`);
    await until(async () => (await answerOf(port)) === '192.0.2.2', 'the update');
    assert.ok(
      served.log.some((line) => line.includes('serial 2 ') && line.includes('by IXFR')),
      served.log.join('\n'),
    );
    // NOTIFY without the signature, and with that of another key.
    const flags = 4 << 11;
    const plain = packet.encode({
      type: 'query',
      id: 7,
      flags,
      questions: [{ name: ORIGIN, type: 'SOA', class: 'IN' }],
    });
    assert.equal((await udpExchange(plain, port))!.reply[3] & 15, 5);
    const other = new TsigSecret({ name: key.name, algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 8) });
    assert.equal((await udpExchange(new TsigClient(other).sign(plain), port))!.reply[3] & 15, 9);
    const right = new TsigClient(
      new TsigSecret({ name: key.name, algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 9) }),
    );
    const answered = await udpExchange(right.sign(plain), port);
    assert.equal(right.open(answered!.reply)[3] & 15, 0, 'the answer is signed, too');
  });
});
