/** What DNS over HTTPS can be told: which pages of other sites may read answers, and what handlers see of requests. */
import type { HttpFields, HttpRequest } from './http-request.js';

/** Settings of `https://`. */
export interface HttpsOptions {
  /**
   * Which origins a browser lets read answers (the CORS protocol of the Fetch standard). `true`: all; a text or a list: those,
   * such as `'https://example.org'`; a function of an origin, with `workers: 0` alone: those for which it returns true.
   * Default false: none but the server's own.
   */
  cors?: boolean | string | readonly string[] | ((origin: string) => boolean);
  /** Whether `query.http` has method, target and header of requests, at the cost of keeping them. Default false. */
  requests?: boolean;
}

/** Fields of the header that are kept of a request. */
export function wantedFields({ cors, requests }: Required<HttpsOptions>): readonly string[] | 'all' {
  if (requests) return 'all';
  return cors === false || cors === true ? [] : ['origin'];
}

/** The fields that a response to a request has because of `cors`. */
export function corsFields(cors: Required<HttpsOptions>['cors'], { fields }: HttpRequest): HttpFields {
  if (cors === false) return {};
  if (cors === true) return { 'access-control-allow-origin': '*' };
  const origin = fields?.get('origin') ?? '';
  const isAllowed = typeof cors === 'function' ? origin !== '' && cors(origin) : [cors].flat().includes(origin);
  // Caches have to know that responses differ by origin, also those without the other field.
  return isAllowed ? { 'access-control-allow-origin': origin, vary: 'origin' } : { vary: 'origin' };
}

/** What a browser is told that asks before it sends a request of another site: for a day. */
export const PREFLIGHT_FIELDS: HttpFields = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers': 'content-type',
  'access-control-max-age': 86_400,
};
