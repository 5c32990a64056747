import { timingSafeEqual } from 'node:crypto';
import { readTsig, TSIG_ERROR, TsigSecret, type TsigRecord } from '../dns/tsig.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import { currentSeconds, TsigRefusal, TsigSigner, type MessageSigner } from '../message/tsig-signer.js';
import type { TsigConfig } from '../options/tsig.js';
import type { Rcode } from '../dns/registry.js';

/** The shortest MAC, in octets: this, or half of a whole one (RFC 8945 s.5.2.2.1). */
const MIN_MAC = 10;
/** Offset in the header. */
const ADDITIONAL_COUNT = 10;

/** Checks the signatures of queries (RFC 8945 s.5.2). */
export class TsigVerifier {
  /** By name and algorithm: a name may have a key for each algorithm. */
  readonly #secrets: ReadonlyMap<string, TsigSecret>;
  readonly #required: boolean;
  readonly #now: () => number;

  /** `now`: the seconds since 1970, by default those of the system's clock. */
  constructor({ keys, required }: TsigConfig, now = currentSeconds) {
    this.#secrets = new Map(keys.map((key) => [`${key.name} ${key.algorithm}`, new TsigSecret(key)]));
    this.#required = required;
    this.#now = now;
  }

  /**
   * Whether a query may go to the handler: its signature is valid, or it has none and needs none. Otherwise `reply` is
   * the answer.
   */
  admits(query: Query, reply: Reply): boolean {
    const { tsigOffset: end } = query;
    if (end === 0) return !this.#required || refuse(reply, 'REFUSED');
    const message = query.bytes.subarray(query.offset, query.offset + query.length);
    const record = readTsig(message, end);
    const secret = this.#secrets.get(`${record.key} ${record.algorithm}`);
    if (secret === undefined) {
      return fail(query, reply, new TsigRefusal(record, TSIG_ERROR.BADKEY));
    }
    const { mac } = record;
    const shortest = Math.max(MIN_MAC, secret.macSize / 2);
    if (mac.length > secret.macSize || mac.length < shortest) {
      return fail(query, reply, new TsigRefusal(record, TSIG_ERROR.BADSIG), 'FORMERR');
    }
    const additionals = message.readUInt16BE(ADDITIONAL_COUNT) - 1;
    const scope = { previousMac: undefined, record, timersOnly: false };
    const expected = secret.mac(message.subarray(0, end), additionals, scope);
    if (!timingSafeEqual(expected.subarray(0, mac.length), mac)) {
      return fail(query, reply, new TsigRefusal(record, TSIG_ERROR.BADSIG));
    }
    const error = this.#errorOf(record, secret);
    const signer = new TsigSigner(secret, record, error, this.#now);
    if (error !== 0) return fail(query, reply, signer);
    const { key, timeSigned } = record;
    query.signature = { tsig: { key, algorithm: secret.algorithm, timeSigned }, signer };
    return true;
  }

  /** Checks what a valid MAC covers (RFC 8945 s.5.2.3, s.5.2.4). Only whole MACs are taken. */
  #errorOf({ timeSigned, fudge, mac }: TsigRecord, { macSize }: TsigSecret): number {
    if (Math.abs(this.#now() - timeSigned) > fudge) return TSIG_ERROR.BADTIME;
    return mac.length < macSize ? TSIG_ERROR.BADTRUNC : 0;
  }
}

function fail(query: Query, reply: Reply, signer: MessageSigner, rcode: Rcode = 'NOTAUTH'): false {
  query.signature = { tsig: undefined, signer };
  return refuse(reply, rcode);
}

function refuse(reply: Reply, rcode: Rcode): false {
  reply.rcode = rcode;
  reply.cache({ ttl: 0 });
  return false;
}
