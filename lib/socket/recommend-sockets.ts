/** How many sockets to have, from CPU use alone: the rule of CoreDNS's documentation of `multisocket`. */
import { invalidType, outOfRange } from '../errors.js';
import { MAX_SOCKETS } from './socket-count.js';

/** What {@link recommendSockets} goes by, both in CPUs. */
export interface CpuUse {
  /** What the server uses with one socket at full load, more than 0. */
  cpuUsed: number;
  /** What there is for it, more than 0. */
  cpuAvailable: number;
}

/** So that quotients which are whole numbers but for their rounding, as 0.6 / 0.2, are taken for those. */
const ROUNDING = 1e-9;

/**
 * As many sockets as such servers fit on the CPUs: `cpuAvailable / cpuUsed`, rounded down, 1 to 1,024. One that uses 4 of 8
 * gets 2, one that uses 8 of 64 gets 8.
 *
 * It is an estimate for where nothing can be measured, and makes sense of figures at full load only: `multisocket tune`
 * measures. Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE`, which name the option.
 */
export function recommendSockets({ cpuUsed, cpuAvailable }: CpuUse): number {
  checkCpus('cpuUsed', cpuUsed);
  checkCpus('cpuAvailable', cpuAvailable);
  return Math.min(MAX_SOCKETS, Math.max(1, Math.floor(cpuAvailable / cpuUsed + ROUNDING)));
}

function checkCpus(option: string, value: unknown): void {
  if (typeof value !== 'number') throw invalidType(option, 'a number', value);
  if (!(value > 0 && value < Infinity)) throw outOfRange(option, 'a number of CPUs, more than 0', value);
}
