/** Who accepts a Corefile: CoreDNS, by starting with it, and this library, by what `-check` does. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkCorefile } from '../../../dist/run/check.js';
import { makeCertificate } from '../../support/certificate.js';
import type { GeneratedCorefile } from './corefiles.js';

/** Undefined: accepted; else why not. */
export type Verdict = string | undefined;

/** What CoreDNS says once it serves. */
const SERVES = /^CoreDNS-/m;
/** Faults of this machine, not of the Corefile. */
const OF_THE_MACHINE = /address already in use|cannot assign requested address/;
const PATIENCE = 5000;
let counted = 0;

/** Writes the files that generated Corefiles name. */
export async function writeFiles(directory: string): Promise<void> {
  const soa = '@ 60 IN SOA ns.example.org. admin.example.org. 1 7200 1800 86400 60\n@ 60 IN NS ns.example.org.\n';
  writeFileSync(join(directory, 'db.good'), `${soa}www 60 IN A 192.0.2.1\n`);
  writeFileSync(join(directory, 'db.bad'), `${soa}www 60 IN A not-an-address\n`);
  writeFileSync(join(directory, 'hosts.good'), '192.0.2.1 a.example.org\n2001:db8::1 a.example.org\n');
  writeFileSync(join(directory, 'weights'), 'www.example.org\n192.0.2.1 3\n192.0.2.2 1\n');
  writeFileSync(join(directory, 'weights.bad'), 'www.example.org\n192.0.2.1 three\n');
  writeFileSync(join(directory, 'resolv.conf'), 'nameserver 127.0.0.1\n');
  writeFileSync(join(directory, 'part.conf'), 'nsid part\n');
  writeFileSync(join(directory, 'braces.conf'), 'log {\n');
  writeFileSync(join(directory, 'itself.conf'), 'import itself.conf\n');
  writeFileSync(join(directory, 'blocks.conf'), 'blocks.test {\n  whoami\n}\n');
  mkdirSync(join(directory, 'zones'));
  writeFileSync(join(directory, 'zones', 'db.example.org'), `${soa}www 60 IN A 192.0.2.1\n`);
  mkdirSync(join(directory, 'parts'));
  writeFileSync(join(directory, 'parts', '1.conf'), 'nsid 1\n');
  const { file } = await makeCertificate();
  copyFileSync(file, join(directory, 'cert.pem'));
  copyFileSync(join(dirname(file), 'key.pem'), join(directory, 'key.pem'));
}

/** Starts CoreDNS in `directory` and ends it as soon as it serves. */
export async function theirVerdict(program: string, directory: string, corefile: GeneratedCorefile): Promise<Verdict> {
  const env = { ...process.env, ...corefile.environment, GOMAXPROCS: '1' };
  // Not on standard input: what it imports is sought beside it.
  const file = join(directory, `Corefile.${counted++}`);
  writeFileSync(file, corefile.text);
  const child = spawn(program, ['-conf', file, '-dns.port', '0'], { cwd: directory, env });
  let said = '';
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  const take = (chunk: Buffer): void => {
    said += chunk.toString();
    if (SERVES.test(said)) child.kill('SIGKILL');
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  rmSync(file);
  if (SERVES.test(said) || OF_THE_MACHINE.test(said)) return undefined;
  const lines = said.split('\n').filter((line) => line !== '' && !/^(maxprocs|\[|Warning)/.test(line));
  return lines.at(-1) ?? 'it did not start in time';
}

/** What `-check` says; the working directory is that of the files. */
export async function ourVerdict({ text, environment }: GeneratedCorefile): Promise<Verdict> {
  const { faults } = await checkCorefile(text, { environment, dnsPort: 0 });
  return faults.length === 0 ? undefined : faults.map(({ message }) => message).join('; ');
}
