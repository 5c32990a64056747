// `npm run bench:loading [-- [--rounds N] [--records N] [--signed N] [NAME...]]`: time and CPU time to the first answer, and
// memory after it, of servers that load one large zone: a million records, and signed delegations.
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import packet from 'dns-packet';
import { loadingBounds } from './bounds.js';
import { find } from './contenders.js';
import { end, freePort, usage } from './processes.js';
import { asText, median } from './report.js';

const ORIGIN = 'bench.example';
const MIB = 2 ** 20;
/** Milliseconds after the first answer at which memory is read: threads and caches for loading have then gone. */
const SETTLING = 3000;
const PATIENCE = 180_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    records: { type: 'string', default: '1000000' },
    signed: { type: 'string', default: '100000' },
  },
});

const write = (directory, name, text) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};

/** What loads: the command for a zone file. */
const servers = {
  ours: (port, directory, zone) => [
    process.execPath,
    fileURLToPath(new URL('../dist/cli.js', import.meta.url)),
    '-quiet',
    '-conf',
    write(directory, 'Corefile', `${ORIGIN}:${port} {\n bind 127.0.0.1\n multisocket 1\n file ${zone}\n}\n`),
  ],
  nsd: (port, directory, zone) => [
    find('nsd'),
    '-d',
    '-c',
    write(
      directory,
      'nsd.conf',
      `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  zonesdir: "${directory}"
  pidfile: "${directory}/nsd.pid"
  xfrdfile: ""
  zonelistfile: "${directory}/zone.list"
  xfrdir: "${directory}"
  verbosity: 0
remote-control:
  control-enable: no
zone:
  name: ${ORIGIN}
  zonefile: ${zone}
`,
    ),
  ],
  coredns: (port, directory, zone) => [
    find('coredns'),
    '-quiet',
    '-conf',
    write(directory, 'Corefile.coredns', `${ORIGIN}:${port} {\n bind 127.0.0.1\n file ${zone}\n}\n`),
  ],
};

/** The zones, by name: the file, and a question whose answer is near its end. */
const zones = {
  records: async (directory, count) => {
    const lines = function* () {
      yield* top();
      for (let i = 0; i < count; i++) yield `host${i} IN A 192.0.2.${i % 256}\n`;
    };
    const file = await writeLines(join(directory, 'records.zone'), lines());
    return { label: `${count} records`, file, question: `host${count - 1}.${ORIGIN}`, type: 'A' };
  },
  signed: async (directory, count) => {
    const lines = function* () {
      yield* top();
      for (let i = 0; i < count; i++) {
        yield `child${i} IN NS ns.child${i}\nns.child${i} IN A 192.0.2.${i % 256}\n`;
        yield `child${i} IN DS ${i % 65_536} 13 2 ${i.toString(16).padStart(64, '0')}\n`;
      }
    };
    const file = await writeLines(join(directory, 'unsigned.zone'), lines());
    const key = execFileSync('dnssec-keygen', ['-q', '-a', 'ECDSAP256SHA256', '-f', 'KSK', ORIGIN], { cwd: directory });
    const name = String(key).trim();
    const signed = join(directory, 'signed.zone');
    const options = ['-q', '-z', '-P', '-S', '-o', ORIGIN, '-K', directory, '-f', signed];
    execFileSync('dnssec-signzone', [...options, file], { cwd: directory, stdio: 'ignore' });
    return {
      label: `${count} signed delegations (${name})`,
      file: signed,
      question: `child${count - 1}.${ORIGIN}`,
      type: 'DS',
    };
  },
};

function top() {
  return [
    `$ORIGIN ${ORIGIN}.\n$TTL 300\n`,
    '@ IN SOA ns hostmaster 1 3600 900 604800 300\n',
    '@ IN NS ns\n',
    'ns IN A 192.0.2.53\n',
  ];
}

async function writeLines(file, lines) {
  const stream = createWriteStream(file);
  for (const line of lines) if (!stream.write(line)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'finish');
  return file;
}

/** Starts a server; resolves with the milliseconds to its first answer, those of CPU time, and its memory afterwards. */
async function load(command, port, { question, type }) {
  const began = performance.now();
  const child = spawn(command[0], command.slice(1).map(String), { stdio: ['ignore', 'ignore', 'inherit'] });
  const socket = createSocket('udp4');
  try {
    const query = packet.encode({ type: 'query', id: 1, flags: 0, questions: [{ type, name: question, class: 'IN' }] });
    let time;
    socket.on('message', (reply) => {
      const { answers, rcode } = packet.decode(reply);
      if (rcode === 'NOERROR' && answers.length > 0) time ??= performance.now() - began;
    });
    while (time === undefined) {
      if (child.exitCode !== null) throw new Error(`${command[0]} has ended`);
      if (performance.now() - began > PATIENCE) throw new Error(`${command[0]} does not answer`);
      socket.send(query, port, '127.0.0.1');
      await sleep(20);
    }
    const { cpu } = usage(child.pid);
    await sleep(SETTLING);
    return { time, cpu, memory: usage(child.pid).memory };
  } finally {
    socket.close();
    await end(child);
  }
}

const directory = mkdtempSync(join(tmpdir(), 'multisocket-loading-'));
const figures = new Map();
try {
  for (const [name, make] of Object.entries(zones)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const zone = await make(directory, Number(values[name]));
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [server, command] of Object.entries(servers)) {
        const own = join(directory, server);
        mkdirSync(own, { recursive: true });
        const port = await freePort();
        const figure = await load(command(port, own, zone.file), port, zone);
        figures.set(`${server} ${name}`, [...(figures.get(`${server} ${name}`) ?? []), figure]);
      }
    }
    const look = (server, figure) => median((figures.get(`${server} ${name}`) ?? []).map((each) => each[figure]));
    console.log(`\n${zone.label}`);
    console.log(
      asText([
        ['server', 'first answer, s', 'CPU time, s', 'memory, MiB'],
        ...Object.keys(servers).map((server) => [
          server,
          (look(server, 'time') / 1000).toFixed(2),
          (look(server, 'cpu') / 1000).toFixed(2),
          String(Math.round(look(server, 'memory') / MIB)),
        ]),
      ]),
    );
    for (const { what, bound, ratio } of loadingBounds) {
      const value = ratio(look);
      const kept = value <= bound;
      console.log(`${kept ? 'kept' : 'BROKEN'}: ${what}: ${value.toFixed(2)}, at most ${bound}`);
      if (!kept) process.exitCode = 1;
    }
  }
} finally {
  rmSync(directory, { recursive: true });
}
