import { parentOf } from '../dns/names.js';
import { Zone } from '../zone/zone.js';
import type { PublishedZone, ZoneState, ZoneTable, ZoneUpdate } from './published-zones.js';

/** A zone that a worker serves. */
export class ServedZone {
  /** The key of its source: {@link file://./zone-sources.ts}. */
  readonly source: string;
  /** Its name, in the form of `Query.key`. */
  readonly origin: string;
  readonly state: ZoneState;
  readonly image: PublishedZone['image'];
  /** Differences that lead to this version, each to the next one; undefined: none are known. */
  readonly differences: PublishedZone['differences'];
  #zone: Zone | undefined;

  constructor({ source, origin, state, image, differences }: PublishedZone) {
    this.source = source;
    this.origin = origin;
    this.state = state;
    this.image = image;
    this.differences = differences;
  }

  /** The zone; undefined if it is not loaded: SERVFAIL. */
  get zone(): Zone | undefined {
    if (this.image !== undefined) this.#zone ??= Zone.fromImage(this.image);
    return this.#zone;
  }
}

/** All zones of the server in one worker: a replica of `PublishedZones`. */
export class ZoneReplica {
  readonly #sources = new Map<string, Map<string, ServedZone>>();
  readonly #views: ServedZones[] = [];

  /** `table`: the zones that are published when the worker starts. */
  constructor(table: ZoneTable) {
    for (const [source, zones] of table)
      this.#sources.set(source, new Map([...zones].map(([origin, zone]) => [origin, new ServedZone(zone)])));
  }

  /** Takes a change of the published zones. */
  update({ source, origin, after }: ZoneUpdate): void {
    const zones = this.#sources.get(source) ?? new Map<string, ServedZone>();
    this.#sources.set(source, zones);
    if (after === undefined) zones.delete(origin);
    else zones.set(origin, new ServedZone(after));
    for (const view of this.#views) if (view.has(source)) view.refresh(origin);
  }

  /** The zones of a source by origin. */
  of(source: string): ReadonlyMap<string, ServedZone> {
    return this.#sources.get(source) ?? new Map<string, ServedZone>();
  }

  /** A view without sources. */
  view(): ServedZones {
    const view = new ServedZones(this);
    this.#views.push(view);
    return view;
  }
}

/** The zones of some sources in a worker, found by name. If several sources have a zone, that of the last one counts. */
export class ServedZones {
  readonly #replica: ZoneReplica;
  /** The last one first, with the zones whose nonexistent names are left to the next handler. */
  #sources = new Map<string, readonly string[]>();
  readonly #zones = new Map<string, ServedZone>();
  readonly #listeners: ((origin: string) => void)[] = [];

  /** @internal */
  constructor(replica: ZoneReplica) {
    this.#replica = replica;
  }

  /** The zone that answers for a name: the longest one that contains it; for DS of its own name, the one above. */
  find(name: string, type: string): ServedZone | undefined {
    const own = this.#longest(name);
    if (type !== 'DS' || own?.origin !== name) return own;
    // RFC 4035 s.3.1.4.1
    const above = parentOf(name);
    return (above === undefined ? undefined : this.#longest(above)) ?? own;
  }

  /** The zones whose nonexistent names the source of a zone leaves to the next handler; empty: none. */
  fallthroughOf({ source }: ServedZone): readonly string[] {
    return this.#sources.get(source) ?? [];
  }

  /** Whether none of its zones waits to be loaded. */
  ready(): boolean {
    for (const { state } of this.#zones.values()) if (state === 'waiting') return false;
    return true;
  }

  /** All its zones, in no order. */
  all(): Iterable<ServedZone> {
    return this.#zones.values();
  }

  /**
   * Adds sources, in the order of the Corefile.
   *
   * `source`: its key, which need not have zones yet. `fallthrough`: zones whose nonexistent names are left to the next
   * handler; empty: none.
   */
  add(sources: readonly ServedSource[]): void {
    const added = sources.map(({ source, fallthrough }) => [source, fallthrough] as const);
    this.#sources = new Map([...added.toReversed(), ...this.#sources]);
    for (const { source } of sources)
      for (const [origin, zone] of this.#replica.of(source)) this.#zones.set(origin, zone);
  }

  /** Calls `listener` with the name of each zone that is published or withdrawn from now on. */
  onChange(listener: (origin: string) => void): void {
    this.#listeners.push(listener);
  }

  /** @internal Whether it has a source. */
  has(source: string): boolean {
    return this.#sources.has(source);
  }

  /** @internal Finds a zone again, which one of its sources has changed. */
  refresh(origin: string): void {
    this.#zones.delete(origin);
    for (const source of this.#sources.keys()) {
      const zone = this.#replica.of(source).get(origin);
      if (zone === undefined) continue;
      this.#zones.set(origin, zone);
      break;
    }
    for (const listener of this.#listeners) listener(origin);
  }

  #longest(name: string): ServedZone | undefined {
    for (let at: string | undefined = name; at !== undefined; at = parentOf(at)) {
      const zone = this.#zones.get(at);
      if (zone !== undefined) return zone;
    }
    return undefined;
  }
}

/** A source of zones in a server block. */
export interface ServedSource {
  /** Its key: {@link file://./zone-sources.ts}. */
  source: string;
  /** Zones whose nonexistent names are left to the next handler; empty: none. */
  fallthrough: readonly string[];
}

/** The zones that the directives of one server block serve, all of them and by directive. */
export class BlockZones {
  readonly #replica: ZoneReplica;
  /** The zones of all directives of the block that have called {@link serve}. */
  readonly all: ServedZones;

  constructor(replica: ZoneReplica) {
    this.#replica = replica;
    this.all = replica.view();
  }

  /** The zones of a directive of the block; see {@link ServedZones.add}. */
  serve(sources: readonly ServedSource[]): ServedZones {
    const own = this.#replica.view();
    own.add(sources);
    this.all.add(sources);
    return own;
  }
}
