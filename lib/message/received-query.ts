import { addon } from '../native/addon.js';
import type { Origin, QueryBatch } from './batch.js';
import { DNSSEC_OK, HEADER_SIZE } from '../dns/numbers.js';
import { copyOctets } from '../dns/octets.js';
import { KeptQueries, type QueryMemory } from './kept-queries.js';

const { query: word, queryWords } = addon.layout;

/** A query in the memory of its transport: its octets, and what native code has written of them. */
export class ReceivedQuery {
  /** @internal */
  protected readonly origin: Origin;
  #memory: QueryMemory;
  #row: number;

  /** @internal */
  constructor(batch: QueryBatch, index: number) {
    this.origin = batch.origin;
    this.#memory = batch;
    this.#row = index * queryWords;
  }

  /** @internal The message as it was sent, in place. */
  get octets(): Buffer {
    return this.bytes.subarray(this.offset, this.offset + this.length);
  }

  /** @internal The memory of the message: from {@link offset} on, {@link length} octets. */
  get bytes(): Buffer {
    return this.#memory.input;
  }

  /** @internal */
  get offset(): number {
    return this.word(word.offset);
  }

  /** @internal */
  get length(): number {
    return this.word(word.length);
  }

  /** @internal Octets from the message's start to the end of its question. */
  get questionEnd(): number {
    return this.word(word.questionEnd);
  }

  /** @internal Its question section, in place. */
  get question(): Buffer {
    return this.bytes.subarray(this.offset + HEADER_SIZE, this.offset + this.questionEnd);
  }

  /** @internal Whether it has an OPT record. */
  get hasEdns(): boolean {
    return this.word(word.edns) !== 0;
  }

  /** @internal Octets of the options in its OPT record. */
  get optionsLength(): number {
    return this.hasEdns ? this.word(word.optionsLength) : 0;
  }

  /** @internal Whether it asks for options that are added to finished replies (`addon.addOptions`). */
  get asksForOptions(): boolean {
    return this.hasEdns && (this.word(word.asked) !== 0 || this.hasCookie);
  }

  /** @internal The payload size of its OPT record; 0 without one. */
  get udpPayloadSize(): number {
    return this.word(word.ednsSizeAndFlags) >>> 16;
  }

  /** @internal The DO flag of its OPT record. */
  get dnssecOk(): boolean {
    return (this.word(word.ednsSizeAndFlags) & DNSSEC_OK) !== 0;
  }

  /** @internal The offset of its TSIG record from the message's start; 0: there is none. */
  get tsigOffset(): number {
    return this.word(word.tsig);
  }

  /** @internal Whether the reply should carry a cookie. */
  get hasCookie(): boolean {
    return this.word(word.hasCookie) !== 0;
  }

  /** @internal With a query log: when native code took it up, in microseconds of the log's clock. */
  get takenUp(): number {
    return this.word(word.takenUp);
  }

  /** @internal Starts the stream of a reply; undefined: its transport carries one message for each query. */
  get openStream(): Origin['openStream'] {
    return this.origin.openStream;
  }

  /** @internal Its words, as native code wrote them (`layout.query`). */
  get row(): Uint32Array {
    return this.#memory.words.subarray(this.#row, this.#row + queryWords);
  }

  /** @internal Copies all of its data, so that the memory of its batch can be reused. */
  detach(): void {
    const { input, words, text } = this.#memory;
    const { envelopeSize } = this.origin;
    const { offset, length } = this;
    const textLength = this.word(word.keyLength);
    const keyOffset = this.word(word.keyOffset);
    const nameOffset = this.word(word.nameOffset);
    const kept = KeptQueries.for(envelopeSize + length + 2 * textLength);
    const { row, end: start } = kept;
    const keptKey = start + copyOctets(input, offset - envelopeSize, offset + length, kept.input, start);
    const keyEnd = keptKey + copyOctets(text, keyOffset, keyOffset + textLength, kept.text, keptKey);
    const lower = nameOffset === keyOffset;
    kept.end = lower ? keyEnd : keyEnd + copyOctets(text, nameOffset, nameOffset + textLength, kept.text, keyEnd);
    kept.row += queryWords;
    for (let i = 0; i < queryWords; i++) kept.words[row + i] = words[this.#row + i];
    kept.words[row + word.offset] = start + envelopeSize;
    kept.words[row + word.keyOffset] = keptKey;
    kept.words[row + word.nameOffset] = lower ? keptKey : keyEnd;
    this.#memory = kept;
    this.#row = row;
  }

  /** @internal The word at a position of {@link row}. */
  protected word(position: number): number {
    return this.#memory.words[this.#row + position];
  }

  /** @internal The text in presentation form whose offset is the word at `position`. */
  protected text(position: number): string {
    const offset = this.word(position);
    return this.#memory.text.toString('latin1', offset, offset + this.word(word.keyLength));
  }
}
