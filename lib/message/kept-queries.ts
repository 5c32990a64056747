import { addon } from '../native/addon.js';
import type { QueryBatch } from './batch.js';

const { queryWords } = addon.layout;

/** Queries and octets of one piece of memory. A query that is held for long keeps all of its piece. */
const QUERIES = 64;
const SIZE = 16_384;

/** Messages, their rows and their names. */
export type QueryMemory = Pick<QueryBatch, 'input' | 'words' | 'text'>;

/** Memory for several queries that outlive their batches, so that none needs an allocation of its own. */
export class KeptQueries implements QueryMemory {
  readonly input: Buffer;
  readonly text: Buffer;
  readonly words = new Uint32Array(QUERIES * queryWords);
  /** The offset in {@link words} of the next row. */
  row = 0;
  /** The offset in {@link input} of the next message. */
  end = 0;

  private constructor(size: number) {
    this.input = this.text = Buffer.allocUnsafeSlow(size);
  }

  /** Returns memory with room for one more query of `size` octets; the caller takes the room. */
  static for(size: number): KeptQueries {
    if (last === undefined || last.row === last.words.length || last.end + size > last.input.length) {
      last = new KeptQueries(Math.max(size, SIZE));
    }
    return last;
  }
}

/** Where the next query is kept. */
let last: KeptQueries | undefined;
