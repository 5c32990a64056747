import type { Position } from './errors.js';
import type { ZoneKey } from './keys.js';
import type { ListenSettings } from './listen-settings.js';

/** A server block whose directives have been configured. It can be cloned into a worker. */
export interface ServerBlock {
  /** At least one; a network's key may have become several. */
  zones: ZoneKey[];
  /** Its directives, in the order of the chain. */
  directives: ConfiguredDirective[];
  /** The combined settings of its directives for its addresses. */
  listen: ListenSettings;
}

/** A directive of a server block with its configuration; the place is that of its first use. */
export interface ConfiguredDirective extends Position {
  name: string;
  config: unknown;
  /** Its settings for the addresses. */
  listen: ListenSettings;
}
