import { setImmediate } from 'node:timers/promises';

/** Milliseconds of work before other jobs run. */
const SLICE = 20;
/** Milliseconds between reports of progress. */
const TELL_INTERVAL = 2000;

/** Calls a function, but not again within two seconds; the first time two seconds after this call. */
export function nowAndThen<Args extends unknown[]>(tell: (...args: Args) => void): (...args: Args) => void {
  let told = performance.now();
  return (...args) => {
    const now = performance.now();
    if (now - told <= TELL_INTERVAL) return;
    told = now;
    tell(...args);
  };
}

/**
 * Takes all steps of some work; returns its result. Lets other jobs run in between. `tell` gets now and then what a step
 * yields. Throws the reason of `signal` when it is aborted.
 */
export async function takeSteps<Step, Result>(
  steps: Generator<Step, Result>,
  signal: AbortSignal,
  tell: (step: Step) => void,
): Promise<Result> {
  const report = nowAndThen(tell);
  let rested = performance.now();
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) {
    if (performance.now() - rested < SLICE) continue;
    report(step.value);
    await setImmediate();
    if (signal.aborted) steps.return(undefined as never);
    signal.throwIfAborted();
    rested = performance.now();
  }
  return step.value;
}
