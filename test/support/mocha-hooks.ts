import { existsSync, readFileSync } from 'node:fs';

/**
 * Root hooks of mocha. A test that fails leaves open what it had opened, which would keep the process alive for ever; one
 * that passes has to close everything, and a run without failures is left to end by itself.
 */
let failed = false;

export const mochaHooks = {
  afterEach(this: Mocha.Context): void {
    failed ||= this.currentTest?.isFailed() ?? false;
  },
  afterAll(): void {
    if (failed) setTimeout(() => process.exit(1), 2000).unref();
  },
};

/** Linux: user and system time of this process and of its children that have ended, in hundredths of a second. */
const STAT = '/proc/self/stat';

// For `scripts/test.js`.
process.on('exit', () => {
  if (!existsSync(STAT)) return;
  const fields = readFileSync(STAT, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')
    .slice(11, 15)
    .map(Number);
  console.log(`CPU time: ${fields.reduce((sum, ticks) => sum + ticks) / 100} s`);
});
