/** Reads zone files that were changed by chance, for long: `npm run fuzz:zones -- --runs 10000000 --seed 1`. */
import { parseArgs } from 'node:util';
import { fuzzZoneTexts } from './zone-texts.js';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
// Errors are many here, and nobody reads where they come from.
Error.stackTraceLimit = 0;
const start = performance.now();
const { accepted, refused, records, longest } = fuzzZoneTexts(Number(values.runs), Number(values.seed));
const seconds = Math.round((performance.now() - start) / 1000);
const memory = Math.round(process.memoryUsage.rss() / 2 ** 20);
console.log(
  `${values.runs} texts: ${accepted} zones with ${records} records, ${refused} errors, in ${seconds} s; ` +
    `the longest took ${Math.round(longest)} ms; ${memory} MiB`,
);
