/** NUM_SOCKETS: the number of sockets of an address. */
import { nativeMissing } from '../native/addon.js';
import { integer } from '../options/option.js';
import { MAX_SOCKETS } from '../options/sockets.js';
import { usableCpus } from './cpus.js';

export { MAX_SOCKETS };

const count = integer({ min: 1, max: MAX_SOCKETS });

/** The default number of sockets: {@link usableCpus}, at most {@link MAX_SOCKETS}, and 1 without native code. */
export function defaultSocketCount(): number {
  return nativeMissing === undefined ? Math.min(usableCpus(), MAX_SOCKETS) : 1;
}

/**
 * Checks a number of sockets, 1 to {@link MAX_SOCKETS}; default {@link defaultSocketCount}.
 *
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE`, which name the option.
 */
export function checkSocketCount(option: string, value: number | undefined): number {
  return count.check(option, value ?? defaultSocketCount());
}
