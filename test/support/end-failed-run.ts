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
