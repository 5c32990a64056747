import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { tunePage } from '../../dist/tune/page.js';
import { tune, type TuneResult } from '../../dist/tune/tune.js';
import { ChromiumPage } from '../support/chromium.js';

const handler = fileURLToPath(new URL('../server/fixtures/burning.js', import.meta.url));

/** The contrast ratio of an element's colour and its background (WCAG 2.2). */
const CONTRAST = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = (color) => {
    const [red, green, blue] = channels(color);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const paper = luminance(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('p, td, th, figcaption, svg text, strong')].map((element) => {
    const style = getComputedStyle(element);
    const ink = luminance(element.tagName === 'text' ? style.fill : style.color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  }).reduce((least, ratio) => Math.min(least, ratio));
})()`;

/** The page with figures of a large machine in the first row of its table. */
function withLongNumbers(page: string): string {
  const long = ['1,024', '1,234,567', '1,234,567', '1,234,567', '100 %', '123.4', '64.00', '64.00', '12.34', '123.45'];
  const row = [...long, '1,234.56', '123,456', '123,456', '64.00', '12,345.6'].map((text) => `<td>${text}</td>`);
  return page.replace(/<tbody>/, `<tbody><tr>${row.join('')}</tr>`);
}

describe('the report of tune in a browser', function () {
  this.timeout(120_000);
  let directory: string;
  let result: TuneResult;
  let page: ChromiumPage;
  let url: string;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    result = await tune({ source: { handler }, sockets: [1, 2], repeats: 2, duration: 200 });
    const file = join(directory, 'tune.html');
    writeFileSync(file, await tunePage(result).then(withLongNumbers));
    url = pathToFileURL(file).href;
    page = await ChromiumPage.open();
  });
  after(async () => {
    await page.close();
    rmSync(directory, { recursive: true });
  });

  for (const width of [1280, 400]) {
    for (const scheme of ['light', 'dark'] as const) {
      it(`is drawn and can be read, ${width} pixels wide, ${scheme}`, async () => {
        await page.show(url, width, scheme);
        assert.deepEqual(page.complaints, []);
        assert.equal(await page.evaluate('innerWidth'), width);
        assert.equal(await page.evaluate('matchMedia("(prefers-color-scheme: dark)").matches'), scheme === 'dark');
        assert.ok(((await page.evaluate('document.documentElement.scrollWidth')) as number) <= width);
        const widths = (await page.evaluate(
          '[...document.querySelectorAll("svg")].map((svg) => svg.getBoundingClientRect().width)',
        )) as number[];
        assert.equal(widths.length, 6);
        const table = '(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector(".wide"))';
        // All columns are there at once where the page is wide, with as long numbers as there may be.
        if (width === 1280) assert.equal(await page.evaluate(table), 0);
        // Not made smaller than they were drawn, so that their letters keep their size.
        assert.ok(
          widths.every((drawn) => drawn > 250 && drawn < width),
          widths.join(),
        );
        const bars = await page.evaluate('document.querySelectorAll("svg .mark-rect path").length');
        assert.equal(bars, 5 * 2 + 2, 'five charts of two bars, and two lines of what CPU there is');
        assert.ok(((await page.evaluate(CONTRAST)) as number) >= 4.5);
        assert.equal((await page.screenshot()).toString('latin1', 1, 4), 'PNG');
      });
    }
  }

  it('shows text as text, whatever a file is called', async () => {
    const html = await tunePage({ ...result, server: 'dns/<script>alert(1)&"' });
    assert.ok(!html.includes('<script') && html.includes('How many sockets for &lt;script&gt;alert(1)&amp;&quot;<'));
  });
});
