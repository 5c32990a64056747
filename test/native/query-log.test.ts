/** Builds the C++ test of the query log's ring and runs it, under sanitizers. */
import { runsChecks } from '../support/native-programs.js';

describe('the ring of the query log, by its own tests', () => {
  for (const sanitizers of ['none', 'address,undefined', 'thread']) {
    it(`has whole records in order, and counts those that are lost (sanitizers: ${sanitizers})`, () =>
      runsChecks('query_log_test', sanitizers, 8)).timeout(120_000);
  }
});
