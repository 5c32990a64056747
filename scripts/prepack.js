// Before `npm pack` and `npm publish`: a package has all binaries, and a dist/ that is made from this lib/. npm runs the
// script `prepare` next, which builds it.
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { binaries } from './prebuild.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const missing = binaries().filter((file) => !existsSync(root + file));
if (missing.length > 0) {
  console.error(`The package would lack ${missing.join(', ')}. Make them by: npm run build:prebuilds`);
  process.exit(1);
}
rmSync(`${root}dist`, { recursive: true, force: true });
