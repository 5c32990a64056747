import type { ServedZones } from '../../authority/served-zones.js';
import { ZoneHandler } from '../../authority/zone-handler.js';
import { isInZones } from '../../dns/names.js';
import type { Handler } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';

/** Answers queries for names in some zones, from the zones of a directory. */
export class AutoHandler {
  readonly #origins: readonly string[];
  readonly #zones: ZoneHandler;
  /** Its zones, if it sees no other names. */
  readonly answerZones?: ServedZones;

  /** `origins`: queries for other names go to the next handler. `block`: the zones of the server block. */
  constructor(origins: readonly string[], zones: ServedZones, block: readonly string[]) {
    this.#origins = origins;
    this.#zones = new ZoneHandler(zones);
    if (block.every((zone) => isInZones(zone, origins))) this.answerZones = zones;
  }

  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    return isInZones(query.key, this.#origins) ? this.#zones.handle(query, reply, next) : next(query, reply);
  }
}
