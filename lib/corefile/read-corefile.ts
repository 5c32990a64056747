/** What reading a Corefile gives. */
import type { ServedAddress } from './addresses.js';
import type { CorefileWarning } from './errors.js';
import type { ServerBlock } from './server-block.js';

/** A Corefile that has been read. All of it can be cloned into a worker. */
export interface Corefile {
  /** In the file's order. */
  blocks: ServerBlock[];
  /** In the order in which the file first names them. */
  addresses: ServedAddress[];
  warnings: CorefileWarning[];
  /** SHA-512, hexadecimal, of what was read, imported files and the environment's values included. */
  hash: string;
}
