/** Builds the C++ tests of cookies and rate limits and runs them, under sanitizers. */
import { runsChecks } from '../support/native-programs.js';

describe('cookies and rate limits, by their own tests', () => {
  for (const sanitizers of ['none', 'address,undefined']) {
    it(`makes and checks cookies as RFC 9018 has them (sanitizers: ${sanitizers})`, () =>
      runsChecks('server_cookies_test', sanitizers, 800)).timeout(120_000);

    it(`keeps accounts (sanitizers: ${sanitizers})`, () => runsChecks('rate_limiter_test', sanitizers, 1000)).timeout(
      120_000,
    );
  }

  for (const sanitizers of ['none', 'thread']) {
    it(`loses no charge between threads, and no cookie (sanitizers: ${sanitizers})`, () =>
      runsChecks('guard_threads_test', sanitizers, 11)).timeout(120_000);
  }
});
