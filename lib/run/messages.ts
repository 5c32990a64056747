/** The messages between the main thread and the workers of a Corefile. */
import type { Corefile } from '../corefile/corefile.js';

/** The `workerData` of {@link file://./corefile-handler.ts}. */
export interface CorefileWork {
  corefile: Corefile;
  /** URLs of modules that register directives. */
  modules: string[];
}

/** From a worker to the main thread. */
export type WorkerMessage =
  /** A message of a directive in a worker to its main-thread side. */
  | { kind: 'directive'; directive: string; message: unknown }
  /** A directive has found a fatal error. */
  | { kind: 'fatal'; message: string; code: string | undefined }
  /** The directives of the worker that cannot answer yet. */
  | { kind: 'unready'; directives: string[] };
