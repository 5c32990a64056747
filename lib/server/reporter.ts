/** Reports of handlers that fail, thinned so that a failing handler under load does not drown its own report. */

/** How long after a report others with its code are only counted, in milliseconds. */
const INTERVAL = 1000;

/** Passes on the first error of each code at once, and after that at most one a second with how many there were. */
export class Reporter {
  readonly #emit: (error: Error) => void;
  readonly #recent = new Map<string, { timer: NodeJS.Timeout; suppressed: number; last: Error }>();

  constructor(emit: (error: Error) => void) {
    this.#emit = emit;
  }

  report(error: Error & { code?: string }): void {
    const code = error.code ?? error.name;
    const recent = this.#recent.get(code);
    if (recent !== undefined) {
      recent.suppressed++;
      recent.last = error;
      return;
    }
    this.#emit(error);
    const timer = setTimeout(() => {
      const { suppressed, last } = this.#recent.get(code) ?? { suppressed: 0, last: error };
      this.#recent.delete(code);
      if (suppressed > 1) last.message += ` (and ${suppressed - 1} more like it in the last second)`;
      if (suppressed > 0) this.report(last);
    }, INTERVAL).unref();
    this.#recent.set(code, { timer, suppressed: 0, last: error });
  }

  /** Passes on what was held back. */
  close(): void {
    for (const { timer, suppressed, last } of this.#recent.values()) {
      clearTimeout(timer);
      if (suppressed > 1) last.message += ` (and ${suppressed - 1} more like it)`;
      if (suppressed > 0) this.#emit(last);
    }
    this.#recent.clear();
  }
}
