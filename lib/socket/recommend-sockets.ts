/** The rule of CoreDNS's documentation of `multisocket`: a number of sockets from CPU use alone. */
import { invalidType, outOfRange } from '../errors.js';
import { MAX_SOCKETS } from './socket-count.js';

/** The input of {@link recommendSockets}, in CPUs. */
export interface CpuUse {
  /** CPUs that the server uses with one socket at full load, more than 0. */
  cpuUsed: number;
  /** CPUs that are available to it, more than 0. */
  cpuAvailable: number;
}

/** Tolerance for quotients that are whole numbers except for rounding, such as 0.6 / 0.2. */
const ROUNDING = 1e-9;

/**
 * Returns the number of such servers that fit on the CPUs: `cpuAvailable / cpuUsed`, rounded down, 1 to 1,024. A server
 * that uses 4 of 8 gets 2, one that uses 8 of 64 gets 8.
 *
 * This is an estimate for use without measurements, and is meaningful only for figures at full load: `multisocket tune`
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
