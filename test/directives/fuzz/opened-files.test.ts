import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../support/find-program.js';
import { freePort } from '../../support/free-port.js';
import { seeded } from '../../support/hostile.js';
import { listen } from '../../support/program.js';
import { until } from '../../support/server.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { hostileName, lower, queryFor, readMessage } from './hostile-names.js';

const strace = findProgram('strace');
const NAMES = 20_000;
/** Queries that wait for an answer at once. */
const WINDOW = 64;
const SERVFAIL = 2;
const A = 1;
const AAAA = 28;
/** In the third octet of the header: the client is to ask by TCP. */
const TC = 2;
/** A reply with a longer name twice has more than the 512 octets of UDP. */
const LONG_NAME = 200;

const corefile = (port: number): string => String.raw`.:${port} {
  template IN A {
    answer "{{ .Name }} 60 IN A 192.0.2.1"
  }
  rewrite name regex ^(.*)(.)[.]$ {2}x.{1}example.
  rewrite type AAAA A
  log
  errors
}`;

describe('a server with template, rewrite and log', function () {
  this.timeout(120_000);

  (strace === undefined ? it.skip : it)('opens no file for a name that asks for it', async () => {
    const folder = temporaryDirectory();
    const port = await freePort();
    writeFileSync(join(folder, 'Corefile'), corefile(port));
    const program = await listen(['-conf', 'Corefile'], folder);
    await askAll(port, 100); // what is loaded late is there
    const trace = join(folder, 'trace');
    const args = ['-f', '-qq', '-e', 'trace=open,openat,openat2,creat', '-o', trace, '-p', String(program.child.pid)];
    const tracer = spawn(strace ?? '', args);
    await until(
      () => readFileSync(`/proc/${program.child.pid}/status`, 'utf8').includes(`TracerPid:\t${tracer.pid}`),
      'strace is there',
    );
    await askAll(port, NAMES);
    tracer.kill('SIGINT');
    await once(tracer, 'close');
    assert.equal(readFileSync(trace, 'utf8'), '');
    program.child.kill();
    await program.ended;
  });
});

/** Asks for so many names of any octets. Fails where an answer is neither the template's record nor SERVFAIL. */
async function askAll(port: number, count: number): Promise<void> {
  const random = seeded(count);
  const names = Array.from({ length: count }, () => hostileName(random));
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let sent = 0;
  let answered = 0;
  const send = (): void => {
    if (sent === count) return;
    const query = queryFor(names[sent], sent % 2 === 0 ? A : AAAA);
    query.writeUInt16BE(sent & 0xffff);
    socket.send(query);
    sent++;
  };
  const done = new Promise<void>((resolve, reject) => {
    socket.on('message', (message) => {
      try {
        checkReply(message, names[message.readUInt16BE(0)]);
        if (++answered === count) resolve();
        send();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
  for (let i = 0; i < WINDOW; i++) send();
  await done;
  socket.close();
}

function checkReply(message: Buffer, name: Buffer): void {
  const { rcode, records } = readMessage(message);
  if (rcode === SERVFAIL && records.length === 0) return;
  if ((message[2] & TC) !== 0 && name.length > LONG_NAME) return;
  const [{ name: owner, type, rdata }] = records;
  const shown = [rcode, records.length, type, owner.toString('hex'), rdata.toString('hex')];
  assert.deepEqual(shown, [0, 1, A, lower(name).toString('hex'), 'c0000201']);
}
