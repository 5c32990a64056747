import type { ServedAddress } from './addresses.js';
import type { CorefileWarning } from './errors.js';
import type { ServerBlock } from './server-block.js';

/** The result of reading a Corefile. It can be cloned into a worker. */
export interface Corefile {
  /** In the file's order. */
  blocks: ServerBlock[];
  /** In the order in which the file first names them. */
  addresses: ServedAddress[];
  warnings: CorefileWarning[];
  /** SHA-512, hexadecimal, of everything that was read, imported files and values of the environment included. */
  hash: string;
}
