import { addon } from '../native/addon.js';
import type { StreamAdmission } from '../native/stream-admission.js';

const { layout } = addon;
const { query: word } = layout;

/** Where a {@link MessageCheck} counts, and what its error replies say of EDNS. */
export interface MessageCheckOptions {
  /** Default: nothing is counted. */
  counters?: Float64Array;
  /** The element of `counters` at which the worker's row starts. Default 0. */
  row?: number;
  /** As in {@link StreamMemory}. */
  edns?: Uint8Array;
}

/** Checks single messages, as they are checked in a stream. One object serves any number of them. */
export class MessageCheck {
  readonly #queries = new Uint32Array(layout.queryWords);
  readonly #text = Buffer.alloc(2 * layout.maxText);
  readonly #admission: StreamAdmission;

  constructor({ counters = new Float64Array(layout.workerRow), row = 0, edns }: MessageCheckOptions = {}) {
    const words = new Uint32Array(layout.streamWords);
    words[layout.stream.most] = 1;
    const memory = { queries: this.#queries, text: this.#text, counters, row, words };
    this.#admission = new addon.StreamAdmission(edns === undefined ? memory : { ...memory, edns });
  }

  /** Checks the length-prefixed message in `input` up to `end`. Returns its row and its text, which the caller may keep. */
  check(input: Uint8Array, end: number): { words: Uint32Array; text: Buffer } {
    this.#queries.fill(0);
    this.#admission.check(input, 0, end);
    const words = this.#queries.slice();
    const textEnd = Math.max(words[word.keyOffset], words[word.nameOffset]) + words[word.keyLength];
    return { words, text: Buffer.from(this.#text.subarray(0, textEnd)) };
  }
}
