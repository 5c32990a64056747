/** BIND as a child process that serves one zone on loopback. */
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

/** The arguments with which it reads a configuration and stays in the foreground. */
export const bindArgs = (file: string): string[] => ['-g', '-n', '1', '-c', file];

/** The options of a server in a folder at a port of 127.0.0.1, which gives no orders to and takes none from others. `more`: more of them. */
export function bindOptions(folder: string, port: number, more = ''): string {
  return `controls { };
options {
  directory "${folder}";
  pid-file none;
  session-keyfile none;
  managed-keys-directory "${folder}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  ${more}
};
`;
}

/** A primary with keys for TSIG, open to updates. Resolves when it answers. `more`: lines of the zone's configuration. */
export function startBind(
  program: string,
  origin: string,
  zone: string,
  keys: readonly PeerKey[] = [],
  more = 'allow-update { any; }; notify no;',
): Promise<DnsProgram> {
  const configuration = (folder: string, port: number): string => `
${keys.map(({ name, algorithm, secret }) => `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };`).join('\n')}
${bindOptions(folder, port, 'minimal-responses no;')}zone "${origin}" { type primary; file "${folder}/zone"; ${more} };
`;
  return DnsProgram.start(program, { configuration, args: bindArgs }, origin, zone);
}
