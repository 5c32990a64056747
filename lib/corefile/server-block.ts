/** A server block whose directives have been configured. It can be cloned into a worker. */
import type { Position } from './errors.js';
import type { ZoneKey } from './keys.js';
import type { ListenSettings } from './listen-settings.js';

/** See the file's head. */
export interface ServerBlock {
  /** At least one; a network's key may have become several. */
  zones: ZoneKey[];
  /** Its directives, in the order of the chain. */
  plugins: ConfiguredPlugin[];
  /** What its directives say of its addresses, together. */
  listen: ListenSettings;
}

/** A directive of a server block, with what its `configure` returned; the place is that of its first use. */
export interface ConfiguredPlugin extends Position {
  name: string;
  config: unknown;
  /** What it says of the addresses. */
  listen: ListenSettings;
}
