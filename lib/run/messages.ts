/** The messages between the owner and the workers of a Corefile. */
import type { ZoneTable, ZoneUpdate } from '../authority/published-zones.js';
import type { Corefile } from '../corefile/corefile.js';

/** The `workerData` of {@link file://./corefile-handler.ts}. */
export interface CorefileWork {
  corefile: Corefile;
  /** URLs of modules that register directives. */
  modules: string[];
  /** The zones that are published when the worker starts. The worker removes them, so that it keeps no earlier versions. */
  zones: ZoneTable | undefined;
}

/** A message from the owner to all workers: a published zone has changed. */
export type OwnerMessage = ZoneUpdate;

/** A message from a worker to the owner. */
export type WorkerMessage =
  /** A message of a directive in a worker to its counterpart in the owner's thread. */
  | { kind: 'directive'; directive: string; message: unknown }
  /** A directive has found a fatal error. */
  | { kind: 'fatal'; message: string; code: string | undefined }
  /** The directives of the worker that cannot answer yet. */
  | { kind: 'unready'; directives: string[] };
