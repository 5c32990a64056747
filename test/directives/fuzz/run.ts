/** Fuzzes templates and rewrites for long: `npm run fuzz:text -- --runs 10000000 --seed 1`. */
import { parseArgs } from 'node:util';
import { fuzzTemplates } from './templates.js';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
// Errors are many here, and nobody reads where they come from.
Error.stackTraceLimit = 0;
const start = performance.now();
const { records, failures } = await fuzzTemplates(Number(values.runs), Number(values.seed));
const seconds = Math.round((performance.now() - start) / 1000);
console.log(
  `${values.runs} names: ${records} records of their template's shape, ${failures} SERVFAIL, in ${seconds} s`,
);
