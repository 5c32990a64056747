import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, opt, queryBytes, TcpClient } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { refuses } from '../support/refuses.js';
import { until } from '../support/server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const file = join(temporaryDirectory(), 'db');
writeFileSync(file, '@ 60 IN SOA ns hostmaster 1 60 60 60 60\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\n');

/** What a server logs of questions, once there are `count` lines. */
async function logOf(lines: string, ask: (port: number) => Promise<unknown>, count: number): Promise<string[]> {
  const { server, port, log } = await serveCorefile(`example.org:0 {\n${lines}\n file ${file}\n}`);
  await ask(port);
  await server.close();
  await until(() => log.length >= count, `${count} lines in ${log.join('\n')}`);
  return log;
}

describe('the directive log', () => {
  it("has CoreDNS's common format", async () => {
    const [udp, tcp, negative] = await logOf(
      'log',
      async (port) => {
        await ask(port, 'NS.example.org', 'A', {
          id: 4711,
          additionals: [opt(1400, { flags: 0x8000, flag_do: true })],
        });
        const client = await TcpClient.connect(port);
        await client.exchange(queryBytes('ns.example.org', 'A', { id: 17 }));
        client.close();
        await ask(port, 'none.example.org', 'AAAA', { id: 18, flags: 0x10 });
      },
      3,
    );
    const duration = String.raw`\d+(\.\d+)?(e-\d+)?s$`;
    const own = String.raw`^info 127\.0\.0\.1:\d+ - `;
    assert.match(
      udp,
      new RegExp(`${own}4711 "A IN NS\\.example\\.org\\. udp 43 true 1400" NOERROR qr,aa,rd \\d+ ${duration}`),
    );
    assert.match(
      tcp,
      new RegExp(`${own}17 "A IN ns\\.example\\.org\\. tcp 32 false 65535" NOERROR qr,aa,rd 48 ${duration}`),
    );
    assert.match(
      negative,
      new RegExp(`${own}18 "AAAA IN none\\.example\\.org\\. udp 34 false 512" NXDOMAIN qr,aa,cd \\d+ ${duration}`),
    );
  });

  it('has formats of its own, a space between words kept', async () => {
    const [line] = await logOf(
      'log . "{combined} | {local} {remote} {>opcode} {name}"',
      (port) => ask(port, 'ns.example.org', 'A'),
      1,
    );
    assert.match(line, /s "0" \| 127\.0\.0\.1 127\.0\.0\.1 0 ns\.example\.org\.$/);
  });

  it('prints unknown fields unchanged, and a dash for metadata', async () => {
    const format = '{host} {when} { {type} } {/a/b} {>x} } {Name}';
    const [line] = await logOf(`log . "${format}"`, (port) => ask(port, 'ns.example.org', 'A'), 1);
    assert.equal(line, 'info {host} {when} { A } - {>x} } {Name}');
  });

  it('warns of fields that there are not, and of names with spaces', async () => {
    const { server, warnings } = await serveCorefile(`.:0 {\n log . "{host} {type}"\n log "plain text"\n whoami\n}`);
    assert.deepEqual(
      warnings.map(({ message }) => message.replace(/.*Warning: /, '')),
      [
        'plugin/log: unknown field {host}: it is printed unchanged',
        'plugin/log: "plain text" is a name: a format has a field in braces',
      ],
    );
    await server.close();
  });

  it('escapes characters with which a client could forge a line or a field', async () => {
    const [line, ...more] = await logOf('log "{name}"', (port) => ask(port, 'a\nb"c d.example.org', 'A'), 1);
    assert.deepEqual([line, more], ['info a\\010b\\"c\\032d.example.org.', []]);
  });

  it('logs only the configured classes and names', async () => {
    const questions = async (port: number): Promise<void> => {
      await ask(port, 'ns.example.org', 'A');
      await ask(port, 'ns.example.org', 'AAAA');
      await ask(port, 'none.example.org', 'A');
      await ask(port, 'example.org', 'AXFR');
    };
    const logged = async (lines: string, count: number): Promise<string[]> =>
      (await logOf(lines, questions, count)).map((line) => line.replace('info ', ''));
    const line = 'log . "{name} {type} {rcode}"';
    const [success, noData, none, error] = [
      'ns.example.org. A NOERROR',
      'ns.example.org. AAAA NOERROR',
      'none.example.org. A NXDOMAIN',
      'example.org. AXFR REFUSED',
    ];
    assert.deepEqual(await logged(`${line} {\n class success\n}`, 1), [success]);
    assert.deepEqual(await logged(`${line} {\n class denial error\n}`, 3), [noData, none, error]);
    assert.deepEqual(await logged(`${line} {\n class error\n class success\n}`, 2), [success, error]);
    assert.deepEqual(await logged(`${line} {\n class all\n}`, 4), [success, noData, none, error]);
    assert.deepEqual(await logged('log ns.example.org "{name} {type} {rcode}"', 2), [success, noData]);
    assert.deepEqual(
      await logged('log none.example.org\nlog ns.example.org "{type}"', 3).then((all) => all.slice(0, 2)),
      ['A', 'AAAA'],
    );
  });

  refuses([
    ['log {\n class\n}', 3, "Wrong argument count or unexpected line ending after 'class'"],
    ['log {\n class other\n}', 3, "unknown class of responses: 'other'"],
    ['log {\n other\n}', 3, "unknown option 'other'"],
  ]);
});
