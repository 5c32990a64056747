/** The jobs of the zone thread, as the owner's thread and the zone thread see them. */
import type { ReportedError } from '../worker/messages.js';

/** What a job can do besides its work. */
export interface JobContext<Progress> {
  /** Aborted when nobody wants the result any more. */
  signal: AbortSignal;
  /** Sends a clone of `progress` to the caller of `ZoneThread.run`. */
  progress: (progress: Progress) => void;
}

/**
 * The work of a job, the default export of its module. Input, output and progress are cloned between the threads; shared
 * memory in them is shared. Work of more than some 20 ms lets other jobs run in between: `await` of a `setImmediate`.
 */
export type ZoneWork<Input, Output, Progress = never> = (
  input: Input,
  context: JobContext<Progress>,
) => Output | Promise<Output>;

/** A job of the zone thread. */
export interface ZoneJob<Input, Output, Progress = never> {
  /** The path of its module within the package: `'dist/authority/jobs/load.js'`. */
  readonly module: string;
  /** Whether it waits for other servers most of the time. Default: false. */
  readonly waits?: boolean;
  /** Only a type: the default export of the module. */
  readonly work?: ZoneWork<Input, Output, Progress>;
}

/** From the owner's thread to the zone thread. */
export type JobOrder = { kind: 'run'; id: number; href: string; input: unknown } | { kind: 'abort'; id: number };

/** From the zone thread to the owner's thread. */
export type JobReport =
  | { kind: 'progress'; id: number; progress: unknown }
  | { kind: 'done'; id: number; output: unknown }
  | { kind: 'failed'; id: number; error: ReportedError };
