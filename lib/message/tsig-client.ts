/** Signatures of queries that this side sends, and of the answers to them (RFC 8945 s.5.1, s.5.3, s.5.4). */
import { timingSafeEqual } from 'node:crypto';
import { HEADER_SIZE, RCODE, TYPE } from '../dns/numbers.js';
import { RecordWalk } from '../dns/record-walk.js';
import { rcodeName } from '../dns/registry.js';
import { encodeTsig, readTsig, TSIG_ERROR, type TsigRecord, type TsigSecret } from '../dns/tsig.js';
import { currentSeconds } from './tsig-signer.js';

/** Seconds by which the clocks may differ (RFC 8945 s.10 recommends 300). */
const FUDGE = 300;
/** Offset in the header. */
const ADDITIONAL_COUNT = 10;
/** Messages without a signature between two with one (RFC 8945 s.5.3.1). */
const MAX_UNSIGNED = 99;
const NOTHING = Buffer.alloc(0);
const ERRORS: ReadonlyMap<number, string> = new Map(Object.entries(TSIG_ERROR).map(([name, code]) => [code, name]));

/** Signs one query and checks the messages that answer it. */
export class TsigClient {
  readonly #secret: TsigSecret;
  readonly #now: () => number;
  #previousMac: Uint8Array = NOTHING;
  #isFirst = true;
  /** The messages since the last signature. */
  #unsigned: Buffer[] = [];

  /** `now`: the seconds since 1970, by default those of the system's clock. */
  constructor(secret: TsigSecret, now = currentSeconds) {
    this.#secret = secret;
    this.#now = now;
  }

  /** The query with a TSIG record. */
  sign(query: Buffer): Buffer {
    const { keyName, algorithmName } = this.#secret;
    const originalId = query.readUInt16BE(0);
    const fields = { timeSigned: this.#now(), fudge: FUDGE, originalId, error: 0, other: NOTHING };
    const additionals = query.readUInt16BE(ADDITIONAL_COUNT);
    const mac = this.#secret.mac(query, additionals, { previousMac: undefined, record: fields, timersOnly: false });
    this.#previousMac = mac;
    const signed = Buffer.concat([query, encodeTsig(keyName, algorithmName, { ...fields, mac })]);
    signed.writeUInt16BE(additionals + 1, ADDITIONAL_COUNT);
    return signed;
  }

  /**
   * Checks the next message. Returns it without its TSIG record. One without a signature is valid if {@link finish} does not
   * throw in the end. Throws `Error` for another one.
   */
  open(message: Buffer): Buffer {
    const at = tsigOffset(message);
    if (at === undefined) {
      if (this.#isFirst) throw new Error(`the answer is not signed${rcodeOf(message)}`);
      if (this.#unsigned.length >= MAX_UNSIGNED) throw new Error(`more than ${MAX_UNSIGNED} messages are not signed`);
      this.#unsigned.push(message);
      return message;
    }
    const record = readTsig(message, at);
    const plain = Buffer.from(message.subarray(0, at));
    plain.writeUInt16BE(message.readUInt16BE(ADDITIONAL_COUNT) - 1, ADDITIONAL_COUNT);
    this.#check(plain, record);
    this.#previousMac = record.mac;
    this.#isFirst = false;
    this.#unsigned = [];
    return plain;
  }

  /** Throws `Error` if the last message was not signed. */
  finish(): void {
    if (this.#unsigned.length > 0) throw new Error('the last message is not signed');
  }

  #check(message: Buffer, record: TsigRecord): void {
    const { name, algorithm, macSize } = this.#secret;
    const { mac, error, timeSigned, fudge } = record;
    if (record.key !== name || record.algorithm !== algorithm) throw new Error('the answer is signed with another key');
    if (mac.length === 0 && error !== 0) throw new Error(`the primary refuses the signature: ${nameOfError(error)}`);
    const scope = {
      previousMac: this.#previousMac,
      record,
      timersOnly: !this.#isFirst,
      before: this.#unsigned,
    };
    const expected = this.#secret.mac(message, message.readUInt16BE(ADDITIONAL_COUNT), scope);
    // Only whole MACs are taken (RFC 8945 s.5.2.2.1).
    if (mac.length !== macSize || !timingSafeEqual(expected, mac)) throw new Error('the signature is wrong');
    if (error !== 0) throw new Error(`the primary refuses the signature: ${nameOfError(error)}`);
    const difference = Math.abs(this.#now() - timeSigned);
    if (difference > fudge) throw new Error(`the clocks differ by ${difference} seconds`);
  }
}

/** The offset of the TSIG record, which is the last one of a message (RFC 8945 s.5.1). */
function tsigOffset(message: Buffer): number | undefined {
  if (message.length < HEADER_SIZE || message.readUInt16BE(ADDITIONAL_COUNT) === 0) return undefined;
  const walk = new RecordWalk(message);
  let last = false;
  while (walk.next()) last = walk.left === 0 && walk.type === TYPE.TSIG;
  return last ? walk.start : undefined;
}

function nameOfError(error: number): string {
  return ERRORS.get(error) ?? `error ${error}`;
}

function rcodeOf(message: Buffer): string {
  const rcode = message.length < HEADER_SIZE ? RCODE.NOERROR : message[3] & 0x0f;
  return rcode === RCODE.NOERROR ? '' : `: ${rcodeName(rcode) ?? rcode}`;
}
