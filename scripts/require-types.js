// Types for `require('multisocket')`: copies of the declarations, in a folder that says that they are of CommonJS.
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const copies = join(dist, 'require');
const staging = join(dist, '../build-types');

rmSync(copies, { recursive: true, force: true });
const isNeeded = (path) => !/\.\w+$/.test(path) || path.endsWith('.d.ts');
cpSync(dist, staging, { recursive: true, filter: isNeeded });
cpSync(staging, copies, { recursive: true });
rmSync(staging, { recursive: true });
writeFileSync(join(copies, 'package.json'), '{ "type": "commonjs" }\n');
