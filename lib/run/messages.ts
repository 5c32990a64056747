/** What the main thread and the workers of a Corefile say to each other. */
import type { Corefile } from '../corefile/corefile.js';

/** The `workerData` of {@link file://./corefile-handler.ts}. */
export interface CorefileWork {
  corefile: Corefile;
  /** URLs of modules that register directives. */
  modules: string[];
}

/** From a worker to the main thread. */
export type WorkerMessage =
  /** A directive's half in a worker tells its half in the main thread something. */
  | { kind: 'told'; directive: string; message: unknown }
  /** A directive has found that the server must not go on. */
  | { kind: 'fatal'; message: string; code: string | undefined }
  /** The directives of the worker that cannot answer yet. */
  | { kind: 'unready'; directives: string[] };
