/** The option `https.cors`. */
import { invalidValue } from '../errors.js';
import { isTexts } from './option.js';

/** The origins whose pages may read answers, as users give them. */
export type CorsOption = boolean | string | readonly string[] | ((origin: string) => boolean);
/** The same after the check: all, none, a list of them, or a function that decides. */
export type Cors = boolean | readonly string[] | ((origin: string) => boolean);

/** Whether a value is of a type that the option takes. */
export function isCors(given: unknown): given is CorsOption {
  return isTexts(given) || ['boolean', 'string', 'function'].includes(typeof given);
}

/** Checks the origins. Throws `ERR_INVALID_ARG_VALUE`, which names the one that no browser sends. */
export function readCors(option: string, given: CorsOption): Cors {
  if (given === '*') return true;
  if (typeof given === 'boolean' || typeof given === 'function') return given;
  const origins = typeof given === 'string' ? [given] : given;
  const wrong = origins.find((origin) => !isOrigin(origin));
  if (wrong === undefined) return origins;
  throw invalidValue(option, "must have origins as browsers send them, such as 'https://example.org'", wrong);
}

/** Whether a text is an origin in its only spelling (RFC 6454 s.6.2), or `null` for pages without one. */
function isOrigin(text: string): boolean {
  if (text === 'null') return true;
  if (!/^https?:/.test(text)) return /^[a-z][a-z\d+.-]*:\/\/[^/?#\sA-Z]+$/.test(text);
  return URL.canParse(text) && new URL(text).origin === text;
}
