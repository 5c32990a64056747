/** `createServer` for handlers and for Corefiles. */
import { createServer as createHandlerServer, type Server } from '../server/server.js';
import type { ServerOptions } from '../options/server.js';
import type { CorefileOptions } from './corefile-options.js';
import { CorefileServer } from './corefile-server.js';

/**
 * Makes a server that runs a Corefile; `listen()` starts it, and rejects with the errors of the Corefile. Throws like
 * the other overload.
 */
export function createServer(options: CorefileOptions): CorefileServer;
/**
 * Makes a server; `listen()` starts it.
 *
 * Throws TypeError or RangeError with code `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE` or
 * `ERR_MULTISOCKET_UNSUPPORTED_TRANSPORT`, which name the option.
 */
export function createServer<WorkerData>(options: ServerOptions<WorkerData>): Server;
export function createServer(options: ServerOptions | CorefileOptions): Server | CorefileServer {
  const isCorefile = typeof (options as unknown) === 'object' && (options as unknown) !== null && 'corefile' in options;
  return isCorefile ? new CorefileServer(options) : createHandlerServer(options as ServerOptions);
}
