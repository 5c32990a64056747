import type { ConnectionOptions } from 'node:tls';
import type { ForwarderConfig } from '../options/forwarder.js';
import { nameOfUpstream, type UpstreamOptions } from '../options/upstream.js';
import type { Connection, ConnectionOwner } from './connection.js';
import { UpstreamCounts } from './counts.js';
import type { Carrier, Exchange } from './exchange.js';
import { HealthCheck } from './health-check.js';
import { HttpsClient } from './https-client.js';
import { StreamCarrier } from './stream-carrier.js';
import { StreamClient } from './stream-client.js';

const HTTPS_PORT = 443;

/** One upstream in a worker: its connections, and the checks of its health. */
export class Upstream {
  readonly to: UpstreamOptions;
  /** As errors name it. */
  readonly name: string;
  readonly counts = new UpstreamCounts();
  /** Undefined for TLS and HTTPS. */
  readonly #udp: Carrier | undefined;
  readonly #stream: StreamCarrier;
  readonly #health: HealthCheck | undefined;
  readonly #maxFails: number;

  /** `udp`: for plain DNS alone. */
  constructor(to: UpstreamOptions, options: ForwarderConfig, udp: Carrier | undefined) {
    this.to = to;
    this.name = nameOfUpstream(to);
    this.#udp = udp;
    this.#stream = new StreamCarrier(connector(to, options), options, this.counts);
    this.#maxFails = options.maxFails;
    if (options.maxFails > 0) {
      const carrier = udp === undefined || options.forceTcp ? this.#stream : udp;
      this.#health = new HealthCheck(carrier, options.healthCheck, this.counts);
    }
  }

  /** Failed health checks in a row. */
  get fails(): number {
    return this.#health?.fails ?? 0;
  }

  /** Whether it has failed more health checks in a row than allowed. */
  get down(): boolean {
    return this.#health !== undefined && this.#health.fails > this.#maxFails;
  }

  /** Sends a query; `deadline` by `performance.now()`. `stream`: not over UDP. */
  ask(exchange: Exchange, deadline: number, stream: boolean): void {
    (stream || this.#udp === undefined ? this.#stream : this.#udp).ask(exchange, deadline);
  }

  /** Starts a health check after a failed query. */
  check(): void {
    this.#health?.start();
  }

  close(): void {
    this.#health?.close();
    this.#stream.close();
  }
}

/** How a connection to an upstream is opened. */
function connector(to: UpstreamOptions, options: ForwarderConfig): (owner: ConnectionOwner) => Connection {
  const { transport, address, port, path } = to;
  const endpoint = { address, port, source: options.sourceAddress };
  if (transport === 'dns') return (owner) => new StreamClient({ ...endpoint, tls: undefined }, owner);
  const settings = { ...endpoint, tls: tlsOptions(to, options.tls) };
  if (transport === 'tls') return (owner) => new StreamClient(settings, owner);
  const host = to.servername ?? (address.includes(':') ? `[${address}]` : address);
  const authority = port === HTTPS_PORT ? host : `${host}:${port}`;
  const target = { method: options.httpMethod, authority, path };
  return (owner) => new HttpsClient(settings, target, owner);
}

function tlsOptions({ servername }: UpstreamOptions, { cert, key, ca }: ForwarderConfig['tls']): ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    ...(servername === undefined ? {} : { servername }),
    ...(cert === undefined ? {} : { cert, key }),
    ...(ca === undefined ? {} : { ca }),
  };
}
