// `npm run bench:tls-cost`: what Node's `tls` adds to OpenSSL. The CPU time of three servers: OpenSSL alone through memory
// BIOs, Node's `tls`, and Node's `net` with as many octets and no encryption. What `tls` costs above the other two together
// is its own.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOAD_CPU, SERVER_CPU } from './loads.js';
import { buildOpenssl, makeCertificate } from './openssl/build.js';
import { asText, median } from './report.js';

const ROUNDS = 3;
const CONNECTIONS = 400;
const MESSAGES = 4000;
/** As long as a query with its length in front. */
const MESSAGE = Buffer.alloc(64, 7);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'multisocket-tls-cost-'));
const children = [];

try {
  const { cert, key } = makeCertificate(directory);
  const addon = buildOpenssl(directory);
  const openssl = createRequire(import.meta.url)(addon);
  execFileSync('taskset', ['-cp', String(SERVER_CPU), String(process.pid)], { stdio: 'pipe' });
  const [client] = await start(LOAD_CPU, 'openssl/client.js', addon);
  const servers = {
    tls: await start(SERVER_CPU, 'servers/echo.js', cert, key),
    net: await start(SERVER_CPU, 'servers/echo.js'),
  };

  /** Microseconds that a server of Node's takes. */
  const measure = async (name, plan) => {
    const [server, port] = servers[name];
    const used = async () => {
      server.send('usage');
      return (await once(server, 'message'))[0];
    };
    const before = await used();
    client.send({ port, tls: name === 'tls', message: MESSAGE.toString('hex'), ...plan });
    await once(client, 'message');
    return (await used()) - before;
  };
  const connection = (what, resumed) => ({
    what,
    alone: () => {
      const [handshake, message, count] = openssl.alone(cert, key, CONNECTIONS, 1, MESSAGE, resumed);
      if (count !== (resumed ? CONNECTIONS - 1 : 0)) throw new Error(`${count} connections were resumed`);
      return handshake + message;
    },
    node: async (name) => (await measure(name, { connections: CONNECTIONS, messages: 1, resumed })) / CONNECTIONS,
  });
  const cases = [
    connection('connection with one message, full handshake', false),
    connection('connection with one message, resumed', true),
    {
      what: 'further message, a record each way',
      alone: () => openssl.alone(cert, key, 2, MESSAGES, MESSAGE, false)[1],
      node: async (name) => (await measure(name, { connections: 1, messages: MESSAGES, resumed: false })) / MESSAGES,
    },
  ];
  const rows = [];
  for (const { what, alone, node } of cases) {
    const rounds = { alone: [], net: [], tls: [] };
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      const figures = { alone: alone(), net: await node('net'), tls: await node('tls') };
      if (round > 0) for (const name of Object.keys(rounds)) rounds[name].push(figures[name]);
    }
    const [least, plain, all] = Object.values(rounds).map(median);
    const added = all - plain - least;
    rows.push([what, ...[least, plain, all, added].map((time) => time.toFixed(1)), (added / all).toFixed(2)]);
  }
  console.log(asText([['us of CPU', 'OpenSSL alone', 'net', 'tls', 'tls adds', 'of tls'], ...rows]));
} finally {
  for (const child of children) child.kill();
  rmSync(directory, { recursive: true });
}

/** Starts a program of Node's on a CPU; resolves to it and its first message. */
async function start(cpu, program, ...args) {
  const child = fork(here(program), args, { execPath: 'taskset', execArgv: ['-c', String(cpu), process.execPath] });
  children.push(child);
  const [message] = await once(child, 'message');
  return [child, message];
}
