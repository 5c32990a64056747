/** The directive `file` at work without a Corefile: its owner's side and its handler in one thread. */
import { Authority } from '../../dist/authority/authority.js';
import { ZoneReplica, type ServedZones } from '../../dist/authority/served-zones.js';
import { ZoneFileSource } from '../../dist/authority/zone-file-source.js';
import { ZoneHandler } from '../../dist/authority/zone-handler.js';
import { sourcesOf, type FileOptions } from '../../dist/directives/file/options.js';
import type { Logger } from 'multisocket';

/** Zones of zone files, and the handler that answers from them. */
export class ZoneFilesHandler extends ZoneHandler {
  readonly authority: Authority;
  readonly served: ServedZones;

  /** Reads the zones. Rejects as a server does that does not start. */
  static async start(uses: readonly FileOptions[], logger: Logger): Promise<ZoneFilesHandler> {
    const replica = new ZoneReplica(new Map());
    const authority = new Authority(logger, (update) => {
      replica.update(structuredClone(update));
      return Promise.resolve();
    });
    try {
      await authority.sources.holdAll(
        uses.flatMap(sourcesOf),
        ({ source }) => source,
        (options) => new ZoneFileSource(options, authority),
      );
    } catch (error) {
      await authority.close();
      throw error;
    }
    const served = replica.view();
    served.add(uses.flatMap((use) => sourcesOf(use).map(({ source }) => ({ ...use, source }))));
    return new ZoneFilesHandler(authority, served, uses);
  }

  readonly #uses: readonly FileOptions[];

  private constructor(authority: Authority, served: ServedZones, uses: readonly FileOptions[]) {
    super(served);
    this.authority = authority;
    this.served = served;
    this.#uses = uses;
  }

  /** Ends the checks of the files, and the zone thread. */
  async close(): Promise<void> {
    for (const { source } of this.#uses.flatMap(sourcesOf)) this.authority.sources.release(source);
    await this.authority.close();
  }
}
