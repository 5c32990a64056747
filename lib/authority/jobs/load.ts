/** The job that reads a zone file. */
import { setImmediate } from 'node:timers/promises';
import type { ZoneFiles } from '../../dns/zone-file/zone-file.js';
import { readZoneSteps } from '../../zone/read-zone.js';
import type { ZoneImage } from '../../zone/zone-image.js';
import type { ZoneJob, ZoneWork } from '../zone-job.js';

/** The most warnings of one zone that are passed on. */
const MAX_WARNINGS = 10;
/** Milliseconds of work before other jobs run. */
const SLICE = 20;
/** Milliseconds between reports of progress. */
const TELL_INTERVAL = 2000;

/** What is to be read. */
export interface LoadInput {
  /** The path of the zone file. */
  file: string;
  /** The zone's name, in the form of `Query.key`. */
  origin: string;
}

/** How far a load is. */
export interface LoadProgress {
  records: number;
  /** The share of the file that has been read, 0 to 1. */
  share: number;
}

/** A zone that has been read. */
export interface LoadOutput {
  image: ZoneImage;
  serial: number;
  files: ZoneFiles;
  /** The first ones, and their number. */
  warnings: readonly string[];
  warningCount: number;
}

/** Reads a zone file. Rejects with the errors of `readZone`. */
export const load: ZoneJob<LoadInput, LoadOutput, LoadProgress> = { module: 'dist/authority/jobs/load.js' };

const work: ZoneWork<LoadInput, LoadOutput, LoadProgress> = async ({ file, origin }, { signal, progress }) => {
  const steps = readZoneSteps(file, origin);
  let told = performance.now();
  let rested = told;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) {
    const now = performance.now();
    if (now - rested < SLICE) continue;
    if (now - told > TELL_INTERVAL) {
      const { records, octets, size } = step.value;
      // A pipe has no size.
      progress({ records, share: octets < size ? octets / size : 1 });
      told = now;
    }
    await setImmediate();
    if (signal.aborted) steps.return(undefined as never);
    signal.throwIfAborted();
    rested = performance.now();
  }
  const { zone, files } = step.value;
  const { warnings, serial } = zone;
  const warningCount = warnings.length;
  return { image: zone.image(), serial, files, warnings: warnings.slice(0, MAX_WARNINGS), warningCount };
};

export default work;
