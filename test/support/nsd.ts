/** NSD as a child process that serves one zone on loopback. */
import { DnsProgram } from './dns-program.js';
import { findProgram } from './find-program.js';

/** The program's path; undefined when it is not installed. */
export function findNsd(): string | undefined {
  return findProgram('nsd');
}

/** Resolves when it answers. `more`: lines of the zone's configuration. */
export function startNsd(program: string, origin: string, zone: string, more = ''): Promise<DnsProgram> {
  const configuration = (folder: string, port: number): string => configured(folder, port, origin, more);
  return DnsProgram.start(program, { configuration, args: (file) => ['-d', '-c', file] }, origin, zone);
}

function configured(folder: string, port: number, origin: string, more: string): string {
  return `${nsdServer(folder, port)}  ipv4-edns-size: 4096
  minimal-responses: no
  refuse-any: no
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "${origin}"
  zonefile: "${folder}/zone"
${more}`;
}

/** The section `server` for a single process on loopback; it keeps its files in `folder`. */
export function nsdServer(folder: string, port: number): string {
  return `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
`;
}
