/**
 * Runs threads that share a cache for long, under each sanitizer: `npm run soak:cache -- --lookups 100000000`. They look
 * up, store, clear and evict, and end in the middle of a batch.
 */
import { parseArgs } from 'node:util';
import { buildProgram, runProgram } from '../support/native-programs.js';

const { values } = parseArgs({ options: { lookups: { type: 'string', default: '100000000' } } });
for (const sanitizers of ['thread', 'address,undefined']) {
  const program = await buildProgram('answer_cache_threads_test', sanitizers, '-O2');
  const start = performance.now();
  const output = runProgram(program, [values.lookups]).trim(); // fails on any report
  console.log(`${sanitizers}: ${Math.round((performance.now() - start) / 1000)} s\n${output}`);
}
