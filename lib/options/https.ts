import { flag, value, type OptionsOf } from './option.js';

/** Options of `https`. */
export const https = {
  /**
   * The origins whose pages may read answers in a browser (the CORS protocol of the Fetch standard). `true`: all; a
   * string or a list: these, such as `'https://example.org'`; a function of an origin, only with `workers: 0`: those
   * for which it returns true; `false`: only the server's own. Default false.
   */
  cors: value('a boolean, a string, an array of strings or a function', isCors, false),
  /** Whether `query.http` has method, target and header of requests, at the cost of keeping them. Default false. */
  requests: flag(false),
};

/** Settings of `https://`. */
export interface HttpsOptions extends OptionsOf<typeof https> {}

type Cors = boolean | string | readonly string[] | ((origin: string) => boolean);

function isCors(given: unknown): given is Cors {
  if (Array.isArray(given)) return given.every((origin) => typeof origin === 'string');
  return ['boolean', 'string', 'function'].includes(typeof given);
}
