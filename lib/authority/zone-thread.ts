import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { withCode } from '../errors.js';
import type { Logger } from '../message/handler.js';
import { packageFile } from '../native/package-files.js';
import { fromReported } from '../worker/messages.js';
import type { JobOrder, JobReport, ZoneJob } from './zone-job.js';

/** The most jobs at work at a time. More would need more memory and take as long. */
const MAX_RUNNING = 4;
/** The most jobs at a time that wait for others: they need little work, and must not hold up the jobs that do. */
const MAX_WAITING = 10;
/** The thread ends after this many milliseconds without a job, and gives back its memory. */
const IDLE_TIME = 1000;
/** Zones are in shared memory and do not count; what counts is mainly the text of a zone file. */
const MAX_HEAP_MIB = 4096;

/** Options of {@link ZoneThread.run}. */
export interface RunOptions<Progress> {
  /** Ends the job; the call rejects with the reason. */
  signal?: AbortSignal | undefined;
  /** Receives what the job tells. */
  onProgress?: (progress: Progress) => void;
}

interface Job {
  id: number;
  order: JobOrder;
  /** {@link ZoneJob.waits}. */
  waits: boolean;
  /** Whether it must not run once more: a thread has died of it or with it, or nobody wants it. */
  retried: boolean;
  onProgress: (progress: unknown) => void;
  resolve: (output: unknown) => void;
  reject: (error: Error) => void;
}

/**
 * The thread for work on whole zones: reading files, transfers, differences, signatures. No thread that serves does such
 * work. It is started when there is a job, and ends some time after the last one.
 *
 * Jobs run in the order of the calls, four at most at a time, and ten of those that wait for others. If the thread dies, its jobs run once more in a new one.
 */
export class ZoneThread {
  readonly #logger: Logger;
  readonly #waiting: Job[] = [];
  readonly #running = new Map<number, Job>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #count = 0;
  #closed = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Runs a job; resolves with its output. Rejects with the error of the job (name, message, code and cause), the reason of
   * `signal`, `ERR_MULTISOCKET_ZONE_THREAD` if the thread has died twice, or `ERR_MULTISOCKET_CLOSED` after {@link close}.
   */
  run<Input, Output, Progress>(
    { module, waits = false }: ZoneJob<Input, Output, Progress>,
    input: Input,
    { signal, onProgress }: RunOptions<Progress> = {},
  ): Promise<Output> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw closedError();
      signal?.throwIfAborted();
      const id = this.#count++;
      const end = (act: () => void): void => {
        signal?.removeEventListener('abort', abort);
        act();
      };
      const abort = (): void => {
        this.#abort(job);
        reject(signal?.reason as Error);
      };
      const job: Job = {
        id,
        order: { kind: 'run', id, href: pathToFileURL(packageFile(module)).href, input },
        waits,
        retried: false,
        onProgress: (progress) => onProgress?.(progress as Progress),
        resolve: (output) => {
          end(() => {
            resolve(output as Output);
          });
        },
        reject: (error) => {
          end(() => {
            reject(error);
          });
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push(job);
      this.#next();
    });
  }

  /** Ends the thread. Its jobs reject with `ERR_MULTISOCKET_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of [...this.#running.values(), ...this.#waiting.splice(0)]) job.reject(closedError());
    this.#running.clear();
    await this.#end();
  }

  #next(): void {
    for (let job = this.#takeNext(); job !== undefined; job = this.#takeNext()) {
      clearTimeout(this.#idle);
      this.#running.set(job.id, job);
      this.#worker ??= this.#start();
      // A server that starts waits for its zones: the process must not end meanwhile.
      this.#worker.ref();
      this.#worker.postMessage(job.order);
    }
    if (this.#running.size > 0 || this.#worker === undefined) return;
    this.#worker.unref();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#end(), IDLE_TIME).unref();
  }

  /** The first job for which there is a place; it waits no longer. */
  #takeNext(): Job | undefined {
    const running = [...this.#running.values()];
    const hasPlace = ({ waits }: Job): boolean =>
      running.filter((other) => other.waits === waits).length < (waits ? MAX_WAITING : MAX_RUNNING);
    const index = this.#waiting.findIndex(hasPlace);
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  #start(): Worker {
    const worker = new Worker(packageFile('dist/authority/zone-thread-main.js'), {
      name: 'multisocket zones',
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    });
    let reason: string | undefined;
    worker.on('message', (report: JobReport) => {
      this.#hear(report);
    });
    worker.on('error', (error: Error) => {
      reason = error.message;
    });
    worker.on('exit', (code) => {
      if (this.#worker === worker) this.#onDeath(reason ?? `exit code ${code}`);
    });
    return worker;
  }

  #hear(report: JobReport): void {
    const job = this.#running.get(report.id);
    // Nobody waits for it any more.
    if (job === undefined) return;
    if (report.kind === 'progress') {
      job.onProgress(report.progress);
      return;
    }
    this.#running.delete(report.id);
    if (report.kind === 'done') job.resolve(report.output);
    else job.reject(fromReported(report.error));
    this.#next();
  }

  #abort(job: Job): void {
    const place = this.#waiting.indexOf(job);
    if (place >= 0) this.#waiting.splice(place, 1);
    if (!this.#running.has(job.id)) return;
    // It counts as running until it has stopped.
    job.retried = true;
    this.#worker?.postMessage({ kind: 'abort', id: job.id } satisfies JobOrder);
  }

  #onDeath(reason: string): void {
    this.#worker = undefined;
    const jobs = [...this.#running.values()];
    this.#running.clear();
    const again = jobs.filter(({ retried }) => !retried);
    const text = again.length === 0 ? '' : `: ${again.length} of its jobs run once more`;
    this.#logger.error(`the zone thread ended: ${reason}${text}`);
    for (const job of jobs) {
      if (job.retried) {
        const message = `the zone thread ended twice: ${reason}`;
        job.reject(withCode(new Error(message), 'ERR_MULTISOCKET_ZONE_THREAD'));
      } else job.retried = true;
    }
    this.#waiting.unshift(...again);
    this.#next();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

function closedError(): Error {
  return withCode(new Error('the server was closed'), 'ERR_MULTISOCKET_CLOSED');
}
