/** BIND as a child process that serves one zone on loopback, which may be updated and transferred. */
import { DnsProgram } from './dns-program.js';
import { findProgram } from './find-program.js';

/** The program's path; undefined when it is not installed. */
export function findBind(): string | undefined {
  return findProgram('named');
}

/** Resolves when it answers. */
export function startBind(program: string, origin: string, zone: string): Promise<DnsProgram> {
  return DnsProgram.start(program, { configuration, args: (file) => ['-g', '-n', '1', '-c', file] }, origin, zone);
}

function configuration(folder: string, port: number, origin: string): string {
  return `options {
  directory "${folder}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile none;
  recursion no;
  dnssec-validation no;
  notify no;
  check-names primary ignore;
};
controls { };
zone "${origin}" {
  type primary;
  file "${folder}/zone";
  check-integrity no;
  allow-update { 127.0.0.1; };
  allow-transfer { 127.0.0.1; };
};
`;
}
