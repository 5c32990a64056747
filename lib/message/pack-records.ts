import { FLAG, HEADER_SIZE, MAX_MESSAGE } from '../dns/numbers.js';
import { writeRecord, type ResourceRecord } from '../dns/record.js';
import { MessageWriter } from '../dns/writer.js';
import { checkBoolean, checkInteger } from '../errors.js';
import type { Query } from './query.js';

/** A pointer of name compression reaches no further, so longer messages save little (RFC 1035 s.4.1.4). */
const DEFAULT_SIZE = 16_384;
const MIN_SIZE = 512;
/** Leaves room for OPT with the server's options, and for TSIG. */
const MAX_SIZE = 64_000;
const MAX_COUNT = 0xffff;
/** Offsets in the header (RFC 1035 s.4.1.1). */
const QUESTION_COUNT = 4;
const ANSWER_COUNT = 6;

/** Options of {@link packRecords}. */
export interface PackOptions {
  /** The octets of a message at most, 512 to 64,000; default 16,384. A longer record gets a message of its own. */
  maxSize?: number;
  /** AA: this server is an authority for the zone, as a transfer has to say (RFC 5936 s.2.2.1). Default true. */
  authoritative?: boolean;
}

/** The messages of {@link packRecords}. */
export abstract class PackedRecords {
  /** @internal The messages in one piece of memory: each is valid until the next one is asked for. */
  abstract reused(): Iterator<Buffer> | AsyncIterator<Buffer>;
}

/**
 * Packs records into replies to `query`, for {@link Reply.stream}: as many as a message takes, with compressed names (RFC
 * 1035 s.4.1.4). An iterable of records makes an iterable of messages, an async iterable an async one. A transfer
 * begins and ends with the SOA (RFC 5936 s.2.2), which is one of `records`. The next record is asked for when it is
 * needed.
 *
 * Throws `TypeError` or `RangeError` for invalid options. The iterator throws `Error` for a record that cannot be
 * encoded, and for one of more than 64,000 octets.
 */
export function packRecords(query: Query, records: Iterable<ResourceRecord>, options?: PackOptions): SyncPackedRecords;
export function packRecords(
  query: Query,
  records: AsyncIterable<ResourceRecord>,
  options?: PackOptions,
): AsyncPackedRecords;
export function packRecords(
  query: Query,
  records: Iterable<ResourceRecord> | AsyncIterable<ResourceRecord>,
  options: PackOptions = {},
): SyncPackedRecords | AsyncPackedRecords {
  const packer = new Packer(query, options);
  return Symbol.asyncIterator in records
    ? new AsyncPackedRecords(records, packer)
    : new SyncPackedRecords(records, packer);
}

/** Messages of records that are at hand. */
class SyncPackedRecords extends PackedRecords implements Iterable<Buffer> {
  readonly #records: Iterable<ResourceRecord>;
  readonly #packer: Packer;

  constructor(records: Iterable<ResourceRecord>, packer: Packer) {
    super();
    this.#records = records;
    this.#packer = packer;
  }

  *[Symbol.iterator](): Generator<Buffer, void> {
    for (const message of this.reused()) yield Buffer.from(message);
  }

  override *reused(): Generator<Buffer, void> {
    for (const record of this.#records) {
      const full = this.#packer.add(record);
      if (full !== undefined) yield full;
    }
    const last = this.#packer.take();
    if (last !== undefined) yield last;
  }
}

/** Messages of records that come one by one. */
class AsyncPackedRecords extends PackedRecords implements AsyncIterable<Buffer> {
  readonly #records: AsyncIterable<ResourceRecord>;
  readonly #packer: Packer;

  constructor(records: AsyncIterable<ResourceRecord>, packer: Packer) {
    super();
    this.#records = records;
    this.#packer = packer;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    for await (const message of this.reused()) yield Buffer.from(message);
  }

  override async *reused(): AsyncGenerator<Buffer, void> {
    for await (const record of this.#records) {
      const full = this.#packer.add(record);
      if (full !== undefined) yield full;
    }
    const last = this.#packer.take();
    if (last !== undefined) yield last;
  }
}

/** Writes records into messages, one after another. */
class Packer {
  readonly #writer = new MessageWriter();
  /** Two pieces of memory: a message is read while the next one begins. */
  #target = Buffer.allocUnsafe(MAX_MESSAGE);
  #other = Buffer.allocUnsafe(MAX_MESSAGE);
  readonly #query: Query;
  readonly #size: number;
  readonly #flags: number;
  #count = 0;

  constructor(query: Query, { maxSize = DEFAULT_SIZE, authoritative = true }: PackOptions) {
    this.#query = query;
    this.#size = checkInteger('maxSize', maxSize, MIN_SIZE, MAX_SIZE);
    this.#flags = FLAG.QR | (checkBoolean('authoritative', authoritative) ? FLAG.AA : 0);
  }

  /**
   * Adds a record. Returns the message before it if that had no room; it is valid until the next one is returned. Throws
   * the errors of `writeRecord`, and `Error`.
   */
  add(record: ResourceRecord): Buffer | undefined {
    if (this.#count > 0 && this.#count < MAX_COUNT && this.#write(record)) return undefined;
    const full = this.take();
    this.#begin();
    if (this.#write(record)) return full;
    this.#writer.extend(MAX_SIZE);
    if (this.#write(record)) return full;
    throw new Error(`a record of ${record.name} has no room in a message of ${MAX_SIZE} octets`);
  }

  /** Ends the message; undefined if it has no records. */
  take(): Buffer | undefined {
    if (this.#count === 0) return undefined;
    const message = this.#target;
    message.fill(0, 0, HEADER_SIZE);
    message.writeUInt16BE(this.#query.id);
    message.writeUInt16BE(this.#flags, 2);
    message.writeUInt16BE(1, QUESTION_COUNT);
    message.writeUInt16BE(this.#count, ANSWER_COUNT);
    this.#count = 0;
    [this.#target, this.#other] = [this.#other, this.#target];
    return message.subarray(0, this.#writer.at);
  }

  #begin(): void {
    const { bytes, offset, questionEnd, key } = this.#query;
    this.#writer.begin(this.#target, 0, this.#size, key);
    this.#writer.at = HEADER_SIZE;
    this.#writer.bytes(bytes, offset + HEADER_SIZE, offset + questionEnd);
  }

  /** Returns whether there is room for a record. */
  #write(record: ResourceRecord): boolean {
    const before = this.#writer.at;
    writeRecord(this.#writer, record, this.#query.classNumber);
    if (this.#writer.overflowed) {
      this.#writer.at = before;
      return false;
    }
    this.#count++;
    return true;
  }
}
