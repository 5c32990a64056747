/** The job that finds the difference between two versions of a zone. */
import { setImmediate } from 'node:timers/promises';
import { compareZones } from '../../zone/compare-zones.js';
import type { Difference } from '../../zone/difference.js';
import { ZoneData } from '../../zone/zone-data.js';
import type { ZoneImage } from '../../zone/zone-image.js';
import type { ZoneJob, ZoneWork } from '../zone-job.js';

/** Milliseconds of work before other jobs run. */
const SLICE = 20;

/** What is to be compared. */
export interface DifferenceInput {
  before: ZoneImage;
  after: ZoneImage;
  /** The most octets of the difference. */
  limit: number;
}

/** Finds the difference; the output is undefined if it would have too many octets. */
export const difference: ZoneJob<DifferenceInput, Difference | undefined> = {
  module: 'dist/authority/jobs/difference.js',
};

const work: ZoneWork<DifferenceInput, Difference | undefined> = async ({ before, after, limit }, { signal }) => {
  const steps = compareZones(new ZoneData(before.origin, before), new ZoneData(after.origin, after), limit);
  let rested = performance.now();
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) {
    if (performance.now() - rested < SLICE) continue;
    await setImmediate();
    signal.throwIfAborted();
    rested = performance.now();
  }
  return step.value;
};

export default work;
