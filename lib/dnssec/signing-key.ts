/** Keys that sign zones, as `dnssec-keygen` of BIND and `ldns-keygen` write them: `K*.key` and `K*.private`. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import type packet from 'dns-packet';
import { TYPE } from '../dns/numbers.js';
import { encoded } from '../dns/records/codec.js';
import { writeRdata } from '../dns/records/index.js';
import { splitRecord } from '../dns/text/tokens.js';
import { parseRecord } from '../dns/text/record.js';
import { withCode } from '../errors.js';

/** The flags of DNSKEY: a key of a zone, and one that other zones may point to (RFC 4034 s.2.1.1). */
const ZONE_KEY = 0x0100;
const SECURE_ENTRY_POINT = 0x0001;
/** A key that must not be trusted any more (RFC 5011 s.7). */
const REVOKED = 0x0080;

/** The number of SHA-256 in DS and CDS (RFC 4509). SHA-1 must not be used there (RFC 8624 s.3.3). */
const SHA256 = 2;

/** An algorithm: its hash, and what the two files say of a key as a JSON Web Key (RFC 7517). */
interface Algorithm {
  /** Of `crypto.sign`; null: the algorithm has its own. */
  hash: string | null;
  publicKey(octets: Buffer): JsonWebKey;
  /** The private members by the names that the private file has for them. */
  members: Readonly<Record<string, string>>;
}

/** Elliptic curves over a prime field: the public key is both coordinates (RFC 6605 s.4). */
const ecdsa = (crv: string, hash: string, size: number): Algorithm => ({
  hash,
  publicKey: (octets) => ({
    kty: 'EC',
    crv,
    x: base64url(octets.subarray(0, size)),
    y: base64url(octets.subarray(size)),
  }),
  members: { PrivateKey: 'd' },
});
/** Edwards curves (RFC 8080 s.3). */
const eddsa = (crv: string): Algorithm => ({
  hash: null,
  publicKey: (octets) => ({ kty: 'OKP', crv, x: base64url(octets) }),
  members: { PrivateKey: 'd' },
});
/** RSA (RFC 5702): the public key is the length of the exponent, the exponent and the modulus (RFC 3110 s.2). */
const rsa = (hash: string): Algorithm => ({
  hash,
  publicKey(octets) {
    const [start, length] = octets[0] === 0 ? [3, octets.readUInt16BE(1)] : [1, octets[0]];
    const [e, n] = [octets.subarray(start, start + length), octets.subarray(start + length)].map(base64url);
    return { kty: 'RSA', e, n };
  },
  members: {
    PrivateExponent: 'd',
    Prime1: 'p',
    Prime2: 'q',
    Exponent1: 'dp',
    Exponent2: 'dq',
    Coefficient: 'qi',
  },
});

function base64url(octets: Buffer): string {
  return octets.toString('base64url');
}

/** By number (IANA, "DNS Security Algorithm Numbers"). SHA-1 is left out: it must not be used to sign (RFC 8624 s.3.1). */
const ALGORITHMS: Readonly<Partial<Record<number, Algorithm>>> = {
  8: rsa('sha256'),
  10: rsa('sha512'),
  13: ecdsa('P-256', 'sha256', 32),
  14: ecdsa('P-384', 'sha384', 48),
  15: eddsa('Ed25519'),
  16: eddsa('Ed448'),
};

/** A key of a zone, which makes signatures. */
export class SigningKey {
  /** The zone that the files name: lower case, without the last dot. */
  readonly zone: string;
  /** Seconds; 3600 if the file has none. */
  readonly ttl: number;
  /** The data of its DNSKEY record. */
  readonly data: packet.DnskeyData;
  /** 0 to 65,535 (RFC 4034 appendix B). */
  readonly tag: number;
  readonly #key: KeyObject;
  readonly #hash: string | null;

  private constructor(zone: string, ttl: number, data: packet.DnskeyData, key: KeyObject, hash: string | null) {
    this.zone = zone;
    this.ttl = ttl;
    this.data = data;
    this.tag = keyTag(data);
    this.#key = key;
    this.#hash = hash;
  }

  /**
   * Reads `PATH.key` and `PATH.private`; `path` may end with either suffix. Throws `ERR_MULTISOCKET_DNSSEC_KEY` with the
   * file and the reason, and `readFileSync`'s errors.
   */
  static read(path: string): SigningKey {
    const base = path.replace(/\.(?:key|private)$/, '');
    const [publicFile, privateFile] = [`${base}.key`, `${base}.private`];
    const { name, ttl, data } = readDnskey(publicFile);
    const algorithm = ALGORITHMS[data.algorithm];
    if (algorithm === undefined) {
      const known = Object.keys(ALGORITHMS).join(', ');
      throw faulty(publicFile, `keys of algorithm ${data.algorithm} cannot sign here; those of ${known} can`);
    }
    const fields = readFields(privateFile);
    const members = Object.entries(algorithm.members).map(([line, member]) => {
      const value = fields.get(line);
      if (value === undefined) throw faulty(privateFile, `it has no line "${line}:"`);
      return [member, base64url(Buffer.from(value, 'base64'))];
    });
    const { hash } = algorithm;
    try {
      const jwk = algorithm.publicKey(data.key);
      const key = createPrivateKey({ key: { ...jwk, ...(Object.fromEntries(members) as JsonWebKey) }, format: 'jwk' });
      const signed = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const;
      const sample = Buffer.from(name);
      if (verify(hash, sample, signed, sign(hash, sample, { key, dsaEncoding: 'ieee-p1363' }))) {
        return new SigningKey(name.toLowerCase(), ttl ?? 3600, data, key, hash);
      }
    } catch (error) {
      throw faulty(privateFile, `it and ${publicFile} hold no key of algorithm ${data.algorithm}`, error);
    }
    throw faulty(privateFile, `its private key does not fit the public key in ${publicFile}`);
  }

  /** Whether it is a key of a zone; only such a key signs (RFC 4034 s.2.1.1). */
  get isZoneKey(): boolean {
    return (this.data.flags & ZONE_KEY) !== 0;
  }

  /** Whether it has been revoked: nobody trusts what it signs (RFC 5011 s.2.1). */
  get isRevoked(): boolean {
    return (this.data.flags & REVOKED) !== 0;
  }

  /** Whether it signs keys rather than other records, where a zone has both kinds of keys (the SEP flag). */
  get signsKeys(): boolean {
    return (this.data.flags & SECURE_ENTRY_POINT) !== 0;
  }

  /** The signature of `data` as RRSIG has it. */
  sign(data: Buffer): Buffer {
    return sign(this.#hash, data, { key: this.#key, dsaEncoding: 'ieee-p1363' });
  }

  /** The same as {@link sign}, made by a thread of libuv's pool. */
  signInPool(data: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      sign(this.#hash, data, { key: this.#key, dsaEncoding: 'ieee-p1363' }, (error, signature) => {
        if (error === null) resolve(signature);
        else reject(error);
      });
    });
  }

  /** The data of the CDS record of its zone, which the parent's DS is to have (RFC 7344 s.3.1), with SHA-256. */
  cds(): packet.DsData {
    const owner = encoded((writer) => {
      writer.name(this.zone, false);
    });
    const digest = createHash('sha256').update(owner).update(dnskeyRdata(this.data)).digest();
    return { keyTag: this.tag, algorithm: this.data.algorithm, digestType: SHA256, digest };
  }
}

/** The key tag of a DNSKEY (RFC 4034 appendix B). */
export function keyTag(data: packet.DnskeyData): number {
  let sum = 0;
  for (const [i, octet] of dnskeyRdata(data).entries()) sum += i % 2 === 0 ? octet << 8 : octet;
  return (sum + (sum >>> 16)) & 0xffff;
}

function dnskeyRdata(data: packet.DnskeyData): Buffer {
  return encoded((writer) => {
    writeRdata(writer, TYPE.DNSKEY, 'DNSKEY', data);
  }).subarray(2);
}

/** The first record of a file of a public key. */
function readDnskey(file: string): { name: string; ttl: number | undefined; data: packet.DnskeyData } {
  const lines = readFileSync(file, 'latin1').split('\n');
  const line = lines.find((text) => !/^\s*(?:;|$)/.test(text));
  if (line === undefined) throw faulty(file, 'it has no record');
  try {
    const { name, ttl, type, data } = parseRecord(splitRecord(line), '.');
    if (type === 'DNSKEY') return { name, ttl, data: data as packet.DnskeyData };
    throw new Error(`it has a record of type ${type} in place of DNSKEY`);
  } catch (error) {
    throw faulty(file, (error as Error).message, error);
  }
}

/** The lines `NAME: VALUE` of a file of a private key. */
function readFields(file: string): Map<string, string> {
  const lines = readFileSync(file, 'latin1').matchAll(/^([\w-]+):[ \t]*(.*?)[ \t\r]*$/gm);
  const fields = new Map([...lines].map(([, name, value]) => [name, value]));
  const format = fields.get('Private-key-format');
  if (format === undefined) throw faulty(file, 'it has no line "Private-key-format:"');
  if (!/^v1\.\d+$/.test(format)) throw faulty(file, `its format is ${JSON.stringify(format)}, not v1.2 or v1.3`);
  return fields;
}

function faulty(file: string, why: string, cause?: unknown): Error {
  return withCode(new Error(`${file}: ${why}`, cause === undefined ? {} : { cause }), 'ERR_MULTISOCKET_DNSSEC_KEY');
}
