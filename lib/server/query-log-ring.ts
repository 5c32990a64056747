import { WireReader } from '../dns/reader.js';
import { HEADER_SIZE } from '../dns/numbers.js';
import { className, rcodeName, typeName } from '../dns/registry.js';
import { transports } from '../message/batch.js';
import type { QueryLogEntry } from '../message/query-log-entry.js';
import { addon } from '../native/addon.js';
import { endpointAt } from '../worker/ip.js';

const { log: header, logRecord: word, logRecordWords } = addon.layout;

/** A record without contents, which fills the ring up to its end. */
const SKIP = 0x80000000;
const CACHED = 1;
const WORD = Uint32Array.BYTES_PER_ELEMENT;

/** The octets of a `QueryOrigin` (`native/message/query_origin.h`): offsets, and their number. */
const origin = { client: 0, local: 16, localPort: 32, transport: 34, clientPort: 35, size: 37 };

/** The ring of a worker's query log, read by the owner (`native/log/query_log.h`). */
export class QueryLogRing {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #records: Buffer;

  readonly #messages: boolean;

  /** `size`: octets for records; the next power of two is used. `messages`: records have whole messages. */
  constructor(size: number, messages: boolean) {
    this.#messages = messages;
    const octets = 2 ** Math.ceil(Math.log2(size));
    this.memory = new SharedArrayBuffer(header.records * WORD + octets);
    this.#words = new Int32Array(this.memory, 0, header.records);
    this.#records = Buffer.from(this.memory, header.records * WORD, octets);
  }

  /** Moves at most `most` entries to `entries`. Returns whether there may be more. */
  read(entries: QueryLogEntry[], most: number): boolean {
    const written = Atomics.load(this.#words, header.written);
    let at = this.#words[header.read];
    while (at !== written && entries.length < most) {
      const place = at & (this.#records.length - 1);
      const size = this.#records.readUInt32LE(place);
      if (size < SKIP) entries.push(this.#entry(place));
      at = (at + (size & ~SKIP)) | 0;
    }
    Atomics.store(this.#words, header.read, at);
    return at !== written;
  }

  /** Returns how many records were lost since the last call. */
  takeLost(): number {
    return Atomics.exchange(this.#words, header.lost, 0) >>> 0;
  }

  #entry(start: number): QueryLogEntry {
    const records = this.#records;
    const u32 = (place: number): number => records.readUInt32LE(start + place * WORD);
    const flags = u32(word.flags);
    const lengths = u32(word.lengths);
    const length = u32(word.replyLength);
    const from = start + logRecordWords * WORD;
    const query = from + origin.size;
    const reply = query + (lengths >>> 16);
    const reader = new WireReader(records.subarray(query, reply), HEADER_SIZE);
    const name = reader.name();
    return {
      time: u32(word.seconds) * 1000 + u32(word.nanoseconds) / 1e6,
      name,
      type: typeName(reader.u16()),
      class: className(reader.u16()),
      client: endpointAt(records, from + origin.client, 6, records.readUInt16BE(from + origin.clientPort)),
      local: endpointAt(records, from + origin.local, 6, records.readUInt16BE(from + origin.localPort)),
      transport: transports[records[from + origin.transport]],
      rcode: length === 0 ? undefined : rcodeName(flags >>> 16),
      cached: (flags & CACHED) !== 0,
      latency: u32(word.latency) / 1000,
      length,
      query: this.#messages ? Buffer.from(records.subarray(query, reply)) : undefined,
      reply: this.#messages && length > 0 ? Buffer.from(records.subarray(reply, reply + length)) : undefined,
    };
  }
}
