/** The option `tsig`. */
import { normalizeName, wireLength } from '../dns/names.js';
import { TSIG_ALGORITHMS, type TsigAlgorithm, type TsigKey } from '../dns/tsig.js';
import { invalidType, invalidValue } from '../errors.js';
import { converted, flag, oneOf, required, secret, text, type Option, type OptionsOf } from './option.js';
import { group, resolve } from './table.js';

/** The shortest secret, in octets: 128 bits. */
const MIN_SECRET = 16;
const MAX_SECRET = 1024;
/**
 * The longest name of a key on the wire, in octets: a reply of 512 octets has room for the longest question, OPT with a
 * cookie, and the signature.
 */
const MAX_KEY_NAME = 93;
const NAMES = Object.keys(TSIG_ALGORITHMS) as TsigAlgorithm[];

/** A key of the option `tsig`. */
export const tsigKey = {
  /** The name of the key, as the clients have it; upper and lower case are equal. At most 93 octets on the wire. */
  name: required(converted(text(), readName)),
  /** The algorithm, which the clients must use, too. Default 'hmac-sha256'. */
  algorithm: oneOf(NAMES, 'hmac-sha256'),
  /** The secret, 16 to 1,024 octets: in Base64, as in the files of other servers, or as bytes. */
  secret: required(converted(secret('a string in Base64 or a Buffer', isBytes), readSecret)),
};

/** A key that a server shares with clients. */
export interface TsigKeyOptions extends OptionsOf<typeof tsigKey> {}

/** Options of `tsig`. */
export const tsig = {
  /** The keys, by unique names. A query signed with another key gets NOTAUTH with BADKEY (RFC 8945 s.5.2.1). */
  keys: required(keysOption()),
  /** Whether queries without a signature get REFUSED. Default false. */
  required: flag(false),
};

/**
 * Transaction signatures (TSIG, RFC 8945). The signature of a query is checked before the handler is called;
 * `query.tsig` names the key. The reply is signed with the same key.
 */
export interface TsigOptions extends OptionsOf<typeof tsig> {}

/** {@link TsigOptions} after the check. */
export interface TsigConfig {
  keys: readonly TsigKey[];
  required: boolean;
}

/** The options of {@link tsig}. */
export const tsigGroup = group<TsigOptions, TsigConfig>(tsig);

function keysOption(): Option<readonly TsigKeyOptions[], readonly TsigKey[]> {
  const expected = 'an array of objects';
  return {
    expected,
    range: undefined,
    default: undefined,
    check(path, given) {
      if (!Array.isArray(given)) throw invalidType(path, expected, typeof given);
      const keys = given.map((key: unknown, i) => resolve(`${path}[${i}]`, tsigKey, withoutUnknown(key)));
      const names = keys.map(({ name }) => name);
      const second = names.findIndex((name, i) => names.indexOf(name) < i);
      if (second >= 0) throw invalidValue(`${path}[${second}].name`, 'is the name of an earlier key', names[second]);
      return keys;
    },
  };
}

/** A key with the types of unknown properties in place of their values: a misspelt secret is not shown in an error. */
function withoutUnknown(key: unknown): unknown {
  if (typeof key !== 'object' || key === null) return typeof key;
  return Object.fromEntries(
    Object.entries(key).map(([name, value]) => [
      name,
      Object.hasOwn(tsigKey, name) ? (value as unknown) : typeof value,
    ]),
  );
}

function isBytes(given: unknown): given is string | Uint8Array {
  return typeof given === 'string' || given instanceof Uint8Array;
}

function readName(path: string, given: string): string {
  const name = normalizeName(given);
  if (name !== undefined && name !== '.' && wireLength(name) <= MAX_KEY_NAME) return name;
  throw invalidValue(path, `must be a domain name of at most ${MAX_KEY_NAME} octets`, given);
}

/** Returns separate memory, which is cloned into workers. The error shows no secret. */
function readSecret(path: string, given: string | Uint8Array): Uint8Array {
  if (typeof given === 'string' && !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(given)) {
    throw invalidValue(path, 'must be in Base64', `${given.length} characters`);
  }
  const octets = new Uint8Array(typeof given === 'string' ? Buffer.from(given, 'base64') : given);
  if (octets.length >= MIN_SECRET && octets.length <= MAX_SECRET) return octets;
  throw invalidValue(path, `must have ${MIN_SECRET} to ${MAX_SECRET} octets`, `${octets.length} octets`);
}
