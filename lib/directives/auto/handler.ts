import type { ZoneHandler } from '../../authority/zone-handler.js';
import { isInZones } from '../../dns/names.js';
import type { Handler } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';

/** Answers queries for names in some zones of its server block, from the zones of a directory. */
export class AutoHandler {
  readonly #origins: readonly string[];
  readonly #zones: ZoneHandler;

  /** `origins`: queries for other names go to the next handler. */
  constructor(origins: readonly string[], zones: ZoneHandler) {
    this.#origins = origins;
    this.#zones = zones;
  }

  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    return isInZones(query.key, this.#origins) ? this.#zones.handle(query, reply, next) : next(query, reply);
  }
}
