/** Unbound as a child process on loopback: a resolver that answers from its configuration and asks no other server. */
import { DnsProgram } from './dns-program.js';
import { findProgram } from './find-program.js';

/** `records`: in presentation form; all other names are NXDOMAIN. Rejects with what it logged when it does not answer. */
export function startUnbound(records: readonly string[]): Promise<DnsProgram> {
  const program = findProgram('unbound');
  if (program === undefined) throw new Error('unbound is not installed');
  const style = {
    configuration: (folder: string, port: number) => configurationOf(folder, port, records),
    args: (file: string) => ['-d', '-p', '-c', file],
    serves: () => true,
  };
  return DnsProgram.start(program, style, '.', '');
}

function configurationOf(folder: string, port: number, records: readonly string[]): string {
  return `${unboundServer(folder, port)}  local-zone: "." static
${records.map((record) => `  local-data: '${record}'\n`).join('')}remote-control:
  control-enable: no
`;
}

/** The section `server` for a single thread on loopback without a validator; it keeps its files in `folder`. */
export function unboundServer(folder: string, port: number): string {
  return `server:
  interface: 127.0.0.1@${port}
  do-ip6: no
  do-daemonize: no
  use-syslog: no
  logfile: ""
  username: ""
  chroot: ""
  directory: "${folder}"
  num-threads: 1
  module-config: "iterator"
`;
}
