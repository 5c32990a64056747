import type { CodedError } from '../errors.js';

/** Milliseconds after a report for which others with its code are only counted. */
const INTERVAL = 1000;

interface Recent {
  timer: NodeJS.Timeout;
  suppressed: number;
  make: () => CodedError;
}

/**
 * Passes on the first error of each code at once, and after that at most one a second with the number of errors since.
 * A handler that fails under load so cannot flood its own reports.
 */
export class Reporter {
  readonly #emit: (error: CodedError) => void;
  readonly #recent = new Map<string, Recent>();

  constructor(emit: (error: CodedError) => void) {
    this.#emit = emit;
  }

  /** `make` is called only if the error is passed on: errors are expensive. */
  report(code: string, make: () => CodedError): void {
    const recent = this.#recent.get(code);
    if (recent === undefined) {
      this.#pass(code, make());
    } else {
      recent.suppressed++;
      recent.make = make;
    }
  }

  /** Passes on the pending reports. */
  close(): void {
    for (const recent of this.#recent.values()) {
      clearTimeout(recent.timer);
      if (recent.suppressed > 0) this.#emit(summary(recent));
    }
    this.#recent.clear();
  }

  #pass(code: string, error: CodedError): void {
    this.#emit(error);
    const timer = setTimeout(() => {
      const recent = this.#recent.get(code);
      this.#recent.delete(code);
      if (recent !== undefined && recent.suppressed > 0) this.#pass(code, summary(recent));
    }, INTERVAL).unref();
    this.#recent.set(code, { timer, suppressed: 0, make: () => error });
  }
}

function summary({ suppressed, make }: Recent): CodedError {
  const error = make();
  if (suppressed > 1) error.message += ` (and ${suppressed - 1} more like it within ${INTERVAL} ms)`;
  return error;
}
