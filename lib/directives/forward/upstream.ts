import { HealthCheck } from './health-check.js';
import type { Carrier, Exchange } from './exchange.js';
import type { ForwardOptions, UpstreamOptions } from './options.js';
import { StreamCarrier } from './stream-carrier.js';
import { UpstreamCounts } from './counts.js';

/** One upstream in a worker: its connections, and the checks of its health. */
export class Upstream {
  readonly counts: UpstreamCounts;
  /** Undefined for TLS. */
  readonly #udp: Carrier | undefined;
  readonly #stream: StreamCarrier;
  readonly #health: HealthCheck | undefined;
  readonly #maxFails: number;

  /** `udp`: not for TLS. */
  constructor(to: UpstreamOptions, options: ForwardOptions, udp: Carrier | undefined) {
    const { address, port, servername } = to;
    const { cert, key, ca } = options.tls;
    const tls =
      to.transport === 'tls'
        ? {
            minVersion: 'TLSv1.2' as const,
            ...(servername === undefined ? {} : { servername }),
            ...(cert === undefined ? {} : { cert, key }),
            ...(ca === undefined ? {} : { ca }),
          }
        : undefined;
    this.#udp = udp;
    this.counts = new UpstreamCounts(to);
    this.#stream = new StreamCarrier({ address, port, tls, source: options.sourceAddress }, options, this.counts);
    this.#maxFails = options.maxFails;
    if (options.maxFails > 0) {
      const carrier = udp === undefined || options.forceTcp ? this.#stream : udp;
      this.#health = new HealthCheck(carrier, options.healthCheck, this.counts);
    }
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
