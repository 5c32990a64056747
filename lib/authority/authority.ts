import type { Logger } from '../message/handler.js';
import { PublishedZones, type ZoneUpdate } from './published-zones.js';
import { ZoneReads } from './zone-reads.js';
import { ZoneSources } from './zone-sources.js';
import { ZoneThread } from './zone-thread.js';

/** The zones of a server, in the owner's thread: where they come from, the thread that makes them, what is served. */
export class Authority {
  readonly logger: Logger;
  readonly zones: PublishedZones;
  readonly thread: ZoneThread;
  readonly reads: ZoneReads;
  readonly sources = new ZoneSources();

  /** `send`: see {@link PublishedZones}. */
  constructor(logger: Logger, send: (update: ZoneUpdate) => Promise<void>) {
    this.logger = logger;
    this.zones = new PublishedZones(send);
    this.thread = new ZoneThread(logger);
    this.reads = new ZoneReads(this.thread);
  }

  /** Ends the zone thread, and closes the sources that nobody holds. */
  async close(): Promise<void> {
    await this.thread.close();
    await this.sources.settle();
  }
}
