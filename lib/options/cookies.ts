import { invalidType, invalidValue } from '../errors.js';
import {
  converted,
  flag,
  integer,
  isTexts,
  optional,
  secret,
  type Option,
  type OptionsOf,
  type ResolvedOf,
} from './option.js';
import { DAY, MAX_INT32 } from './numbers.js';
import { group } from './table.js';

const MAX_SECRETS = 4;
/** The lifetime of cookies in milliseconds (RFC 9018 s.4.3). */
const COOKIE_LIFE = 60 * 60 * 1000;

/** Options of `cookies`. */
export const cookies = {
  /**
   * 1 to 4 secrets of 32 hexadecimal digits. The server makes cookies with the first one and accepts cookies made with
   * any of them. Servers at one anycast address need the same secrets. Default: one random secret.
   */
  secrets: optional(converted(secret('an array of strings', isTexts), readSecrets), 'one random secret'),
  /**
   * Milliseconds after which a random secret is replaced by a fresh one. Cookies made with the previous one stay valid.
   * 0: never; otherwise at least 3,600,000, the life of a cookie. RFC 7873 s.7.1 allows at most 36 days. Secrets that are
   * given change only by `server.rotateCookieSecrets()`. 0 to 2,147,483,647; default 86,400,000.
   */
  rotation: integer({ min: 0, max: MAX_INT32, default: DAY }),
  /**
   * Whether a datagram with an invalid cookie, or with only a client cookie, gets BADCOOKIE and a valid cookie in place
   * of an answer, so that the client can ask again (RFC 7873 s.5.2.3). For use during attacks. Clients that send no
   * cookie are not affected. Default false.
   */
  require: flag(false),
};

/**
 * DNS Cookies (RFC 7873) in the format that servers share (RFC 9018). A client that sends a cookie gets one back with
 * each reply. With it the client shows from then on that it receives at its address. A cookie is replaced after half an
 * hour and expires after an hour (RFC 9018 s.4.3).
 */
export interface CookieOptions extends OptionsOf<typeof cookies> {}
/** {@link CookieOptions} after the check; `secrets` undefined: random ones. */
export type CookieConfig = ResolvedOf<typeof cookies>;

const given = group<CookieOptions, CookieConfig>(cookies, (checked) => {
  const { rotation } = checked;
  if (rotation === 0 || rotation >= COOKIE_LIFE) return checked;
  throw invalidValue('cookies.rotation', `must be 0 or at least ${COOKIE_LIFE}, the life of a cookie`, rotation);
});

/** The options of {@link cookies}; `true` is `{}`, `false` is undefined. */
export const cookiesGroup: Option<CookieOptions | boolean, CookieConfig | undefined> = {
  ...given,
  expected: 'an object or a boolean',
  default: undefined,
  otherwise: 'false',
  check(path, value) {
    if (value === false) return undefined;
    if (value !== true && (typeof value !== 'object' || value === null)) {
      throw invalidType(path, 'an object or a boolean', value);
    }
    return given.check(path, value === true ? {} : value);
  },
};

/**
 * Checks secrets and returns their octets. Throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`; the error shows no
 * secret.
 */
export function checkSecrets(secrets: readonly string[]): Uint8Array[] {
  return cookies.secrets.check('cookies.secrets', secrets) ?? [];
}

function readSecrets(path: string, secrets: readonly string[]): Uint8Array[] {
  if (secrets.length < 1 || secrets.length > MAX_SECRETS) {
    throw invalidValue(path, `must have 1 to ${MAX_SECRETS} elements`, secrets.length);
  }
  return secrets.map((text) => {
    if (/^[0-9a-f]{32}$/i.test(text)) return Buffer.from(text, 'hex');
    throw invalidValue(path, 'must have 32 hexadecimal digits each', `${text.length} characters`);
  });
}
