/**
 * The file of a stored zone. It has blocks, each a length of four octets and as many octets: first one with the name of the
 * format, then some with whole records in wire format without compression, the SOA record first, then an empty one. The
 * SHA-256 of all that ends the file. So a file that is not whole, or has changed, is found out.
 */
import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  constants,
  fsyncSync,
  futimesSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { CLASS, MAX_NAME, MAX_RDATA, RECORD_FIXED_SIZE } from '../dns/numbers.js';
import { RecordCursor } from '../dns/record-cursor.js';
import { canonicalName } from '../dns/wire-name.js';
import { recordType } from '../zone/rrsets.js';
import type { ZoneData } from '../zone/zone-data.js';
import { ZoneLoader } from '../zone/zone-loader.js';

const FORMAT = Buffer.from('multisocket zone 1');
const LENGTH_SIZE = 4;
const BLOCK = 1 << 20;
const MAX_RECORD = MAX_NAME + RECORD_FIXED_SIZE + MAX_RDATA;
const HASH = 'sha256';
const HASH_SIZE = 32;
const OWNER_ONLY = 0o600;

/**
 * Writes a zone to a file, which is the earlier one or the new one at any moment, also after a crash of the system. Its time
 * of modification becomes `refreshed`. Throws a system error; then the earlier file stays.
 */
export function writeZone(path: string, data: ZoneData, refreshed: Date): void {
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  // A link that somebody has put there is not followed.
  const file = openSync(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, OWNER_ONLY);
  try {
    try {
      const writer = new BlockWriter(file);
      writer.block(FORMAT);
      writeRecords(data, writer);
      writer.end();
      futimesSync(file, refreshed, refreshed);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Reads a zone. Throws a system error, or an `Error` that says why the file is no whole zone with this origin. */
export function readStoredZone(path: string, origin: string): ZoneData {
  const file = openSync(path, constants.O_RDONLY);
  try {
    const reader = new BlockReader(file);
    if (!reader.next().equals(FORMAT)) throw new Error(`${path} is no stored zone of this version`);
    const loader = new ZoneLoader(origin, path);
    const cursor = new RecordCursor();
    let records = 0;
    for (let block = reader.next(); block.length > 0; block = reader.next()) {
      cursor.begin(block, 0);
      while (cursor.at < block.length) {
        cursor.next();
        if (records++ === 0 && cursor.name !== origin) throw new Error(`${path} has the zone ${cursor.name}`);
        loader.addEncoded(cursor, records);
      }
    }
    reader.end();
    return loader.finish();
  } finally {
    closeSync(file);
  }
}

/** Makes the names in a folder durable: a rename is otherwise in the system's memory alone. */
function syncFolder(folder: string): void {
  const file = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function writeRecords(data: ZoneData, writer: BlockWriter): void {
  const { names, sets } = data;
  const origin = canonicalName(data.origin);
  const block = Buffer.alloc(BLOCK + MAX_RECORD);
  let at = 0;
  data.eachSet((node, set) => {
    const type = recordType(sets.type(set));
    for (const rdata of sets.records(set)) {
      if (at > BLOCK) {
        writer.block(block.subarray(0, at));
        at = 0;
      }
      at = names.writeLabels(node, block, at);
      at += origin.copy(block, at);
      at = block.writeUInt16BE(type, at);
      at = block.writeUInt16BE(CLASS.IN, at);
      at = block.writeUInt32BE(sets.ttl(set), at);
      at += rdata.copy(block, at); // begins with RDLENGTH
    }
  });
  writer.block(block.subarray(0, at));
}

/** Writes blocks, and the hash of them. */
class BlockWriter {
  readonly #file: number;
  readonly #hash: Hash = createHash(HASH);
  readonly #length = Buffer.alloc(LENGTH_SIZE);

  constructor(file: number) {
    this.#file = file;
  }

  block(octets: Buffer): void {
    this.#length.writeUInt32BE(octets.length);
    for (const part of [this.#length, octets]) {
      this.#hash.update(part);
      this.#write(part);
    }
  }

  end(): void {
    this.block(Buffer.alloc(0));
    this.#write(this.#hash.digest());
  }

  #write(octets: Buffer): void {
    for (let at = 0; at < octets.length;) at += writeSync(this.#file, octets, at);
  }
}

/** Reads blocks. Each method throws `Error` if the file is not whole. */
class BlockReader {
  readonly #file: number;
  readonly #hash: Hash = createHash(HASH);
  readonly #memory = Buffer.alloc(BLOCK + MAX_RECORD);

  constructor(file: number) {
    this.#file = file;
  }

  /** The next block, valid until the one after it. */
  next(): Buffer {
    const length = this.#read(LENGTH_SIZE).readUInt32BE();
    if (length > this.#memory.length) throw new Error('the file is damaged: a block is too long');
    return this.#read(length);
  }

  /** Checks the hash, behind the last block. */
  end(): void {
    const expected = this.#hash.digest();
    this.#fill(HASH_SIZE);
    if (!this.#memory.subarray(0, HASH_SIZE).equals(expected)) throw new Error('the file is damaged: its hash differs');
    if (readSync(this.#file, this.#memory, 0, 1, null) > 0) throw new Error('the file is damaged: it is too long');
  }

  #read(length: number): Buffer {
    this.#fill(length);
    const octets = this.#memory.subarray(0, length);
    this.#hash.update(octets);
    return octets;
  }

  #fill(length: number): void {
    for (let at = 0; at < length;) {
      const read = readSync(this.#file, this.#memory, at, length - at, null);
      if (read === 0) throw new Error('the file is damaged: it ends too early');
      at += read;
    }
  }
}
