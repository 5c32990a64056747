import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import packet from 'dns-packet';
import { createServer, type CorefileServer } from 'multisocket';
import { ask, udpExchange } from '../support/clients.js';
import { loggerInto } from '../support/logger-into.js';
import { freePort } from '../support/free-port.js';

/** A zone whose name `www` has the address 192.0.2.`serial`; the record outside of it gives a warning for each read. */
function zone(serial: number, more = ''): string {
  return `$TTL 60\n@ SOA a b ${serial} 1 1 1 1\nwww A 192.0.2.${serial}\nout.example.net. A 192.0.2.1\n${more}`;
}

for (const workers of [0, 2]) {
  describe(`zones of a Corefile, with workers: ${workers}`, () => {
    let folder: string;
    let log: string[];
    let server: CorefileServer | undefined;
    const logger = loggerInto(() => log);

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
      log = [];
    });

    afterEach(async () => {
      await server?.close();
      server = undefined;
      rmSync(folder, { recursive: true });
    });

    function write(name: string, text: string): string {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    }

    async function serve(corefile: string): Promise<CorefileServer> {
      server = createServer({ corefile, workers, logger, closeTimeout: 200 });
      await server.listen();
      return server;
    }

    async function addressOf(name: string, address = 0): Promise<string> {
      const { port } = server!.addresses()[address];
      const reply = await ask(port, name);
      const { rcode } = reply as unknown as { rcode: string };
      return rcode === 'NOERROR' ? (reply.answers![0] as packet.StringAnswer).data : rcode;
    }

    const reads = (): number => log.filter((line) => line.includes('out.example.net')).length;

    it('reads a file once, however many server blocks and workers serve it', async () => {
      const db = write('db', zone(1));
      await serve(`example.org:0 {\n bind 127.0.0.1\n file ${db}\n}\nexample.org:0 {\n bind 127.0.0.2\n file ${db}\n}`);
      assert.equal(await addressOf('www.example.org'), '192.0.2.1');
      assert.equal(reads(), 1);
    });

    it('does not read again at a reload of the Corefile what stays as it is', async () => {
      const [kept, changed] = [write('kept', zone(1)), write('changed', zone(1))];
      const corefile = (reload: string, other: string): string =>
        `.:0 {\n bind 127.0.0.1\n file ${kept} kept {\n reload ${reload}\n }\n file ${other} other\n}`;
      const running = await serve(corefile('0', changed));
      write('kept', zone(2));
      write('changed', zone(2));
      const other = write('other', zone(3));
      await running.reload({ corefile: corefile('0', other) });
      assert.equal(await addressOf('www.kept'), '192.0.2.1');
      assert.equal(await addressOf('www.other'), '192.0.2.3');
      assert.equal(reads(), 3);
      await running.reload({ corefile: corefile('1h', other) });
      assert.equal(await addressOf('www.kept'), '192.0.2.2');
      assert.equal(reads(), 4);
    });

    it('serves on as before when a new zone has a fault', async () => {
      const db = write('db', zone(1));
      const corefile = (file: string): string => `.:0 {\n bind 127.0.0.1\n file ${file} example.org\n}`;
      await serve(corefile(db));
      write('db', zone(2)); // not read: its zone is kept
      const faulty = write('faulty', 'www A 192.0.2\n');
      await assert.rejects(server!.reload({ corefile: corefile(faulty) }), {
        code: 'ERR_MULTISOCKET_ZONE',
        message: `${faulty}:1: invalid IPv4 address "192.0.2": four numbers from 0 to 255 with dots between them`,
      });
      assert.equal(await addressOf('www.example.org'), '192.0.2.1');
      assert.equal(reads(), 1);
    });

    it('does not start with a zone that has a fault, and lets the process end', async () => {
      const db = write('db', zone(1, 'x A y\n'));
      await assert.rejects(serve(`example.org:0 {\n bind 127.0.0.1\n file ${db}\n}`), { code: 'ERR_MULTISOCKET_ZONE' });
    });

    it('gives a changed zone to all workers, once its line is in the log', async () => {
      const db = write('db', zone(1));
      await serve(`example.org:0 {\n bind 127.0.0.1\n file ${db} {\n reload 20ms\n }\n}`);
      for (let serial = 2; serial < 8; serial++) {
        write('db', zone(serial));
        while (!log.includes(`plugin/file: zone example.org was reloaded with serial ${serial}`)) await wait(5);
        const found = await Promise.all(Array.from({ length: 20 }, () => addressOf('www.example.org')));
        assert.deepEqual(new Set(found), new Set([`192.0.2.${serial}`]));
      }
    });

    if (workers > 0) {
      it('gives its zones to a worker that starts later', async () => {
        const db = write('db', zone(1));
        server = createServer({
          corefile: `.:0 {\n bind 127.0.0.1\n file ${db} example.org {\n reload 20ms\n }\n mortal\n}`,
          modules: [new URL('fixtures/mortal.js', import.meta.url)],
          workers: 1,
          logger,
        });
        server.on('warning', () => undefined);
        await server.listen();
        write('db', zone(2));
        while (!log.includes('plugin/file: zone example.org was reloaded with serial 2')) await wait(5);
        const { port } = server.addresses()[0];
        const question = { type: 'A', name: 'die.mortal', class: 'IN' } as const;
        assert.equal(
          await udpExchange(packet.encode({ type: 'query', questions: [question] }), port, '127.0.0.1', 300),
          undefined,
        );
        assert.equal(await addressOf('www.example.org'), '192.0.2.2');
        assert.equal(reads(), 2);
        write('db', zone(3));
        while (!log.includes('plugin/file: zone example.org was reloaded with serial 3')) await wait(5);
        assert.equal(await addressOf('www.example.org'), '192.0.2.3');
      });
    }

    it('closes while it reads', async () => {
      const big = write('big', `${zone(1)}${'$GENERATE 1-65536 g$ A 192.0.2.1\n'.repeat(20)}`);
      const [db, corefile] = [
        write('db', zone(1)),
        (file: string): string => `.:0 {\n bind 127.0.0.1\n file ${file} o\n}`,
      ];
      await serve(corefile(db));
      const reloading = assert.rejects(server!.reload({ corefile: corefile(big) }));
      await wait(200);
      const before = Date.now();
      await server!.close();
      await reloading;
      assert.ok(Date.now() - before < 3000);
    });

    it('is ready when all zones are loaded', async () => {
      const health = await freePort();
      await serve(
        `example.org:0 {\n bind 127.0.0.1\n file ${join(folder, 'db')} {\n reload 20ms\n }\n ready 127.0.0.1:${health}\n}`,
      );
      const state = async (): Promise<string> => (await fetch(`http://127.0.0.1:${health}/ready`)).text();
      assert.equal(await state(), 'file');
      write('db', zone(1));
      while ((await state()) !== 'OK') await wait(10);
      assert.equal(await addressOf('www.example.org'), '192.0.2.1');
    });
  });
}
