/** Which sites may read answers over HTTPS, and which header fields of requests are kept for that. */
import type { HttpsOptions } from '../../options/https.js';
import type { HttpFields, HttpRequest } from './http-request.js';

/** The names of the header fields of a request that are kept. */
export function wantedFields({ cors, requests }: Required<HttpsOptions>): readonly string[] | 'all' {
  if (requests) return 'all';
  return cors === false || cors === true ? [] : ['origin'];
}

/** The fields that `cors` adds to the response of a request. */
export function corsFields(cors: Required<HttpsOptions>['cors'], { fields }: HttpRequest): HttpFields {
  if (cors === false) return {};
  if (cors === true) return { 'access-control-allow-origin': '*' };
  const origin = fields?.get('origin') ?? '';
  const isAllowed = typeof cors === 'function' ? origin !== '' && cors(origin) : [cors].flat().includes(origin);
  // Caches must know that responses differ by origin, even those without the other field.
  return isAllowed ? { 'access-control-allow-origin': origin, vary: 'origin' } : { vary: 'origin' };
}

/** The answer to a browser's preflight request, valid for a day. */
export const PREFLIGHT_FIELDS: HttpFields = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers': 'content-type',
  'access-control-max-age': 86_400,
};
