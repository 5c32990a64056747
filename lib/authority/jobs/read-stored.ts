/** The job that reads a stored zone. */
import { statSync } from 'node:fs';
import { describe, type CopiedZone } from '../copied-zone.js';
import { readStoredZone } from '../stored-zone.js';
import type { ZoneJob, ZoneWork } from '../zone-job.js';

/** What is to be read. */
export interface ReadStoredInput {
  file: string;
  /** The zone's name, in the form of `Query.key`. */
  origin: string;
}

/** A zone that was stored. */
export interface StoredZone extends CopiedZone {
  /** Milliseconds since a primary was last known to have no later one. A time in the future counts as now. */
  age: number;
}

/** Reads a stored zone. Rejects with the errors of {@link readStoredZone}. */
export const readStored: ZoneJob<ReadStoredInput, StoredZone> = { module: 'dist/authority/jobs/read-stored.js' };

const work: ZoneWork<ReadStoredInput, StoredZone> = ({ file, origin }) => {
  const { mtimeMs } = statSync(file);
  return { ...describe(readStoredZone(file, origin)), age: Math.max(0, Date.now() - mtimeMs) };
};

export default work;
