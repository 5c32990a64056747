/** The job that reads a zone file. */
import type { ZoneFiles } from '../../dns/zone-file/zone-file.js';
import { readZoneSteps } from '../../zone/read-zone.js';
import { packedImage, type ZoneImage } from '../../zone/zone-image.js';
import type { ZoneJob, ZoneWork } from '../zone-job.js';
import { takeSteps } from './steps.js';

/** The most warnings of one zone that are passed on. */
const MAX_WARNINGS = 10;

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
  const { zone, files } = await takeSteps(readZoneSteps(file, origin), signal, ({ records, octets, size }) => {
    // A pipe has no size.
    progress({ records, share: octets < size ? octets / size : 1 });
  });
  const { warnings, serial } = zone;
  const warningCount = warnings.length;
  return { image: packedImage(zone.image()), serial, files, warnings: warnings.slice(0, MAX_WARNINGS), warningCount };
};

export default work;
