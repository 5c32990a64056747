/** Regular expressions as Go writes them (RE2), as far as JavaScript has the same. */
import type { DirectiveReader } from '../../corefile/reader.js';

/**
 * Compiles one: `(?P<name>...)` is `(?<name>...)`, and flags may stand at its start, `(?i)`. Throws the line's error for
 * what JavaScript does not take.
 */
export function compileRegexp(line: DirectiveReader, source: string): RegExp {
  const { pattern, flags } = translate(source);
  try {
    return new RegExp(pattern, flags);
  } catch (error) {
    throw line.error(`could not parse regex: ${source}, ${(error as Error).message}`);
  }
}

function translate(source: string): { pattern: string; flags: string } {
  const [start, letters] = /^\(\?([ims]+)\)/.exec(source) ?? ['', ''];
  const pattern = source
    .slice(start.length)
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\z', '$(?![^])')
    .replaceAll('\\A', '(?<![^])');
  return { pattern, flags: letters };
}
