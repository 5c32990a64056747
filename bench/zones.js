// `npm run bench:zones [-- [--rounds N] [--seconds N] [--large N] [NAME...]]`: what an answer of `file` costs, from zones of
// 1,000 and of a million names, signed and not, with DO and without, beside NSD and Knot. Ends with 1 if a bound is broken.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { zonesBounds } from './bounds.js';
import { find, knotFile, nsdFile } from './contenders.js';
import { runLoad } from './loads.js';
import { saturate, WARM_UP } from './measure.js';
import { freePort, startServer } from './processes.js';
import { asText, median } from './report.js';
import { largeQuestions, ORIGIN, writeZone } from './zone.js';

const SMALL = 1000;
/** Questions of one load: random names of the whole zone. */
const ASKED = 30_000;
const LOADS = ['udp-bursts', 'udp-turns'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    large: { type: 'string', default: '1000000' },
  },
});
const large = Number(values.large);

/** The servers, each for a zone file in its directory. */
const servers = {
  ours: (port, directory) => [
    process.execPath,
    fileURLToPath(new URL('../dist/cli.js', import.meta.url)),
    '-conf',
    write(
      directory,
      'Corefile',
      `${ORIGIN}:${port} {\n  bind 127.0.0.1\n  multisocket 1\n  file ${directory}/zone\n}\n`,
    ),
  ],
  nsd: (port, directory) => [find('nsd'), '-d', '-c', nsdFile(port, directory, 1, false)],
  knot: (port, directory) => [find('knotd'), '-c', knotFile(port, directory, false)],
};
const programs = { ours: process.execPath, nsd: find('nsd'), knot: find('knotd') };
const measured = Object.keys(servers).filter((name) => positionals.length === 0 || positionals.includes(name));

const directory = mkdtempSync(join(tmpdir(), 'multisocket-zones-'));
const figures = new Map();
try {
  for (const [kind, count, signed] of [
    ['small', SMALL, false],
    ['large', large, false],
    ['small-signed', SMALL, true],
    ['large-signed', Math.round(large / 10), true],
  ]) {
    const file = zoneFile(kind, count, signed);
    for (const name of measured) {
      if (programs[name] === undefined) continue;
      await measure(name, kind, file, count, signed);
    }
    rmSync(file);
  }
} finally {
  rmSync(directory, { recursive: true });
}

const rows = [...figures].map(([key, all]) => [key, median(all).toFixed(3)]);
console.log(asText([['server zone load', 'CPU us/query'], ...rows]));
const look = (name, load) => (figures.has(`${name} ${load}`) ? median(figures.get(`${name} ${load}`)) : undefined);
for (const { what, bound, ratio } of zonesBounds) {
  const found = ratio(look);
  if (found === undefined) continue;
  console.log(`${found <= bound ? 'ok' : 'BROKEN'}: ${what}: ${found.toFixed(2)}, at most ${bound}`);
  if (found > bound) process.exitCode = 1;
}

function write(folder, name, text) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** Writes a zone, and signs it by dnssec-signzone. */
function zoneFile(kind, count, signed) {
  const file = join(directory, kind);
  writeZone(file, count);
  if (!signed) return file;
  const keygen = ['-q', '-K', directory, '-a', 'ECDSAP256SHA256', '-f', 'KSK', ORIGIN];
  const key = execFileSync('dnssec-keygen', keygen, { encoding: 'utf8' }).trim();
  const signing = ['-z', '-P', '-o', ORIGIN, '-f', `${file}.signed`, '-d', directory, '-S', '-K', directory, file];
  execFileSync('dnssec-signzone', signing, { stdio: 'ignore' });
  rmSync(file);
  rmSync(join(directory, `${key}.key`));
  rmSync(join(directory, `${key}.private`));
  return `${file}.signed`;
}

async function measure(name, kind, file, count, signed) {
  const folder = join(directory, `${name}-${kind}`);
  mkdirSync(folder, { recursive: true });
  execFileSync('ln', ['-f', file, join(folder, 'zone')]);
  const port = await freePort();
  const server = await startServer({ name, command: servers[name] }, port, folder, { patience: 180_000 });
  try {
    for (const dnssec of signed ? [false, true] : [false]) {
      const questions = largeQuestions(count, ASKED, dnssec);
      for (const load of LOADS) {
        const key = `${name} ${kind}${dnssec ? '-do' : ''} ${load}`;
        await runLoad(load, port, { duration: WARM_UP, questions });
        const all = [];
        for (let round = 0; round < Number(values.rounds); round++) {
          all.push((await saturate(server, load, port, { duration: Number(values.seconds) * 1000, questions })).cpu);
        }
        figures.set(key, all);
      }
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}
