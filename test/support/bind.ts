/** BIND as a child process that serves one zone on loopback, with keys for TSIG and open to updates. */
import { DnsProgram } from './dns-program.js';
import { findProgram } from './find-program.js';

/** A key of TSIG: `secret` in Base64. */
export interface PeerKey {
  name: string;
  algorithm: string;
  secret: string;
}

/** The program's path; undefined when it is not installed. */
export function findBind(): string | undefined {
  return findProgram('named');
}

/** Resolves when it answers. `more`: lines of the zone's configuration. */
export function startBind(
  program: string,
  origin: string,
  zone: string,
  keys: readonly PeerKey[] = [],
  more = 'allow-update { any; }; notify no;',
): Promise<DnsProgram> {
  const configuration = (folder: string, port: number): string => `
${keys.map(({ name, algorithm, secret }) => `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };`).join('\n')}
controls { };
options {
  directory "${folder}";
  pid-file none;
  session-keyfile none;
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  minimal-responses no;
};
zone "${origin}" { type primary; file "${folder}/zone"; ${more} };
`;
  return DnsProgram.start(program, { configuration, args: (file) => ['-g', '-n', '1', '-c', file] }, origin, zone);
}
