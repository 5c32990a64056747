import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createServer, type Logger, type Server } from '../../../dist/index.js';
import { type FileOptions } from '../../../dist/directives/file/options.js';
import { ZoneFilesHandler } from '../../support/zone-files.js';
import packet from 'dns-packet';
import { ask, opt } from '../../support/clients.js';

/** Milliseconds between looks at the files in these tests. */
const RELOAD = 20;

function zoneText(serial: number, records = ''): string {
  return `$TTL 60\n@ SOA a b ${serial} 1 1 1 1\n@ NS ns\nns A 192.0.2.53\n${records}`;
}

describe('file', () => {
  let folder: string;
  let log: string[];
  const closing: (() => Promise<void> | void)[] = [];
  const logger: Logger = {
    debug: () => assert.fail('nothing is logged at this level'),
    info: (message) => log.push(`info ${message}`),
    warn: (message) => log.push(`warn ${message}`),
    error: () => assert.fail('nothing is logged at this level'),
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
    log = [];
  });

  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    rmSync(folder, { recursive: true });
  });

  /** Writes a file, or replaces one in one step: a look at half of it would be another change. */
  function write(name: string, text: string): string {
    writeFileSync(join(folder, 'new'), text);
    renameSync(join(folder, 'new'), join(folder, name));
    return join(folder, name);
  }

  /** Serves and returns the port; what `file` leaves to the next handler is NOTIMP. */
  async function serve(...uses: Partial<FileOptions>[]): Promise<number> {
    const defaults = { file: join(folder, 'db'), zones: ['example.org'], reload: 0, fallthrough: [] };
    const file = await ZoneFilesHandler.start(
      uses.map((use) => ({ ...defaults, ...use })),
      logger,
    );
    const server: Server = createServer({
      listen: '127.0.0.1:0',
      sockets: 1,
      workers: 0,
      handler: (query, reply) =>
        file.handle(query, reply, (_, rest) => {
          rest.rcode = 'NOTIMP';
        }),
    });
    closing.push(async () => {
      await server.close();
      await file.close();
    });
    await server.listen();
    return server.addresses()[0].port;
  }

  async function rcode(port: number, name: string, type: Parameters<typeof ask>[2] = 'A'): Promise<string> {
    return ((await ask(port, name, type)) as unknown as { rcode: string }).rcode;
  }

  /** Waits for a line of the log, which a look at the files writes. */
  async function logged(line: string): Promise<void> {
    while (!log.includes(line)) await wait(RELOAD);
  }

  it('answers with authority, in the spelling of the question', async () => {
    write('db', zoneText(1, 'www A 192.0.2.1\n'));
    const reply = await ask(await serve({}), 'WwW.eXample.org');
    assert.equal(reply.flag_aa, true);
    assert.deepEqual(
      reply.answers!.map((record) => [record.name, (record as { data: unknown }).data]),
      [['WwW.eXample.org', '192.0.2.1']],
    );
  });

  it('leaves other zones to the next handler, and refuses transfers', async () => {
    write('db', zoneText(1));
    const port = await serve({});
    assert.equal(await rcode(port, 'example.net'), 'NOTIMP');
    assert.equal(await rcode(port, 'xexample.org'), 'NOTIMP');
    assert.equal(await rcode(port, 'example.org', 'AXFR'), 'REFUSED');
  });

  it('serves one file as several zones, each name from the longest, DS from the one above', async () => {
    write('db', zoneText(1, 'sub DS 1 8 2 00\nwww A 192.0.2.1\n'));
    const port = await serve({ zones: ['example.org', 'sub.example.org'] });
    assert.equal(await rcode(port, 'www.sub.example.org'), 'NOERROR');
    assert.equal(await rcode(port, 'mail.sub.example.org'), 'NXDOMAIN');
    const ds = await ask(port, 'sub.example.org', 'DS');
    assert.equal(ds.answers!.length, 1);
    assert.equal(ds.flag_aa, true);
  });

  it('has the DS records of a referral for queries with DO, also behind an alias (RFC 4035 s.3.1.4.1)', async () => {
    write(
      'db',
      zoneText(1, 'sub NS ns.sub\nsub DS 1 8 2 00\nsub DS 2 8 2 01\nns.sub A 192.0.2.1\nin CNAME x.sub\nplain NS ns\n'),
    );
    const port = await serve({});
    const typesOf = async (name: string, flags: number): Promise<string[]> => {
      const options = { additionals: [opt(1232, { flags, flag_do: flags > 0 })] };
      return (await ask(port, `${name}.example.org`, 'A', options)).authorities!.map(({ type }) => type);
    };
    for (const name of ['sub', 'a.sub', 'in']) {
      assert.deepEqual(await typesOf(name, packet.DNSSEC_OK), ['NS', 'DS', 'DS'], name);
      assert.deepEqual(await typesOf(name, 0), ['NS'], name);
    }
    assert.deepEqual(await typesOf('plain', packet.DNSSEC_OK), ['NS']);
  });

  it('leaves names that do not exist to the next handler, in the zones that `fallthrough` names', async () => {
    write('db', zoneText(1, 'www A 192.0.2.1\nalias CNAME gone\n'));
    const port = await serve({ fallthrough: ['in.example.org'] });
    assert.equal(await rcode(port, 'x.in.example.org'), 'NOTIMP');
    assert.equal(await rcode(port, 'x.example.org'), 'NXDOMAIN');
    const all = await serve({ fallthrough: ['.'] });
    assert.equal(await rcode(all, 'x.example.org'), 'NOTIMP');
    assert.equal(await rcode(all, 'www.example.org', 'AAAA'), 'NOERROR');
    assert.equal(await rcode(all, 'alias.example.org'), 'NXDOMAIN');
  });

  it('does not start with a zone that has a fault, or that is not there', async () => {
    const file = write('db', 'x A y\n');
    await assert.rejects(serve({ reload: RELOAD }), {
      code: 'ERR_MULTISOCKET_ZONE',
      message: `${file}:1: invalid IPv4 address "y": four numbers from 0 to 255 with dots between them`,
    });
    await assert.rejects(serve({ file: join(folder, 'gone') }), { code: 'ENOENT' });
    await assert.rejects(serve({ file: folder, reload: RELOAD }), { code: 'EISDIR' });
  });

  it('waits for a file that is not there when it looks again, SERVFAIL until then', async () => {
    const port = await serve({ reload: RELOAD });
    assert.deepEqual(log, [
      `warn plugin/file: zone example.org waits: ENOENT: no such file or directory, stat '${join(folder, 'db')}'`,
    ]);
    assert.equal(await rcode(port, 'www.example.org'), 'SERVFAIL');
    assert.equal(await rcode(port, 'www.example.net'), 'NOTIMP');
    write('db', zoneText(1, 'www A 192.0.2.1\n'));
    await logged('info plugin/file: zone example.org was reloaded with serial 1');
    assert.equal(await rcode(port, 'www.example.org'), 'NOERROR');
  });

  it('takes a changed file with the same serial with reload_by_mtime', async () => {
    write('db', zoneText(1, 'www A 192.0.2.1\n'));
    const port = await serve({ reload: RELOAD, byTime: true });
    write('db', zoneText(1, 'www A 192.0.2.22\n'));
    await logged('info plugin/file: zone example.org was reloaded with serial 1');
    const { answers } = await ask(port, 'www.example.org');
    assert.equal((answers![0] as packet.StringAnswer).data, '192.0.2.22');
  });

  it('reads the zone again when a file of it has changed, and its serial', async () => {
    write('more', 'www A 192.0.2.1\n');
    write('db', zoneText(1, '$INCLUDE more\n'));
    const port = await serve({ reload: RELOAD });
    assert.equal(await rcode(port, 'new.example.org'), 'NXDOMAIN');
    write('more', 'new A 192.0.2.1\n');
    await logged(
      `warn plugin/file: zone example.org was not reloaded: ${join(folder, 'db')} has changed and its serial 1 has not`,
    );
    assert.equal(await rcode(port, 'new.example.org'), 'NXDOMAIN');
    write('db', zoneText(2, '$INCLUDE more\n'));
    await logged('info plugin/file: zone example.org was reloaded with serial 2');
    assert.equal(await rcode(port, 'new.example.org'), 'NOERROR');
    assert.equal(log.length, 2);
  });

  it('looks again at what a faulty file includes', async () => {
    write('db', zoneText(1));
    const port = await serve({ reload: RELOAD });
    const more = write('more', 'www A y\n');
    write('db', zoneText(2, '$INCLUDE more\n'));
    await logged(
      `warn plugin/file: zone example.org was not reloaded, serial 1 is served on: ${more}:1: invalid IPv4 address "y": four numbers from 0 to 255 with dots between them`,
    );
    write('more', 'www A 192.0.2.1\n');
    await logged('info plugin/file: zone example.org was reloaded with serial 2');
    assert.equal(await rcode(port, 'www.example.org'), 'NOERROR');
  });

  it('goes on with the zone that it has when the new one has a fault or is gone, and says so once', async () => {
    const file = write('db', zoneText(1, 'www A 192.0.2.1\n'));
    const port = await serve({ reload: RELOAD });
    write('db', 'x A y\n');
    await logged(
      `warn plugin/file: zone example.org was not reloaded, serial 1 is served on: ${file}:1: invalid IPv4 address "y": four numbers from 0 to 255 with dots between them`,
    );
    rmSync(file);
    await logged(
      `warn plugin/file: zone example.org was not reloaded, serial 1 is served on: ENOENT: no such file or directory, stat '${file}'`,
    );
    await wait(5 * RELOAD);
    assert.equal(log.length, 2);
    assert.equal(await rcode(port, 'www.example.org'), 'NOERROR');
  });
});
