/** Takes the pictures of a report for the documentation. Arguments: the page, and the directory that they go to. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ChromiumPage } from '../support/chromium.js';

const [, , html, directory] = process.argv;
mkdirSync(directory, { recursive: true });
const page = await ChromiumPage.open();
for (const width of [1280, 400]) {
  for (const scheme of ['light', 'dark'] as const) {
    await page.show(pathToFileURL(resolve(html)).href, width, scheme);
    writeFileSync(join(directory, `tune-${width}-${scheme}.png`), await page.screenshot());
  }
}
await page.close();
if (page.complaints.length > 0) throw new Error(page.complaints.join('\n'));
