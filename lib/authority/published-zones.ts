import { EventEmitter } from 'node:events';
import type { Difference } from '../zone/difference.js';
import type { ZoneImage } from '../zone/zone-image.js';

/**
 * - `'waiting'`: the zone has not been loaded yet; it is answered with SERVFAIL.
 * - `'loaded'`: it is served.
 * - `'expired'`: it is a copy that is too old (RFC 1035 s.3.3.13); it is answered with SERVFAIL.
 */
export type ZoneState = 'waiting' | 'loaded' | 'expired';

/** A zone as this server serves it now. It is plain data and does not change; a change publishes another one. */
export interface PublishedZone {
  /** The source that it comes from: {@link file://./zone-sources.ts}. */
  readonly source: string;
  /** Its name, in the form of `Query.key`. */
  readonly origin: string;
  readonly state: ZoneState;
  /** Undefined if it is not loaded. */
  readonly image: ZoneImage | undefined;
  /** The serial number of the image, 0 to 2^32 - 1; undefined without one. */
  readonly serial: number | undefined;
  /** Differences that lead to this version, each to the next one (RFC 1995). Default: none are known. */
  readonly differences?: readonly Difference[];
}

/** A change of a published zone. It is plain data. */
export interface ZoneChange {
  readonly source: string;
  readonly origin: string;
  /** Undefined: it was not published. */
  readonly before: PublishedZone | undefined;
  /** Undefined: it is withdrawn. */
  readonly after: PublishedZone | undefined;
}

/** The published zones by source, then by origin. It can be cloned into a worker. */
export type ZoneTable = ReadonlyMap<string, ReadonlyMap<string, PublishedZone>>;

/** The part of a change that workers need. */
export type ZoneUpdate = Pick<ZoneChange, 'source' | 'origin' | 'after'>;

/**
 * The zones that a server serves, in the owner's thread. Each change reaches all workers; a worker that starts later begins
 * with {@link table}. `change` is emitted when a change has been sent to the workers.
 */
export class PublishedZones extends EventEmitter<{ change: [ZoneChange] }> {
  readonly #send: (update: ZoneUpdate) => Promise<void>;
  readonly #table = new Map<string, Map<string, PublishedZone>>();

  /** `send`: sends an update to all workers; resolves when they have taken it. */
  constructor(send: (update: ZoneUpdate) => Promise<void>) {
    super();
    this.#send = send;
  }

  /** All published zones: not a copy. */
  get table(): ZoneTable {
    return this.#table;
  }

  /** The published zone; undefined if there is none. */
  get(source: string, origin: string): PublishedZone | undefined {
    return this.#table.get(source)?.get(origin);
  }

  /** Publishes a zone, in place of an earlier one of its source and origin. Resolves when all workers serve it. */
  publish(zone: PublishedZone): Promise<void> {
    const { source, origin } = zone;
    const zones = this.#table.get(source) ?? new Map<string, PublishedZone>();
    this.#table.set(source, zones);
    const before = zones.get(origin);
    zones.set(origin, zone);
    return this.#change({ source, origin, before, after: zone });
  }

  /** Withdraws a zone: its names are then names without a zone. Resolves when no worker serves it. */
  async withdraw(source: string, origin: string): Promise<void> {
    const before = this.get(source, origin);
    if (before === undefined) return;
    this.#table.get(source)?.delete(origin);
    await this.#change({ source, origin, before, after: undefined });
  }

  /** Removes all zones of a source that no worker uses any more. Workers are not told. */
  forget(source: string): void {
    this.#table.delete(source);
  }

  #change(change: ZoneChange): Promise<void> {
    const { source, origin, after } = change;
    const sent = this.#send({ source, origin, after });
    this.emit('change', change);
    return sent;
  }
}
