/** Which sites may read answers over HTTPS (the CORS protocol of the Fetch standard). */
import type { Cors } from '../../options/cors.js';
import { valuesOf, type HttpFields, type HttpRequest } from './http-request.js';

/** The fields that `cors` adds to the response of a request. */
export function corsFields(cors: Cors, request: HttpRequest): HttpFields {
  if (cors === false) return {};
  if (cors === true) return { 'access-control-allow-origin': '*' };
  const [origin = ''] = valuesOf(request, 'origin');
  const isAllowed = typeof cors === 'function' ? origin !== '' && cors(origin) : cors.includes(origin);
  // Caches must know that responses differ by origin, even those without the other field.
  return isAllowed ? { 'access-control-allow-origin': origin, vary: 'origin' } : { vary: 'origin' };
}

/** The fields of the answer to a browser's preflight request, valid for a day. */
export const PREFLIGHT_FIELDS: HttpFields = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers': 'content-type',
  'access-control-max-age': 86_400,
};
