/** The options of `createServer` with a Corefile. */
import { pathToFileURL } from 'node:url';
import type { Corefile } from '../corefile/corefile.js';
import { MAX_PORT } from '../dns/numbers.js';
import { integer } from '../options/option.js';
import { invalidType, invalidValue } from '../errors.js';
import { checkOptions } from '../server/options/check-options.js';
import type { ServerOptions } from '../options/server.js';

const port = integer({ min: 0, max: MAX_PORT });

/** Options that the Corefile sets. */
const EXCLUDED = [
  'listen',
  'sockets',
  'auto',
  'filename',
  'handler',
  'workerData',
  'tls',
  'cache',
  'nsid',
  'opcodes',
  'tsig',
] as const;

/** Options of `createServer` to run a Corefile: these, and the options of any server that a Corefile does not set. */
export interface CorefileOptions extends Omit<ServerOptions, (typeof EXCLUDED)[number]> {
  /** The text of a Corefile, or the path of its file. Imports of a text are relative to the working directory. */
  corefile: string | { path: string };
  /**
   * Modules that call `registerDirective`, loaded in this thread and in every worker: paths or `file:` URLs, or names
   * of packages that can be resolved from here.
   */
  modules?: readonly (string | URL)[];
  /** The default port of keys with the transport `dns`, 0 to 65,535; default 53. */
  dnsPort?: number;
  /** @internal Changes each Corefile after it is read, before it is served. */
  adapt?: (corefile: Corefile) => void;
}

/** The options after the check. */
export interface CorefileConfig {
  corefile: string | { path: string };
  /** URLs, or names of packages. */
  modules: string[];
  dnsPort: number | undefined;
  adapt: ((corefile: Corefile) => void) | undefined;
  /** The other options, which the server checks. */
  server: Omit<CorefileOptions, 'corefile' | 'modules' | 'dnsPort' | 'adapt'>;
}

/** Checks all options. Throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE`, which name the option. */
export function checkCorefileOptions(options: CorefileOptions): CorefileConfig {
  const { corefile, modules = [], dnsPort, adapt, ...server } = options;
  const path: unknown = typeof corefile === 'string' ? undefined : (corefile as { path: unknown } | null)?.path;
  if (typeof corefile !== 'string' && typeof path !== 'string') {
    throw invalidType('corefile', 'a string, or an object with a "path"', corefile);
  }
  for (const name of EXCLUDED) {
    const value = (server as Partial<ServerOptions>)[name];
    if (value !== undefined) throw invalidValue(name, 'cannot be given together with "corefile"', value);
  }
  // Placeholders for what the Corefile will set.
  checkOptions({ ...server, listen: ':0', filename: 'corefile' });
  if (!Array.isArray(modules)) throw invalidType('modules', 'an array', modules);
  return {
    corefile: typeof corefile === 'string' ? corefile : { ...corefile },
    modules: modules.map(hrefOf),
    dnsPort: dnsPort === undefined ? undefined : port.check('dnsPort', dnsPort),
    adapt,
    server,
  };
}

function hrefOf(module: unknown): string {
  if (module instanceof URL) return module.href;
  if (typeof module !== 'string') throw invalidType('modules', 'an array of strings and URLs', module);
  return /^\.{0,2}\//.test(module) ? pathToFileURL(module).href : module;
}
