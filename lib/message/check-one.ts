import { addon } from '../native/addon.js';

const { layout } = addon;

/**
 * Checks the length-prefixed message in `input` up to `end`: fills a row and its text, both new. Counts nothing unless
 * `counters`, and the element `row` at which they start, are given.
 */
export function checkOne(
  input: Uint8Array,
  end: number,
  {
    counters = new Float64Array(layout.workerRow),
    row = 0,
    edns,
  }: { counters?: Float64Array; row?: number; edns?: Uint8Array } = {},
): { words: Uint32Array; text: Buffer } {
  const queries = new Uint32Array(layout.queryWords);
  const text = Buffer.alloc(2 * layout.maxText);
  const words = new Uint32Array(layout.streamWords);
  words[layout.stream.most] = 1;
  const memory = { queries, text, counters, row, words, ...(edns === undefined ? {} : { edns }) };
  new addon.StreamAdmission(memory).check(input, 0, end);
  return { words: queries, text };
}
