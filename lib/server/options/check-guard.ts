/** Checks of the options `cookies` and `rateLimit`. */
import { isIP } from 'node:net';
import type { NativeRateLimit } from '../../native/addon.js';
import { checkBoolean, checkInteger, invalidType, invalidValue } from '../../errors.js';
import type { CookieConfig, CookieOptions, RateLimitOptions } from './guard-options.js';

const MAX_SECRETS = 4;
const DAY = 24 * 60 * 60 * 1000;
/** The lifetime of cookies in milliseconds (RFC 9018 s.4.3). */
const COOKIE_LIFE = 60 * 60 * 1000;
/** The longest delay of a timer. */
const MAX_ROTATION = 0x7fffffff;
const MAX_RATE = 100_000;
const MAX_EXEMPT = 256;

/** Checks the option `cookies`; undefined without cookies. Throws as `checkOptions` does. */
export function checkCookies(cookies: CookieOptions | boolean): CookieConfig | undefined {
  if (cookies === false) return undefined;
  const given = cookies === true ? {} : cookies;
  if (typeof (given as unknown) !== 'object' || (given as unknown) === null) {
    throw invalidType('cookies', 'an object or a boolean', given);
  }
  const rotation = checkInteger('cookies.rotation', given.rotation ?? DAY, 0, MAX_ROTATION);
  if (rotation > 0 && rotation < COOKIE_LIFE) {
    throw invalidValue('cookies.rotation', `must be 0 or at least ${COOKIE_LIFE}, the life of a cookie`, rotation);
  }
  return {
    secrets: given.secrets === undefined ? undefined : checkSecrets(given.secrets),
    rotation,
    require: checkBoolean('cookies.require', given.require ?? false),
  };
}

/**
 * Checks secrets in hexadecimal digits and returns their octets. Throws as `checkOptions` does; the error shows no
 * secret.
 */
export function checkSecrets(secrets: readonly string[]): Uint8Array[] {
  const list: unknown = secrets;
  if (!Array.isArray(list)) throw invalidType('cookies.secrets', 'an array', typeof list);
  if (list.length < 1 || list.length > MAX_SECRETS) {
    throw invalidValue('cookies.secrets', `must have 1 to ${MAX_SECRETS} elements`, list.length);
  }
  return list.map((secret: unknown) => {
    if (typeof secret !== 'string') throw invalidType('cookies.secrets', 'an array of strings', typeof secret);
    if (/^[0-9a-f]{32}$/i.test(secret)) return Buffer.from(secret, 'hex');
    throw invalidValue('cookies.secrets', 'must have 32 hexadecimal digits each', `${secret.length} characters`);
  });
}

/** Checks the option `rateLimit` and fills in the defaults. Throws as `checkOptions` does. */
export function checkRateLimit(options: RateLimitOptions): NativeRateLimit {
  if (typeof (options as unknown) !== 'object' || (options as unknown) === null) {
    throw invalidType('rateLimit', 'an object', options);
  }
  const integer = (name: keyof RateLimitOptions, missing: number, least: number, most: number): number =>
    checkInteger(`rateLimit.${name}`, options[name] ?? missing, least, most);
  const responsesPerSecond = integer('responsesPerSecond', 0, 0, MAX_RATE);
  const rates = {
    responsesPerSecond,
    errorsPerSecond: integer('errorsPerSecond', responsesPerSecond, 0, MAX_RATE),
    nxdomainsPerSecond: integer('nxdomainsPerSecond', responsesPerSecond, 0, MAX_RATE),
    allPerSecond: integer('allPerSecond', 0, 0, MAX_RATE),
  };
  if (Object.values(rates).every((rate) => rate === 0)) {
    throw invalidValue('rateLimit', 'must have a rate above 0', options);
  }
  return {
    ...rates,
    window: integer('window', 15, 1, 3600),
    slip: integer('slip', 2, 0, 10),
    ipv4PrefixLength: integer('ipv4PrefixLength', 24, 1, 32),
    ipv6PrefixLength: integer('ipv6PrefixLength', 56, 1, 128),
    maxTableSize: integer('maxTableSize', 131_072, 8, 16_777_216),
    reportOnly: checkBoolean('rateLimit.reportOnly', options.reportOnly ?? false),
    exempt: checkExempt(options.exempt ?? []),
  };
}

function checkExempt(nets: readonly string[]): NativeRateLimit['exempt'] {
  const list: unknown = nets;
  if (!Array.isArray(list)) throw invalidType('rateLimit.exempt', 'an array', nets);
  if (list.length > MAX_EXEMPT) {
    throw invalidValue('rateLimit.exempt', `must have at most ${MAX_EXEMPT} elements`, list.length);
  }
  return list.map((net: unknown) => {
    if (typeof net !== 'string') throw invalidType('rateLimit.exempt', 'an array of strings', net);
    const [address, digits, more] = net.split('/') as [string, string | undefined, string | undefined];
    const version = address.includes('%') ? 0 : isIP(address);
    const most = version === 4 ? 32 : 128;
    const prefixLength = digits === undefined ? most : Number(digits);
    const isNumber = digits === undefined || /^\d{1,3}$/.test(digits);
    if (version !== 0 && isNumber && prefixLength <= most && more === undefined) return { address, prefixLength };
    throw invalidValue('rateLimit.exempt', 'must have addresses and networks', net);
  });
}
