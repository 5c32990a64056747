/** `npm run oracle:adapters`: prints what differs, by library. `-- --count N --seed N`. */
import { parseArgs } from 'node:util';
import { compare } from './compare.js';
import { libraries } from './peers.js';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});

for (const library of libraries) {
  const { equal, rows, open } = await compare(library, Number(values.count), Number(values.seed));
  console.log(`${library.name}: ${equal} of ${values.count} equal`);
  for (const [row, count] of rows) console.log(`  ${count}  ${row}`);
  for (const each of open.slice(0, 5)) console.log(`  open  ${each}`);
  if (open.length > 0) {
    console.log(`  ${open.length} open`);
    process.exitCode = 1;
  }
}
