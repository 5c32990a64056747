/** Checks and changes of the option `tls`. */
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { createSecureContext } from 'node:tls';
import { invalidType, invalidValue, withCode, type CodedError } from '../../errors.js';
import { nameOfAddress } from '../../socket/addresses.js';
import { contextOptions, type SharedTls, type TlsSettings } from '../../worker/stream/secure-context.js';
import type { ListenOptions, ServerConfig } from './options.js';

const CLIENT_CERTIFICATES: readonly unknown[] = [undefined, false, true, 'if-given', 'any', 'unchecked'];
const VERSIONS: readonly unknown[] = [undefined, 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
const NAMES = ['cert', 'key', 'ca', 'requestCert', 'minVersion', 'ciphers', 'keylog'] as const;

/**
 * Checks the option `tls` of a server that listens at those addresses, and adds the keys for session tickets. `own`:
 * what {@link checkOwnTls} returned.
 *
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, which name the option; the cause is the error of OpenSSL.
 */
export function checkTls(
  tls: TlsSettings | undefined,
  listen: ServerConfig['listen'],
  own: ServerConfig['ownTls'],
): SharedTls | undefined {
  const encrypted = listen.find(
    (address) => ['tls', 'https'].includes(address.transport) && !Object.hasOwn(own, nameOfAddress(address)),
  );
  if (tls !== undefined) return { ...checkSettings(tls), ticketKeys: randomBytes(48) };
  if (encrypted === undefined) return undefined;
  throw invalidType('tls', `an object with "cert" and "key", for ${encrypted.transport}://`, tls);
}

/**
 * Checks the TLS settings of single addresses. `given`: the option `listen`; `listen`: its checked form. Throws as
 * {@link checkTls}.
 */
export function checkOwnTls(given: unknown, listen: ServerConfig['listen']): ServerConfig['ownTls'] {
  const own: Record<string, SharedTls | null> = {};
  const entries: unknown[] = Array.isArray(given) ? given : [given];
  entries.forEach((entry, i) => {
    const settings = (entry as ListenOptions | undefined)?.tls;
    if (settings === undefined) return;
    const name = nameOfAddress(listen[i]);
    if (Object.hasOwn(own, name)) throw invalidValue('listen', 'has two entries with "tls" for one address', name);
    own[name] = settings === null ? null : { ...checkSettings(settings), ticketKeys: randomBytes(48) };
  });
  return own;
}

/**
 * Applies changes to the settings: a setting that is missing or `undefined` stays. Changed settings get new keys for
 * session tickets. Throws as {@link checkTls}.
 */
export function mergeTls({ ticketKeys, ...before }: SharedTls, changes: Partial<TlsSettings>): SharedTls {
  if (typeof (changes as unknown) !== 'object' || (changes as unknown) === null)
    throw invalidType('tls', 'an object', changes);
  const given = NAMES.filter((name) => changes[name] !== undefined).map((name) => [name, changes[name]] as const);
  const after = checkSettings({ ...before, ...(Object.fromEntries(given) as Partial<TlsSettings>) });
  return { ...after, ticketKeys: isDeepStrictEqual(plain(before), plain(after)) ? ticketKeys : randomBytes(48) };
}

/**
 * Checks that a change of the option `tls` reaches every encrypted address. `own`: the result of {@link checkOwnTls}.
 *
 * Throws `ERR_MULTISOCKET_OWN_TLS`, which names the addresses with TLS settings of their own.
 */
export function checkReachesAll(own: ServerConfig['ownTls']): void {
  const names = Object.keys(own).filter((name) => own[name] !== null);
  if (names.length === 0) return;
  const message = `a change of the "tls" option does not reach addresses with TLS settings of their own (${names.join(', ')}): renew these with reload({ listen })`;
  throw withCode(new Error(message), 'ERR_MULTISOCKET_OWN_TLS');
}

/** Settings in a form that can be compared: bytes as text. */
function plain(settings: TlsSettings): unknown[] {
  return NAMES.map((name) => {
    const value = settings[name];
    return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;
  });
}

function checkSettings(tls: TlsSettings): TlsSettings {
  if (typeof (tls as unknown) !== 'object' || (tls as unknown) === null) throw invalidType('tls', 'an object', tls);
  const { cert, key, ca, requestCert, minVersion, ciphers, keylog } = tls;
  checkBytes('tls.cert', cert);
  const certificate = attempt('tls.cert', 'must be a certificate in PEM', () => new X509Certificate(cert));
  checkBytes('tls.key', key);
  const privateKey = attempt('tls.key', 'must be a private key in PEM, not encrypted', () =>
    createPrivateKey(Buffer.from(key)),
  );
  if (!certificate.checkPrivateKey(privateKey)) throw unfit('tls.key', 'must be the key of the certificate "tls.cert"');
  if (ca !== undefined && ca !== null) {
    checkBytes('tls.ca', ca);
    attempt('tls.ca', 'must be certificates in PEM', () => new X509Certificate(ca));
  }
  if (!CLIENT_CERTIFICATES.includes(requestCert))
    throw invalidValue('tls.requestCert', "must be a boolean, 'if-given', 'any' or 'unchecked'", requestCert);
  if (!VERSIONS.includes(minVersion))
    throw invalidValue('tls.minVersion', "must be 'TLSv1', 'TLSv1.1', 'TLSv1.2' or 'TLSv1.3'", minVersion);
  if (ciphers !== undefined && typeof ciphers !== 'string') throw invalidType('tls.ciphers', 'a string', ciphers);
  if (keylog !== undefined && typeof keylog !== 'string') throw invalidType('tls.keylog', 'a string', keylog);
  if (ciphers !== undefined)
    attempt('tls.ciphers', "must be cipher suites in OpenSSL's format", () => createSecureContext({ ciphers }));
  // The remaining checks: faults of the certificate chain and of the versions.
  attempt('tls', 'cannot be used by OpenSSL', () => createSecureContext(contextOptions(tls)));
  return tls;
}

function checkBytes(option: string, value: unknown): void {
  if (typeof value === 'string' || value instanceof Uint8Array) return;
  throw invalidType(option, 'a string or a Buffer', value);
}

function attempt<Result>(option: string, reason: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw unfit(option, reason, error as Error);
  }
}

/** Like {@link invalidValue}, without the value, which may be a key. */
function unfit(option: string, reason: string, cause?: Error): CodedError {
  const why = cause === undefined ? '' : ` (${cause.message})`;
  return withCode(new TypeError(`The "${option}" option ${reason}${why}`, { cause }), 'ERR_INVALID_ARG_VALUE');
}
