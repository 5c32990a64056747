/**
 * Builds the C++ tests of the answer cache and of the view of messages and runs them: plain, under AddressSanitizer and
 * UndefinedBehaviorSanitizer, and, where threads are at work, under ThreadSanitizer.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram, runProgram } from '../support/native-programs.js';

describe('native code, by its own tests', () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-native-'));
  });

  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  /** `atLeast`: so many checks stand in the test's code; fewer made would mean that it ended early. */
  function runsChecks(name: string, sanitizers: string, atLeast: number): void {
    const counted = /^(\d+) checks, 0 failures$/m.exec(runProgram(buildProgram(directory, name, sanitizers)));
    assert.ok(counted !== null && Number(counted[1]) >= atLeast, `${name} made ${counted?.[1] ?? 'no'} checks`);
  }

  for (const sanitizers of ['none', 'address,undefined']) {
    it(`passes the tests of the answer cache (sanitizers: ${sanitizers})`, () => {
      runsChecks('answer_cache_test', sanitizers, 100_000);
    }).timeout(120_000);

    it(`passes the tests of the view of a message (sanitizers: ${sanitizers})`, () => {
      runsChecks('message_view_test', sanitizers, 12);
    }).timeout(120_000);
  }

  for (const sanitizers of ['none', 'thread']) {
    it(`gives threads that share a cache whole replies to what they asked (sanitizers: ${sanitizers})`, () => {
      runsChecks('answer_cache_threads_test', sanitizers, 400);
    }).timeout(120_000);
  }
});
