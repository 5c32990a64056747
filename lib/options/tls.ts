import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { invalidValue, withCode, type CodedError } from '../errors.js';
import { nearest } from '../nearest.js';
import {
  converted,
  oneOf,
  optional,
  required,
  secret,
  text,
  value,
  type Option,
  type OptionsOf,
  type ResolvedOf,
} from './option.js';
import { group, resolve, resolveGiven } from './table.js';

/**
 * Suites with authenticated encryption and forward secrecy: all of TLS 1.3, and of TLS 1.2 those with ECDHE and AES-GCM or
 * ChaCha20 (RFC 9325 s.4.2; RFC 9113 appendix A refuses the others for HTTP/2).
 */
const AEAD_CIPHERS =
  'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20';

/** Options of `tls`. */
export const tls = {
  /** The certificate chain in PEM. */
  cert: required(converted(secret('a string or a Buffer', isBytes), readCertificate)),
  /** Its private key in PEM, not encrypted. */
  key: required(converted(secret('a string or a Buffer', isBytes), readKey)),
  /** Certificates in PEM that sign clients' certificates; `null`: Node's default ones. Default null. */
  ca: { ...converted(value('a string, a Buffer or null', isBytesOrNull), readCertificates), default: null },
  /**
   * The certificate that a client must show: `true`: one signed by `ca`; `'if-given'`: one signed by `ca`, or none;
   * `'any'`: one with any signer; `'unchecked'`: clients are asked for a certificate, and admitted with any or none;
   * `false`: clients are not asked. Default false.
   */
  requestCert: oneOf([true, false, 'if-given', 'any', 'unchecked'], false),
  /** The lowest version (RFC 7858 s.3.2, RFC 8310 s.9). Default 'TLSv1.2'. */
  minVersion: oneOf(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'], 'TLSv1.2'),
  /**
   * Cipher suites in OpenSSL's format, those of TLS 1.3 included. Default: all of TLS 1.3; of TLS 1.2 those with ECDHE and
   * AES-GCM or ChaCha20-Poly1305.
   */
  ciphers: {
    ...converted(text(), readCiphers),
    default: AEAD_CIPHERS,
    otherwise: 'all of TLS 1.3; of TLS 1.2 those with ECDHE and AES-GCM or ChaCha20-Poly1305',
  },
  /**
   * A file to which the secrets of all connections are appended, in NSS's format, so that Wireshark can decrypt them.
   * Default: no file.
   */
  keylog: optional(text(), 'no file'),
};

/** Certificates for `tls://`, `https://` and `grpc://`, and which clients may connect. */
export interface TlsSettings extends OptionsOf<typeof tls> {}
/** {@link TlsSettings} with all values present. */
export type TlsConfig = ResolvedOf<typeof tls>;

/** Options of `tls.createServer` in Node that have no counterpart here. */
const NODE_NAMES: readonly string[] = [
  ...['ALPNCallback', 'ALPNProtocols', 'SNICallback', 'allowPartialTrustChain', 'clientCertEngine', 'crl', 'dhparam'],
  ...['ecdhCurve', 'handshakeTimeout', 'honorCipherOrder', 'maxVersion', 'passphrase', 'pfx', 'privateKeyEngine'],
  ...['privateKeyIdentifier', 'pskCallback', 'pskIdentityHint', 'rejectUnauthorized', 'secureOptions'],
  ...['secureProtocol', 'sessionIdContext', 'sessionTimeout', 'sigalgs', 'ticketKeys'],
];

/** The options of {@link tls}. Messages show no unknown value, which may be a secret. */
export const tlsGroup: Option<TlsSettings, TlsConfig> = {
  ...group(tls),
  check: (path, given) => resolve(path, tls, relevant(given)),
};

/** Some of the options of {@link tls}: what is missing stays as it is. */
export const tlsChanges: Option<Partial<TlsSettings>, Partial<TlsConfig>> = {
  ...group<Partial<TlsSettings>, Partial<TlsConfig>>(tls),
  check: (path, given) => resolveGiven(path, tls, relevant(given)),
};

/**
 * The settings without what belongs to something else: an object with a certificate often has more, such as its file's
 * name. An option of Node, or what looks like a slip in a name, stays, and is refused.
 */
function relevant(given: unknown): unknown {
  if (given === null) return null;
  if (typeof given !== 'object') return typeof given;
  const names = Object.keys(tls);
  return Object.fromEntries(
    Object.entries(given)
      .filter(([name]) => NODE_NAMES.includes(name) || nearest(name, names) !== undefined)
      .map(([name, setting]) => [name, names.includes(name) ? (setting as unknown) : typeof setting]),
  );
}

/** Returns what `act` returns. Throws `ERR_INVALID_ARG_VALUE` for its error: the option `path`, and `reason`. */
export function attempt<Result>(path: string, reason: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw unfit(path, reason, error as Error);
  }
}

/** Like `invalidValue`, without the value, which may be a key. */
export function unfit(path: string, reason: string, cause?: Error): CodedError {
  const why = cause === undefined ? '' : ` (${cause.message})`;
  return withCode(new TypeError(`The "${path}" option ${reason}${why}`, { cause }), 'ERR_INVALID_ARG_VALUE');
}

function readCertificate(path: string, pem: string | Uint8Array): string | Uint8Array {
  attempt(path, 'must be a certificate in PEM', () => new X509Certificate(pem));
  return pem;
}

function readKey(path: string, pem: string | Uint8Array): string | Uint8Array {
  attempt(path, 'must be a private key in PEM, not encrypted', () => createPrivateKey(Buffer.from(pem)));
  return pem;
}

function readCertificates(path: string, pem: string | Uint8Array | null): string | Uint8Array | null {
  if (pem !== null) attempt(path, 'must be certificates in PEM', () => new X509Certificate(pem));
  return pem;
}

function readCiphers(path: string, ciphers: string): string {
  try {
    createSecureContext({ ciphers });
  } catch (cause) {
    const reason = `must be cipher suites in OpenSSL's format (${(cause as Error).message})`;
    throw Object.assign(invalidValue(path, reason, ciphers), { cause });
  }
  return ciphers;
}

function isBytesOrNull(given: unknown): given is string | Uint8Array | null {
  return given === null || isBytes(given);
}

function isBytes(given: unknown): given is string | Uint8Array {
  return typeof given === 'string' || given instanceof Uint8Array;
}
