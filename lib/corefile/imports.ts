/** The files that `import` names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';
import { parsingError, type Position } from './errors.js';

/**
 * The files that match a path or a pattern, in the order of their names; relative to the importing file. In a pattern
 * `*` is any characters of one name and `?` is any one; there may be one of each.
 *
 * Throws a {@link CorefileError} for any other pattern, and if a path without `*` and `?` does not exist. The list is
 * empty if a pattern matches nothing.
 */
export function findImports(pattern: string, at: Position): string[] {
  const path = resolve(dirname(resolve(at.file)), pattern);
  if (path.split('*').length > 2 || path.split('?').length > 2 || (path.includes('[') && path.includes(']'))) {
    throw parsingError(at, `Glob pattern may only contain one wildcard (*), but has others: ${path}`);
  }
  const { root } = parse(path);
  let found = [root];
  for (const segment of path.slice(root.length).split(sep)) {
    found = found.flatMap((directory) => entries(directory, segment).map((name) => join(directory, name)));
  }
  if (found.length === 0 && !isWild(path)) throw parsingError(at, `File to import not found: ${pattern}`);
  return found;
}

/** Reads a file to import. Throws a {@link CorefileError} with the reason in words and as its `cause`. */
export function readImport(path: string, at: Position): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const isDirectory = (cause as NodeJS.ErrnoException).code === 'EISDIR';
    const reason = isDirectory ? 'is a directory' : (cause as Error).message;
    throw Object.assign(parsingError(at, `Could not import ${path}: ${reason}`), { cause });
  }
}

function isWild(segment: string): boolean {
  return /[*?]/.test(segment);
}

/** The names in a directory that a segment of a path matches. */
function entries(directory: string, segment: string): string[] {
  if (!isWild(segment)) return existsSync(join(directory, segment)) ? [segment] : [];
  const literal = (text: string): string => text.replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&');
  const matcher = new RegExp(`^${literal(segment).replace('*', '.*').replace('?', '.')}$`, 'su');
  return names(directory).filter((name) => matcher.test(name));
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    // A path that is not a directory, or is not readable, has no matches, as in glob(7).
    return [];
  }
}
