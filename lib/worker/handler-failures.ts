import { withCode, type CodedError } from '../errors.js';
import { printable } from '../message/printable.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import { workerCounter, type WorkerCounter } from './counters.js';

/** Receives reports of errors. Calls `make` only if the report is passed on. */
export type Report = (code: string, make: () => CodedError) => void;

/** Counts and reports the failures of handlers, and turns their replies into SERVFAIL. There is one for each worker. */
export class HandlerFailures {
  readonly #counters: Float64Array;
  readonly #row: number;
  readonly #report: Report;

  /** `row`: the element of `counters` at which the worker's row starts. */
  constructor(counters: Float64Array, row: number, report: Report) {
    this.#counters = counters;
    this.#row = row;
    this.#report = report;
  }

  /** `code` without `ERR_MULTISOCKET_`; `what` completes the sentence "the handler ... for a.example IN A". */
  fail(counter: WorkerCounter, code: string, what: string, query: Query, reply: Reply, cause?: unknown): void {
    this.#counters[this.#row + workerCounter(counter)] += 1;
    reply.fail('SERVFAIL');
    const fullCode = `ERR_MULTISOCKET_${code}`;
    const { name, class: queryClass, type } = query;
    this.#report(fullCode, () => {
      const reason = cause instanceof Error ? `: ${printable(cause.message)}` : '';
      return withCode(new Error(`the handler ${what} for ${name} ${queryClass} ${type}${reason}`, { cause }), fullCode);
    });
  }
}
