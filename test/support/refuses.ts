/** Tests that a directive refuses what it should. */
import assert from 'node:assert/strict';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import 'multisocket';

/** The lines of a directive in a block that begins on line 1, the line of the fault, and what follows `parsing: `. */
export function refuses(faults: readonly [text: string, line: number, message: string][]): void {
  for (const [text, line, message] of faults) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const name = /^\w+/.exec(text)?.[0] ?? '';
      assert.throws(() => loadCorefile(`. {\n${text}\n}`), {
        code: 'ERR_MULTISOCKET_COREFILE',
        line,
        message: `plugin/${name}: Corefile:${line} - Error during parsing: ${message}`,
      });
    });
  }
}
