/** The paths of DNS over HTTPS: how they are written, and which requests they match. */
import { invalidValue } from '../errors.js';

/** The most paths of a server. */
const MAX_PATHS = 64;
/** The octets of a segment (RFC 3986 s.3.3). */
const SEGMENT = /^(?:[\w.~!$&'()*+,;=@-]|%[\dA-F]{2})(?:[\w.~!$&'()*+,;=:@-]|%[\dA-F]{2})*$/;
const PARAMETER = /^:([A-Za-z_]\w*)$/;

/** A part of a path between slashes: a text, or a parameter with its name. */
export interface Segment {
  readonly text: string;
  /** Undefined: a request has the text. */
  readonly parameter: string | undefined;
}

/** The segments of a path, such as `/dns-query/:client`. Throws `Error` that says what is wrong with it. */
export function parsePath(path: string): readonly Segment[] {
  if (!path.startsWith('/')) throw new Error('a path begins with a slash');
  if (path === '/') return [{ text: '', parameter: undefined }];
  const segments = path
    .slice(1)
    .split('/')
    .map((text) => ({ text, parameter: PARAMETER.exec(text)?.[1] }));
  const wrong = segments.find(({ text, parameter }) => parameter === undefined && !SEGMENT.test(text));
  if (wrong?.text === '') throw new Error('a segment is empty');
  if (wrong !== undefined) throw new Error(`${JSON.stringify(wrong.text)} is neither text of a path nor ":name"`);
  const names = segments.flatMap(({ parameter }) => parameter ?? []);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new Error(`":${twice}" stands twice`);
  return segments;
}

/** Checks the option `https.paths`. Throws `ERR_INVALID_ARG_VALUE`, which names the path. */
export function readPaths(option: string, paths: readonly string[]): readonly string[] {
  if (paths.length === 0 || paths.length > MAX_PATHS)
    throw invalidValue(option, `must have 1 to ${MAX_PATHS} elements`, paths.length);
  const earlier: { path: string; segments: readonly Segment[] }[] = [];
  for (const path of paths) {
    const segments = attempt(option, path);
    const hiding = earlier.find((other) => hides(other.segments, segments));
    if (hiding !== undefined)
      throw invalidValue(option, `has a path that never matches, because "${hiding.path}" comes first`, path);
    earlier.push({ path, segments });
  }
  return paths;
}

function attempt(option: string, path: string): readonly Segment[] {
  try {
    return parsePath(path);
  } catch (error) {
    const reason = `must have paths such as '/dns-query' and '/dns-query/:client': ${(error as Error).message}`;
    throw invalidValue(option, reason, path);
  }
}

/** Whether each request that matches the second path matches the first one. */
function hides(first: readonly Segment[], second: readonly Segment[]): boolean {
  return (
    first.length === second.length &&
    first.every(({ text, parameter }, i) =>
      parameter === undefined ? second[i].parameter === undefined && text === second[i].text : second[i].text !== '',
    )
  );
}
