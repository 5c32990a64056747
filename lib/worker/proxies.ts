import { addon, type ProxyProtocol } from '../native/addon.js';
import type { ServingOptions } from './messages.js';

/** Which proxies the addresses of a worker believe (the PROXY protocol). */
export class Proxies {
  readonly #shared: ProxyProtocol | undefined;
  readonly #own: ReadonlyMap<string, ProxyProtocol | undefined>;

  constructor({ proxyProtocol, ownProxyProtocol }: Pick<ServingOptions, 'proxyProtocol' | 'ownProxyProtocol'>) {
    this.#shared = proxyProtocol && new addon.ProxyProtocol(proxyProtocol);
    this.#own = new Map(
      Object.entries(ownProxyProtocol).map(([entry, own]) => [
        entry,
        own === null ? undefined : new addon.ProxyProtocol(own),
      ]),
    );
  }

  /** Which proxies an address believes; undefined: none. `entry`: see `ServerSocket`. */
  of(entry: string): ProxyProtocol | undefined {
    return this.#own.has(entry) ? this.#own.get(entry) : this.#shared;
  }

  /** Bytes of the envelopes of messages (`lib/native/layout.ts`). */
  get envelopeSize(): number {
    const any = [this.#shared, ...this.#own.values()].some((proxy) => proxy !== undefined);
    return any ? addon.layout.proxiedEnvelopeSize : addon.layout.envelopeSize;
  }
}
