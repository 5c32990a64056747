/** The messages between the owner and the workers of a Corefile. */
import type { Corefile } from '../corefile/corefile.js';

/** The `workerData` of {@link file://./corefile-handler.ts}. */
export interface CorefileWork {
  corefile: Corefile;
  /** URLs of modules that register directives. */
  modules: string[];
}

/** A message from a worker to the owner. */
export type WorkerMessage =
  /** A message of a directive in a worker to its counterpart in the owner's thread. */
  | { kind: 'directive'; directive: string; message: unknown }
  /** A directive has found a fatal error. */
  | { kind: 'fatal'; message: string; code: string | undefined }
  /** The directives of the worker that cannot answer yet. */
  | { kind: 'unready'; directives: string[] };
