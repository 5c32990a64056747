/**
 * Builds the C++ tests of the answer cache, of the view of messages and of zones, and runs them: plain, under AddressSanitizer and
 * UndefinedBehaviorSanitizer, and, where threads are at work, under ThreadSanitizer. `npm run soak:cache` runs the test
 * with threads for long.
 */
import { runsChecks } from '../support/native-programs.js';

describe('native code, by its own tests', () => {
  for (const sanitizers of ['none', 'address,undefined']) {
    it(`passes the tests of the answer cache (sanitizers: ${sanitizers})`, () =>
      runsChecks('answer_cache_test', sanitizers, 100_000)).timeout(120_000);

    it(`passes the tests of the view of a message (sanitizers: ${sanitizers})`, () =>
      runsChecks('message_view_test', sanitizers, 12)).timeout(120_000);

    it(`passes the tests of the answers of zones (sanitizers: ${sanitizers})`, () =>
      runsChecks('zone_table_test', sanitizers, 80)).timeout(120_000);
  }

  for (const sanitizers of ['thread', 'address,undefined']) {
    it(`gives threads that share a cache whole replies to what they asked (sanitizers: ${sanitizers})`, () =>
      runsChecks('answer_cache_threads_test', sanitizers, 400)).timeout(120_000);
  }

  it('lets a reader of the cache write nothing, and wait for no thread that has lost its CPU', function () {
    if (process.platform !== 'linux') this.skip(); // where memory can be mapped twice
    return runsChecks('answer_cache_readers_test', 'none', 14_000);
  }).timeout(120_000);
});
