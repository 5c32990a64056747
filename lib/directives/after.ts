/** Runs `work` when `result` is settled: at once unless it is a Promise, so that synchronous answers stay fast. */
export function after(result: void | Promise<void>, work: () => void | Promise<void>): void | Promise<void> {
  return result instanceof Promise ? result.then(work) : work();
}
