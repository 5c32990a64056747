/** Checks and changes of the option `tls`. */
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { createSecureContext } from 'node:tls';
import { invalidType, invalidValue, withCode } from '../../errors.js';
import { nameOfAddress } from '../../socket/addresses.js';
import type { ListenOptions } from '../../options/listen.js';
import { attempt, tlsGroup, unfit, type TlsConfig } from '../../options/tls.js';
import { contextOptions, type SharedTls } from '../../worker/stream/secure-context.js';
import type { ServerConfig } from './config.js';

/**
 * Checks the option `tls` of a server that listens at those addresses, and adds the keys for session tickets. `own`:
 * what {@link checkOwnTls} returned.
 *
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, which name the option; the cause is the error of OpenSSL.
 */
export function checkTls(
  tls: TlsConfig | undefined,
  listen: ServerConfig['listen'],
  own: ServerConfig['ownTls'],
): SharedTls | undefined {
  const encrypted = listen.find(
    (address) => ['tls', 'https'].includes(address.transport) && !Object.hasOwn(own, nameOfAddress(address)),
  );
  if (tls !== undefined) return { ...checkPair('tls', tls), ticketKeys: randomBytes(48) };
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
    const settings = listen[i].transport === 'http' ? null : (entry as ListenOptions | undefined)?.tls;
    if (settings === undefined) return;
    const name = nameOfAddress(listen[i]);
    const again = Object.hasOwn(own, name) && (own[name] !== null || settings !== null);
    if (again) throw invalidValue('listen', 'has two entries with "tls" for one address', name);
    own[name] =
      settings === null
        ? null
        : { ...checkPair('listen.tls', tlsGroup.check('listen.tls', settings)), ticketKeys: randomBytes(48) };
  });
  return own;
}

/**
 * Applies changes to the settings: a setting that is missing or `undefined` stays. Changed settings get new keys for
 * session tickets. Throws as {@link checkTls}.
 */
export function mergeTls({ ticketKeys, ...before }: SharedTls, changes: Partial<TlsConfig>): SharedTls {
  const after = checkPair('tls', { ...before, ...changes });
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
function plain(settings: TlsConfig): unknown[] {
  return Object.values(settings).map((value: unknown) => {
    return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;
  });
}

/** Checks that the key is the certificate's, and that OpenSSL can use both. */
function checkPair(path: string, settings: TlsConfig): TlsConfig {
  const { cert, key } = settings;
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(Buffer.from(key)))) {
    throw unfit(`${path}.key`, `must be the key of the certificate "${path}.cert"`);
  }
  // The remaining checks: faults of the certificate chain and of the versions.
  attempt(path, 'cannot be used by OpenSSL', () => createSecureContext(contextOptions(settings)));
  return settings;
}
