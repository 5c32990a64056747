import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublishedZone, ZoneChange } from '../../authority/published-zones.js';
import { zoneFileName } from '../../authority/zone-file-name.js';
import type { OwnerDirective, OwnerRuntime } from '../../corefile/directive.js';
import { Zone } from '../../zone/zone.js';
import { Notifier } from './notifier.js';
import { OutgoingZone, type LoadedZone } from './outgoing-zone.js';
import { useFor, type TransferOptions } from './targets.js';

/** Milliseconds between checks whether the server listens. */
const LISTEN_INTERVAL = 50;

/** The zones of a server that are transferred, in the owner's thread: their journals, and NOTIFY. */
export class Outgoing implements OwnerDirective {
  readonly #configs: readonly (readonly TransferOptions[])[];
  readonly #runtime: OwnerRuntime;
  readonly #notifier: Notifier;
  /** By source and origin. */
  readonly #zones = new Map<string, OutgoingZone>();
  /** The files of journals, each with its zone. */
  readonly #files = new Map<string, string>();
  /** The server blocks of each source, as indexes of configurations. */
  #blocks: Map<string, number[]> | undefined;
  /** Changed zones, until the server listens: a secondary that is told asks at once. */
  #early: LoadedZone[] | undefined = [];
  readonly #timer: NodeJS.Timeout;
  readonly #onChange = (change: ZoneChange): void => {
    this.#hear(change);
  };

  /** Makes the directories of journals. Rejects with a system error. */
  static async start(configs: readonly (readonly TransferOptions[])[], runtime: OwnerRuntime): Promise<Outgoing> {
    for (const { journal } of configs.flat()) if (journal !== undefined) await mkdir(journal, { recursive: true });
    return new Outgoing(configs, runtime);
  }

  private constructor(configs: readonly (readonly TransferOptions[])[], runtime: OwnerRuntime) {
    this.#configs = configs;
    this.#runtime = runtime;
    this.#notifier = new Notifier(runtime.logger);
    runtime.authority.zones.on('change', this.#onChange);
    this.#takeAll();
    this.#timer = setInterval(() => {
      this.#notifyEarly();
    }, LISTEN_INTERVAL).unref();
  }

  /** The server blocks may have other zones now. */
  reloaded(): void {
    this.#blocks = undefined;
    this.#takeAll();
  }

  async close(): Promise<void> {
    this.#runtime.authority.zones.off('change', this.#onChange);
    clearInterval(this.#timer);
    this.#notifier.close();
    await Promise.all([...this.#zones.values()].map((zone) => zone.close()));
  }

  #takeAll(): void {
    for (const zones of this.#runtime.authority.zones.table.values())
      for (const zone of zones.values()) this.#take(zone);
  }

  #hear({ source, origin, before, after }: ZoneChange): void {
    if (after === undefined) this.#drop(`${source} ${origin}`);
    // It is published again with its differences.
    else if (after.image !== before?.image) this.#take(after);
  }

  #take(zone: PublishedZone): void {
    const { source, origin } = zone;
    const use = this.#usesOf(source, origin).at(0);
    if (use === undefined || !isLoaded(zone)) return;
    const key = `${source} ${origin}`;
    let outgoing = this.#zones.get(key);
    if (outgoing === undefined) {
      const { authority } = this.#runtime;
      const published = (loaded: LoadedZone): void => {
        this.#notify(loaded);
      };
      outgoing = new OutgoingZone({
        authority,
        path: this.#pathOf(use, key, origin),
        limit: use.journalSize,
        published,
      });
      this.#zones.set(key, outgoing);
    }
    outgoing.take(zone);
  }

  #drop(key: string): void {
    void this.#zones.get(key)?.close();
    this.#zones.delete(key);
    for (const [path, owner] of this.#files) if (owner === key) this.#files.delete(path);
  }

  /** The file of a zone's journal. Of two zones with the same name, the first one has it. */
  #pathOf({ journal }: TransferOptions, key: string, origin: string): string | undefined {
    if (journal === undefined) return undefined;
    const path = join(journal, `${zoneFileName(origin)}.journal`);
    if ((this.#files.get(path) ?? key) !== key) {
      this.#runtime.logger.warn(`plugin/transfer: zone ${origin}: another zone with this name has the journal ${path}`);
      return undefined;
    }
    this.#files.set(path, key);
    return path;
  }

  /** The uses of the directive for a zone of a source: one a server block at most. */
  #usesOf(source: string, origin: string): TransferOptions[] {
    this.#blocks ??= this.#findBlocks();
    const blocks = this.#blocks.get(source) ?? [];
    return blocks.flatMap((block) => useFor(this.#configs[block], origin) ?? []);
  }

  #findBlocks(): Map<string, number[]> {
    const blocks = new Map<string, number[]>();
    this.#configs.forEach((_, block) => {
      for (const source of this.#runtime.sourcesBeside(block))
        blocks.set(source, [...(blocks.get(source) ?? []), block]);
    });
    return blocks;
  }

  #notify(zone: LoadedZone): void {
    if (this.#early !== undefined) {
      this.#early.push(zone);
      return;
    }
    const { source, origin, image } = zone;
    const { soa } = Zone.fromImage(image);
    for (const use of this.#usesOf(source, origin)) this.#notifier.notify({ origin, soa }, use.targets, use.source);
  }

  #notifyEarly(): void {
    if (this.#runtime.unready().includes('server')) return;
    clearInterval(this.#timer);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const zone of early) this.#notify(zone);
  }
}

function isLoaded(zone: PublishedZone): zone is LoadedZone {
  return zone.state === 'loaded' && zone.image !== undefined && zone.serial !== undefined;
}
