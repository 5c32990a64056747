/** The program's reports about its server. */
import { cacheModes } from '../corefile/cache-modes.js';
import type { Corefile } from '../corefile/corefile.js';
import { withLastDot } from '../dns/names.js';
import type { CorefileServer } from '../run/corefile-server.js';
import type { ServerStatistics, SocketStatistics } from '../server/statistics.js';
import { formatAddress, nameOfAddress } from '../socket/addresses.js';
import { usableCpus } from '../socket/cpus.js';

/** The report at the start: the addresses of the server. */
export function startReport(server: CorefileServer): string[] {
  const { sockets, workers } = server.stats();
  const bound = server.addresses();
  const lines = bound.map((served) => {
    const { transport, protocol, address, port, interface: name } = served;
    const isOwn = (socket: SocketStatistics): boolean =>
      socket.address === address &&
      socket.port === port &&
      socket.interface === name &&
      (protocol === undefined || socket.protocol === protocol);
    const count = sockets.filter(isOwn).length;
    return transport === 'dns' && protocol === undefined
      ? `listening on ${formatAddress(address, port, name)}, UDP and TCP, ${plural(count / 2, 'socket')} each`
      : `listening on ${nameOfAddress(served)}, ${plural(count, 'socket')}`;
  });
  return [...lines, `served by ${plural(workers.length, 'worker thread')}`];
}

/** How to try the server and to stop it, for people at a terminal. */
export function tryReport(server: CorefileServer): string[] {
  const first = server.addresses().find(({ transport, protocol }) => transport === 'dns' && protocol !== 'tcp');
  if (first === undefined) return ['Ctrl-C to stop'];
  const host = first.address === '::' || first.address === '0.0.0.0' ? '127.0.0.1' : first.address;
  return ['Ctrl-C to stop. Try:', '', `  dig @${host} -p ${first.port} example.org A`, ''];
}

/** The report at the end: what the server has answered. */
export function stopReport({ totals }: ServerStatistics): string[] {
  const { sent, tcpReplies, httpsReplies, grpcReplies } = totals;
  const all = sent + tcpReplies + httpsReplies + grpcReplies;
  const more = [
    [httpsReplies, 'HTTPS'],
    [grpcReplies, 'gRPC'],
  ].flatMap(([count, transport]) => (count === 0 ? [] : [`, ${count} by ${transport}`]));
  return [`answered ${all} queries: ${sent} by UDP, ${tcpReplies} by TCP${more.join('')}`];
}

/** The report of `-check`: each address with its sockets, workers and zones, and the warnings. */
export function checkReport(corefile: Corefile): string[] {
  const { addresses, blocks, warnings } = corefile;
  const modes = cacheModes(corefile);
  const workers = Math.min(Math.max(...addresses.map(({ sockets }) => sockets)), usableCpus());
  const lines = addresses.flatMap((address) => [
    `${nameOfAddress(address)}: ${plural(address.sockets, 'socket')}, ${plural(Math.min(workers, address.sockets), 'worker')}`,
    ...address.zones.map(({ zone, block }) => {
      const names = blocks[block].directives.map(({ name }) => name);
      const mode = modes[block];
      const cached =
        mode === undefined ? '' : `; cache: ${mode.chain === undefined ? 'native' : `chain, ${mode.chain}`}`;
      return `  ${withLastDot(zone)}: ${names.length === 0 ? 'no directives: REFUSED' : names.join(' ')}${cached}`;
    }),
  ]);
  return [
    ...lines,
    ...warnings.map(({ message }) => message),
    `Corefile is valid: ${plural(warnings.length, 'warning')}`,
  ];
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
