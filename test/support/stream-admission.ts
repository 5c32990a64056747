import { addon } from '../../dist/native/addon.js';

/** Memory for a batch of messages, and the check of them by native code or by its fallback. */
export class CheckedStream {
  readonly queries: Uint32Array;
  readonly text: Buffer;
  readonly counters: Float64Array;
  readonly #check: (input: Uint8Array) => number;
  readonly #consumed: () => number;

  constructor(
    { layout, StreamAdmission }: Pick<typeof addon, 'layout' | 'StreamAdmission'> = addon,
    edns?: Uint8Array,
  ) {
    this.queries = new Uint32Array(layout.batchSize * layout.queryWords);
    this.text = Buffer.alloc(layout.batchSize * 2 * layout.maxText);
    this.counters = new Float64Array(layout.workerRow);
    const words = new Uint32Array(layout.streamWords);
    words[layout.stream.most] = layout.batchSize;
    const { queries, text, counters } = this;
    const memory = { queries, text, counters, row: 0, words, ...(edns === undefined ? {} : { edns }) };
    const admission = new StreamAdmission(memory);
    this.#check = (input) => admission.check(input, 0, input.length);
    this.#consumed = () => words[layout.stream.consumed];
  }

  /** Checks length-prefixed messages; returns how many rows they filled. */
  check(input: Uint8Array): number {
    return this.#check(input);
  }

  /** Octets that the last check consumed. */
  get consumed(): number {
    return this.#consumed();
  }
}
