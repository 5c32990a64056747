import type { Authority } from '../../authority/authority.js';
import { difference } from '../../authority/jobs/difference.js';
import { Journal } from '../../authority/journal/journal.js';
import type { PublishedZone } from '../../authority/published-zones.js';
import { isLater } from '../../zone/serial.js';
import type { ZoneImage } from '../../zone/zone-image.js';

/** A zone that is loaded. */
export type LoadedZone = PublishedZone & { readonly image: ZoneImage; readonly serial: number };

/** Options of {@link OutgoingZone}. */
export interface OutgoingZoneOptions {
  authority: Authority;
  /** The file of its journal; undefined: it is in memory only. */
  path: string | undefined;
  /** The most octets of its journal. */
  limit: number;
  /** Called when all workers have a new version with its differences. */
  published: (zone: LoadedZone) => void;
}

/** A zone that is transferred: keeps its journal, and publishes the differences with the zone. */
export class OutgoingZone {
  readonly #options: OutgoingZoneOptions;
  readonly #abort = new AbortController();
  #journal: Journal | undefined;
  /** The version at which the journal ends. */
  #current: LoadedZone | undefined;
  /** A later version. If there are several meanwhile, the last one. */
  #next: LoadedZone | undefined;
  #working: Promise<void> | undefined;

  constructor(options: OutgoingZoneOptions) {
    this.#options = options;
  }

  /** Takes a version that was published. */
  take(zone: LoadedZone): void {
    if (zone.image === (this.#next ?? this.#current)?.image) return;
    this.#next = zone;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** Ends its work; resolves when the journal is at rest. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#next = undefined;
    await this.#working;
  }

  async #work(): Promise<void> {
    const { authority, published } = this.#options;
    for (let zone = this.#next; zone !== undefined; zone = this.#next) {
      this.#next = undefined;
      try {
        await this.#record(zone);
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        authority.logger.error(
          `plugin/transfer: zone ${zone.origin}: its journal is not kept: ${(error as Error).message}`,
        );
      }
      const { source, origin } = zone;
      // It may be another version already, which comes next.
      if (authority.zones.get(source, origin)?.image !== zone.image) continue;
      await authority.zones.publish({ ...zone, differences: this.#journal?.differences ?? [] });
      published(zone);
    }
  }

  /** Adds the difference to a version to the journal. */
  async #record(zone: LoadedZone): Promise<void> {
    const { authority, path, limit } = this.#options;
    const before = this.#current;
    this.#current = zone;
    if (this.#journal === undefined || before === undefined) {
      this.#journal = await openJournal({ origin: zone.origin, path, limit }, zone.serial, authority);
      return;
    }
    // A version that is not later, or has the same serial number, cannot be reached by differences (RFC 1982).
    const found = isLater(zone.serial, before.serial)
      ? await authority.thread.run(difference, { before: before.image, after: zone.image, limit }, this.#abort)
      : undefined;
    if (found === undefined) await this.#journal.clear();
    else await this.#journal.append(found);
  }
}

/** A journal in memory if the file cannot be used. */
async function openJournal(
  options: { origin: string; path: string | undefined; limit: number },
  serial: number,
  { logger }: Authority,
): Promise<Journal> {
  try {
    return await Journal.open(options, serial);
  } catch (error) {
    logger.error(`plugin/transfer: zone ${options.origin}: its journal is in memory only: ${(error as Error).message}`);
    return Journal.open({ ...options, path: undefined }, serial);
  }
}
