/** The forwarders that are compared, each with an upstream of its own for each behaviour. */
import { DnsProgram } from '../../support/dns-program.js';
import { findProgram } from '../../support/find-program.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { unboundServer } from '../../support/unbound.js';
import { findCoredns } from '../coredns/find-coredns.js';

/** The zone of a behaviour: names in it have 17 octets with the label `www`. */
export function zoneOf(number: number): string {
  return `b${String(number).padStart(2, '0')}.example`;
}

/** A forwarder that runs. */
export interface Running {
  port: number;
  stop: () => Promise<unknown>;
}

/** A forwarder. */
export interface Forwarder {
  name: string;
  /** Undefined: it is not installed. */
  program: string | undefined;
  /** Starts it: the queries for each {@link zoneOf} go to the upstream at the address of that number. */
  start: (upstreams: readonly string[]) => Promise<Running>;
}

/** `options`: lines of each `forward`. */
function corefile(upstreams: readonly string[], port: number, options: string): string {
  return upstreams
    .map((upstream, i) => `${zoneOf(i)}:${port} {\n bind 127.0.0.1\n forward . ${upstream} {\n${options}\n}\n}\n`)
    .join('');
}

async function startProgram(
  program: string,
  args: (file: string) => string[],
  configuration: (folder: string, port: number) => string,
): Promise<Running> {
  const running = await DnsProgram.start(program, { args, configuration, serves: () => true }, '.', '');
  return { port: running.port, stop: () => running.stop() };
}

/** Its forwarding is that of a resolver: it asks again, and keeps what it believes. */
function unboundConfiguration(folder: string, port: number, upstreams: readonly string[]): string {
  return `${unboundServer(folder, port)}  do-not-query-localhost: no
  qname-minimisation: no
${upstreams
  .map((upstream, i) => `forward-zone:\n  name: "${zoneOf(i)}."\n  forward-addr: ${upstream.replace(':', '@')}\n`)
  .join('')}remote-control:
  control-enable: no
`;
}

/** Ours and CoreDNS, for upstreams with a certificate that is signed by one in `authority`, a file. */
export function httpsForwarders(authority: string, coredns = findCoredns()): Forwarder[] {
  return runners(coredns, `tls ${authority}`);
}

/** Ours is the first. */
export function forwarders(coredns = findCoredns()): Forwarder[] {
  const unbound = findProgram('unbound');
  return [
    ...runners(coredns, ''),
    {
      name: 'Unbound',
      program: unbound,
      start: (upstreams) =>
        startProgram(
          unbound ?? '',
          (file) => ['-d', '-p', '-c', file],
          (folder, port) => unboundConfiguration(folder, port, upstreams),
        ),
    },
  ];
}

/** The programs that run a Corefile. `options`: lines of each `forward`. */
function runners(coredns: string | undefined, options: string): Forwarder[] {
  return [
    {
      name: 'ours',
      program: process.execPath,
      start: async (upstreams) => {
        const { server, port } = await serveCorefile(corefile(upstreams, 0, options), { workers: 0 });
        return { port, stop: () => server.close() };
      },
    },
    {
      name: 'CoreDNS',
      program: coredns,
      start: (upstreams) =>
        startProgram(
          coredns ?? '',
          (file) => ['-conf', file],
          (_, port) => corefile(upstreams, port, options),
        ),
    },
  ];
}
