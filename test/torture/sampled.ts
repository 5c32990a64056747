/** Figures that are looked at again and again. */
import { setTimeout as wait } from 'node:timers/promises';

/** Takes a sample at once and then every `interval` ms, for `duration` ms; returns all and the highest. */
export async function sampled(
  duration: number,
  look: () => number,
  interval = 100,
): Promise<{ samples: number[]; peak: number }> {
  const samples = [look()];
  for (const end = performance.now() + duration; performance.now() < end;) {
    await wait(interval);
    samples.push(look());
  }
  return { samples, peak: Math.max(...samples) };
}

/** Waits, for `timeout` ms at most, until a figure is no more than `limit`; returns what it is in the end. */
export async function settled(limit: number, timeout: number, look: () => number): Promise<number> {
  for (const end = performance.now() + timeout; look() > limit && performance.now() < end;) await wait(50);
  return look();
}
