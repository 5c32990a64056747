import { isCors, readCors, type Cors, type CorsOption } from './cors.js';
import { converted, isTexts, value, type Option, type OptionsOf, type ResolvedOf } from './option.js';
import { readPaths } from './paths.js';

const cors: Option<CorsOption, Cors> = converted(
  value('a boolean, a string, an array of strings or a function', isCors),
  readCors,
);

/** Options of `https`. */
export const https = {
  /**
   * The paths that take queries, the first that matches; others are 404. `:name` as a segment is a parameter:
   * `'/dns-query/:client'` takes `/dns-query/kitchen`, and `query.connection.http.params.client` is then `'kitchen'`.
   * 1 to 64 elements; default: `['/dns-query']`.
   */
  paths: {
    ...converted(value('an array of strings', isTexts), readPaths, '1 to 64 elements'),
    default: ['/dns-query'] as readonly string[],
    otherwise: "`['/dns-query']`",
  },
  /**
   * The origins whose pages may read answers in a browser (the CORS protocol of the Fetch standard). `true` or `'*'`: all;
   * a string or a list: these, such as `'https://example.org'`; a function of an origin, only with `workers: 0`: those
   * for which it returns true; `false`: only the server's own. Default false.
   */
  cors: { ...cors, default: false as Cors },
};

/** Settings of `https://` and `http://`. */
export interface HttpsOptions extends OptionsOf<typeof https> {}
/** {@link HttpsOptions} with all values present. */
export type HttpsConfig = ResolvedOf<typeof https>;
