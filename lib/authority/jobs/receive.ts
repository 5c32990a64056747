/** The job that receives a zone from a primary, and stores it. */
import { receiveZone, type TransferRequest } from '../transfer-in/receive.js';
import { writeZone } from '../stored-zone.js';
import { describe, type CopiedZone } from '../copied-zone.js';
import type { ZoneJob, ZoneWork } from '../zone-job.js';

/** What is wanted. */
export interface ReceiveInput extends TransferRequest {
  /** The file of the stored zone; undefined: it is not stored. */
  file: string | undefined;
}

/** What has come. */
export interface ReceiveOutput {
  /** Undefined: the primary has no later zone. */
  zone: CopiedZone | undefined;
  /** Whether differences have come instead of the whole zone. */
  incremental: boolean;
  /** The number of records, and of those that were left out since they are outside of the zone. */
  records: number;
  outside: number;
  /** Why the zone was not stored; undefined if it was. */
  storeFault: string | undefined;
}

/** Receives a zone. Rejects with the errors of {@link receiveZone}. */
export const receive: ZoneJob<ReceiveInput, ReceiveOutput> = { module: 'dist/authority/jobs/receive.js', waits: true };

const work: ZoneWork<ReceiveInput, ReceiveOutput> = async ({ file, ...request }, { signal }) => {
  const { data, ...counts } = await receiveZone(request, signal);
  if (data === undefined) return { ...counts, zone: undefined, storeFault: undefined };
  let storeFault: string | undefined;
  try {
    if (file !== undefined) writeZone(file, data, new Date());
  } catch (error) {
    storeFault = (error as Error).message;
  }
  return { ...counts, zone: describe(data), storeFault };
};

export default work;
