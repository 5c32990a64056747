/** Reports of handlers that fail, thinned so that a failing handler under load does not drown its own report. */
import type { CodedError } from '../errors.js';

/** How long after a report others with its code are only counted, in milliseconds. */
const INTERVAL = 1000;

interface Recent {
  timer: NodeJS.Timeout;
  suppressed: number;
  make: () => CodedError;
}

/** Passes on the first error of each code at once, and after that at most one a second with how many there were. */
export class Reporter {
  readonly #emit: (error: CodedError) => void;
  readonly #recent = new Map<string, Recent>();

  constructor(emit: (error: CodedError) => void) {
    this.#emit = emit;
  }

  /** `make` is called only when the error is passed on: errors are dear. */
  report(code: string, make: () => CodedError): void {
    const recent = this.#recent.get(code);
    if (recent === undefined) {
      this.#pass(code, make());
    } else {
      recent.suppressed++;
      recent.make = make;
    }
  }

  /** Passes on what was held back. */
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
