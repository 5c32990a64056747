import type { AdaptationBounds, server } from '../../options/server.js';
import type { ResolvedOf } from '../../options/option.js';
import type { ProxyProtocolConfig } from '../../options/proxy-protocol.js';
import type { ConnectionBounds } from '../../options/tcp.js';
import type { WorkerOptions } from 'node:worker_threads';
import type { ListenAddress } from '../../socket/addresses.js';
import type { SharedTls } from '../../worker/stream/secure-context.js';

/** Options of `worker_threads` that a server passes on. */
const passedOn = ['env', 'execArgv', 'resourceLimits'] as const;
type PassedOn = (typeof passedOn)[number];

/** Options after the check, with all values present. */
export interface ServerConfig extends Omit<
  ResolvedOf<typeof server>,
  'listen' | 'sockets' | 'auto' | 'workers' | 'tls' | PassedOn
> {
  /** `adapts`: its number of sockets follows the load. */
  listen: (ListenAddress & { sockets: number; adapts: boolean })[];
  sockets: number;
  /** Undefined: the number of sockets does not follow the load. */
  auto: AdaptationBounds | undefined;
  workers: number;
  tls: SharedTls | undefined;
  /** The TLS settings of single addresses, see `ListenOptions.tls`; by `ServerSocket.entry`. */
  ownTls: Readonly<Record<string, SharedTls | null>>;
  /** The bounds of connections to single addresses, see `ListenOptions.tcp`; by `ServerSocket.entry`. */
  ownTcp: Readonly<Record<string, ConnectionBounds>>;
  /** The proxies of single addresses, see `ListenOptions.proxyProtocol`; by `ServerSocket.entry`; null: none. */
  ownProxyProtocol: Readonly<Record<string, ProxyProtocolConfig | null>>;
  /** Options of `worker_threads`. */
  worker: Pick<WorkerOptions, PassedOn>;
}

/** The options of `worker_threads` that are given. */
export function workerOptions(options: Pick<ResolvedOf<typeof server>, PassedOn>): ServerConfig['worker'] {
  const given = passedOn.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, options[name]]));
}
