/** Options of DNS over HTTPS: which other sites may read answers, and what handlers see of requests. */
import type { HttpFields, HttpRequest } from './http-request.js';

/** Settings of `https://`. */
export interface HttpsOptions {
  /**
   * The origins whose pages may read answers in a browser (the CORS protocol of the Fetch standard). `true`: all; a
   * string or a list: these, such as `'https://example.org'`; a function of an origin, only with `workers: 0`: those
   * for which it returns true. Default false: only the server's own.
   */
  cors?: boolean | string | readonly string[] | ((origin: string) => boolean);
  /** Whether `query.http` has method, target and header of requests, at the cost of keeping them. Default false. */
  requests?: boolean;
}

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
