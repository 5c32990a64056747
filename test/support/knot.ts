/** Knot DNS as a child process that serves one zone on loopback. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DnsProgram } from './dns-program.js';
import { findProgram } from './find-program.js';

/** The program's path; undefined when it is not installed. */
export function findKnot(): string | undefined {
  return findProgram('knotd');
}

/** Resolves when it answers. `more`: lines of the zone's configuration. */
export function startKnot(program: string, origin: string, zone: string, more = ''): Promise<DnsProgram> {
  const configuration = (folder: string, port: number): string => configured(folder, port, origin, more);
  return DnsProgram.start(program, { configuration, args: (file) => ['-c', file] }, origin, zone);
}

function configured(folder: string, port: number, origin: string, more: string): string {
  mkdirSync(join(folder, 'db'));
  return `${knotServer(folder, port)}    udp-max-payload: 4096
database:
    storage: "${folder}/db"
log:
  - target: stderr
    any: warning
acl:
  - id: local
    address: 127.0.0.1
    action: [transfer, update]
template:
  - id: default
    storage: "${folder}"
    semantic-checks: off
    journal-content: none
    zonefile-load: whole
zone:
  - domain: "${origin}"
    file: "${folder}/zone"
    acl: local
    serial-policy: increment
${more}`;
}

/** The section `server` with one thread of each kind on loopback; it keeps its files in `folder`. */
export function knotServer(folder: string, port: number): string {
  return `server:
    listen: 127.0.0.1@${port}
    rundir: "${folder}"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
`;
}
