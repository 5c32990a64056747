/** Runs `work` when `result` is settled: at once unless it is a Promise, so that synchronous answers stay fast. */
export function after(result: void | Promise<void>, work: () => void): void | Promise<void> {
  if (result instanceof Promise) return result.then(work);
  work();
}
