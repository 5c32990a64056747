/** What a directive does when the rest of the chain has answered. */

/**
 * Runs `work` when `result` is there: at once unless it is a Promise, so that answers that need no waiting stay as fast
 * as they are.
 */
export function after(result: void | Promise<void>, work: () => void): void | Promise<void> {
  if (result instanceof Promise) return result.then(work);
  work();
}
