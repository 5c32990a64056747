/** Signatures of replies (RFC 8945 s.5.3). */
import { encodeTsig, timeOctets, TSIG_ERROR, type TsigRecord, type TsigSecret } from '../dns/tsig.js';
import { canonicalName } from '../dns/wire-name.js';

/** Seconds by which the clocks may differ (RFC 8945 s.10 recommends 300). */
const FUDGE = 300;
/** Offset in the header. */
const ADDITIONAL_COUNT = 10;
const NOTHING = Buffer.alloc(0);

/** Appends a TSIG record to messages. */
export interface MessageSigner {
  /** The octets of each record. */
  readonly size: number;
  /**
   * Appends a record to the message of `length` octets at `offset` of `target`, which has room for {@link size} more.
   * Returns the new length.
   */
  sign(target: Buffer, offset: number, length: number): number;
}

/**
 * Signs the messages of one reply, in order (RFC 8945 s.5.3): the first one with the MAC of the query, each later one with
 * the MAC of the message before it, as a stream of several messages needs.
 */
export class TsigSigner implements MessageSigner {
  readonly size: number;
  readonly #secret: TsigSecret;
  readonly #request: TsigRecord;
  readonly #error: number;
  readonly #now: () => number;
  #previousMac: Uint8Array;
  #isFirst = true;

  /**
   * `request`: the TSIG of the query. `error`: 0, BADTIME or BADTRUNC. `now`: the seconds since 1970, by default those
   * of the system's clock.
   */
  constructor(secret: TsigSecret, request: TsigRecord, error = 0, now = currentSeconds) {
    this.#secret = secret;
    this.#request = request;
    this.#error = error;
    this.#now = now;
    this.#previousMac = request.mac;
    this.size = secret.recordSize(error === TSIG_ERROR.BADTIME ? timeOctets(0).length : 0);
  }

  sign(target: Buffer, offset: number, length: number): number {
    const message = target.subarray(offset, offset + length);
    const now = this.#now();
    const isBadTime = this.#error === TSIG_ERROR.BADTIME;
    const fields = {
      // RFC 8945 s.5.2.3: the time of the client, and that of the server beside it.
      timeSigned: isBadTime ? this.#request.timeSigned : now,
      fudge: FUDGE,
      originalId: message.readUInt16BE(0),
      error: this.#error,
      other: isBadTime ? timeOctets(now) : NOTHING,
    };
    const scope = { previousMac: this.#previousMac, record: fields, timersOnly: !this.#isFirst };
    const mac = this.#secret.mac(message, message.readUInt16BE(ADDITIONAL_COUNT), scope);
    this.#previousMac = mac;
    this.#isFirst = false;
    const { keyName, algorithmName } = this.#secret;
    return append(target, offset, length, encodeTsig(keyName, algorithmName, { ...fields, mac }));
  }
}

/** Tells a client that its signature cannot be checked or is wrong: a TSIG record without a MAC (RFC 8945 s.5.3.2). */
export class TsigRefusal implements MessageSigner {
  readonly size: number;
  readonly #record: Buffer;

  /** `request`: the TSIG of the query. `error`: BADKEY or BADSIG. */
  constructor({ key, algorithm, timeSigned, fudge, originalId }: TsigRecord, error: number) {
    const fields = { timeSigned, fudge, mac: NOTHING, originalId, error, other: NOTHING };
    this.#record = encodeTsig(canonicalName(key), canonicalName(algorithm), fields);
    this.size = this.#record.length;
  }

  sign(target: Buffer, offset: number, length: number): number {
    return append(target, offset, length, this.#record);
  }
}

/** The time in seconds since 1970. */
export function currentSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Adds a record to the additional section of a message. Returns the new length. */
function append(target: Buffer, offset: number, length: number, record: Buffer): number {
  record.copy(target, offset + length);
  const count = offset + ADDITIONAL_COUNT;
  target.writeUInt16BE(target.readUInt16BE(count) + 1, count);
  return length + record.length;
}
