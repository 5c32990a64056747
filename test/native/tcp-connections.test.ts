/** Builds the C++ tests of connections for DNS over TCP and runs them, under sanitizers. */
import { runsChecks } from '../support/native-programs.js';

describe('connections for DNS over TCP, by their own tests', () => {
  for (const sanitizers of ['none', 'address,undefined']) {
    it(`take queries and send replies (sanitizers: ${sanitizers})`, () =>
      runsChecks('tcp_connections_test', sanitizers, 120)).timeout(240_000);

    it(`end in time and leave nothing (sanitizers: ${sanitizers})`, () =>
      runsChecks('tcp_ends_test', sanitizers, 140)).timeout(240_000);

    it(`stream replies of several messages (sanitizers: ${sanitizers})`, () =>
      runsChecks('tcp_streams_test', sanitizers, 23)).timeout(240_000);
  }
});
