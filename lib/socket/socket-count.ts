/** NUM_SOCKETS: the number of sockets of an address. */
import { nativeMissing } from '../native/addon.js';
import { checkInteger } from '../errors.js';
import { usableCpus } from './cpus.js';

/** The most sockets that an address may have, as in CoreDNS. */
export const MAX_SOCKETS = 1024;

/**
 * Checks a number of sockets, 1 to {@link MAX_SOCKETS}; default {@link usableCpus}, at most {@link MAX_SOCKETS}, and 1
 * without native code.
 *
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE`, which name the option.
 */
export function checkSocketCount(option: string, value: number | undefined): number {
  const most = nativeMissing === undefined ? Math.min(usableCpus(), MAX_SOCKETS) : 1;
  return checkInteger(option, value ?? most, 1, MAX_SOCKETS);
}
