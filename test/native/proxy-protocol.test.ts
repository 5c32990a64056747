/** Builds the C++ tests of headers of the PROXY protocol and runs them, under sanitizers. */
import { runsChecks } from '../support/native-programs.js';

describe('headers of the PROXY protocol, by their own tests', () => {
  for (const sanitizers of ['none', 'address,undefined']) {
    it(`are read, and believed from proxies alone (sanitizers: ${sanitizers})`, () =>
      runsChecks('proxy_protocol_test', sanitizers, 700)).timeout(240_000);
  }
});
