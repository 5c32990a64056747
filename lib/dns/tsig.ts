/** TSIG records and their signatures (RFC 8945). */
import { createHmac } from 'node:crypto';
import { CLASS, HEADER_SIZE, RECORD_FIXED_SIZE, TYPE } from './numbers.js';
import { WireReader } from './reader.js';
import { canonicalName } from './wire-name.js';
import { MessageWriter } from './writer.js';

/** The algorithms, each with the hash that Node knows it by and the octets of its MAC (RFC 8945 s.6). */
export const TSIG_ALGORITHMS = {
  'hmac-sha1': { hash: 'sha1', size: 20 },
  'hmac-sha256': { hash: 'sha256', size: 32 },
  'hmac-sha384': { hash: 'sha384', size: 48 },
  'hmac-sha512': { hash: 'sha512', size: 64 },
} as const;

/** The name of an algorithm. */
export type TsigAlgorithm = keyof typeof TSIG_ALGORITHMS;

/** A secret that two parties share. */
export interface TsigKey {
  /** In presentation form, lower case, without the last dot. */
  name: string;
  algorithm: TsigAlgorithm;
  secret: Uint8Array;
}

/** The errors of TSIG records (RFC 8945 s.3). */
export const TSIG_ERROR = { BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

/** The fields of a TSIG record. Names are in presentation form, lower case. */
export interface TsigRecord {
  /** The name of the key: the owner of the record. */
  key: string;
  /** The name of the algorithm, which need not be one of {@link TSIG_ALGORITHMS}. */
  algorithm: string;
  /** Seconds since 1970, 48 bits. */
  timeSigned: number;
  /** Seconds by which the clocks may differ. */
  fudge: number;
  mac: Buffer;
  originalId: number;
  /** 0, or one of {@link TSIG_ERROR}. */
  error: number;
  /** With BADTIME, the server's time as 6 octets. */
  other: Buffer;
}

/** Octets of the RDATA beside algorithm, MAC and other data. */
const FIXED_RDATA = 16;
/** Offset in the header. */
const ADDITIONAL_COUNT = 10;

/** Reads the TSIG record at `at` of a message. Throws `Error` for a malformed one. The octets are copies. */
export function readTsig(message: Buffer, at: number): TsigRecord {
  const reader = new WireReader(message, at);
  const key = reader.name().toLowerCase();
  reader.octets(RECORD_FIXED_SIZE);
  const algorithm = reader.name().toLowerCase();
  const timeSigned = reader.u16() * 2 ** 32 + reader.u32();
  const fudge = reader.u16();
  const mac = reader.octets(reader.u16());
  const originalId = reader.u16();
  const error = reader.u16();
  const other = reader.octets(reader.u16());
  return { key, algorithm, timeSigned, fudge, mac, originalId, error, other };
}

/** A TSIG record on the wire. `keyName`, `algorithmName`: canonical names. */
export function encodeTsig(
  keyName: Uint8Array,
  algorithmName: Uint8Array,
  { timeSigned, fudge, mac, originalId, error, other }: Omit<TsigRecord, 'key' | 'algorithm'>,
): Buffer {
  const rdata = algorithmName.length + FIXED_RDATA + mac.length + other.length;
  const record = Buffer.alloc(keyName.length + RECORD_FIXED_SIZE + rdata);
  const writer = new MessageWriter();
  writer.begin(record, 0, record.length, '.');
  writer.bytes(keyName);
  writer.u16(TYPE.TSIG);
  writer.u16(CLASS.ANY);
  writer.u32(0);
  writer.u16(rdata);
  writer.bytes(algorithmName);
  writer.bytes(timeOctets(timeSigned));
  writer.u16(fudge);
  writer.u16(mac.length);
  writer.bytes(mac);
  writer.u16(originalId);
  writer.u16(error);
  writer.u16(other.length);
  writer.bytes(other);
  return record;
}

/** What a MAC covers besides the message (RFC 8945 s.4.3). */
export interface TsigScope {
  /** The MAC before it in the exchange, if any: that of the request, or of the message before (RFC 8945 s.4.3.1). */
  previousMac: Uint8Array | undefined;
  /** The record, whose `mac` is not looked at. */
  record: Pick<TsigRecord, 'timeSigned' | 'fudge' | 'originalId' | 'error' | 'other'>;
  /** Whether only the times of the record are covered, as after the first message of a stream (RFC 8945 s.5.3.1). */
  timersOnly: boolean;
  /** Messages without a signature before this one (RFC 8945 s.5.3.1); default: none. */
  before?: readonly Uint8Array[];
}

/** A key that computes MACs. */
export class TsigSecret {
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  /** The canonical names. */
  readonly keyName: Buffer;
  readonly algorithmName: Buffer;
  /** Octets of a MAC. */
  readonly macSize: number;
  readonly #hash: string;
  readonly #secret: Uint8Array;

  /** Throws `Error` for an invalid name. */
  constructor({ name, algorithm, secret }: TsigKey) {
    this.name = name;
    this.algorithm = algorithm;
    this.keyName = canonicalName(name);
    this.algorithmName = canonicalName(algorithm);
    const { hash, size } = TSIG_ALGORITHMS[algorithm];
    this.#hash = hash;
    this.macSize = size;
    this.#secret = secret;
  }

  /** Octets of a record with this key's MAC and `other` octets of other data. */
  recordSize(other = 0): number {
    return this.keyName.length + RECORD_FIXED_SIZE + this.algorithmName.length + FIXED_RDATA + this.macSize + other;
  }

  /**
   * The MAC of a message without its TSIG. `additionals`: its number of additional records without TSIG.
   */
  mac(message: Uint8Array, additionals: number, { previousMac, record, timersOnly, before = [] }: TsigScope): Buffer {
    const { timeSigned, fudge, originalId, error, other } = record;
    const hmac = createHmac(this.#hash, this.#secret);
    if (previousMac !== undefined) hmac.update(u16(previousMac.length)).update(previousMac);
    for (const unsigned of before) hmac.update(unsigned);
    // As it was signed: with its own ID, and without the TSIG.
    hmac.update(u16(originalId)).update(message.subarray(2, ADDITIONAL_COUNT));
    hmac.update(u16(additionals)).update(message.subarray(HEADER_SIZE));
    const times = Buffer.concat([timeOctets(timeSigned), u16(fudge)]);
    if (timersOnly) return hmac.update(times).digest();
    const head = Buffer.alloc(6);
    head.writeUInt16BE(CLASS.ANY);
    hmac.update(this.keyName).update(head).update(this.algorithmName).update(times);
    return hmac.update(u16(error)).update(u16(other.length)).update(other).digest();
  }
}

/** A time as 48 bits. */
export function timeOctets(seconds: number): Buffer {
  const octets = Buffer.alloc(6);
  octets.writeUIntBE(seconds, 0, 6);
  return octets;
}

function u16(value: number): Buffer {
  return Buffer.of(value >>> 8, value & 0xff);
}
