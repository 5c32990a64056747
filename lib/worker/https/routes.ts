import { parsePath, type Segment } from '../../options/paths.js';

/** The parameters of a path, by name. */
export type Parameters = Readonly<Record<string, string>>;

const NONE: Parameters = Object.freeze({});

/** The paths that take requests. */
export class Routes {
  readonly #plain = new Set<string>();
  readonly #patterns: (readonly Segment[])[] = [];

  /** `paths`: valid values of the option `https.paths`. */
  constructor(paths: readonly string[]) {
    for (const path of paths) {
      const segments = parsePath(path);
      if (segments.every(({ parameter }) => parameter === undefined)) this.#plain.add(path);
      else this.#patterns.push(segments);
    }
  }

  /** The parameters of a path in a request. Undefined: no path of the server matches it. */
  match(path: string): Parameters | undefined {
    if (this.#plain.has(path)) return NONE;
    if (this.#patterns.length === 0 || !path.startsWith('/')) return undefined;
    const parts = path.slice(1).split('/');
    for (const segments of this.#patterns) {
      const found = parametersOf(segments, parts);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function parametersOf(segments: readonly Segment[], parts: readonly string[]): Parameters | undefined {
  if (segments.length !== parts.length) return undefined;
  const found: [string, string][] = [];
  for (const [i, { text, parameter }] of segments.entries()) {
    if (parameter === undefined) {
      if (parts[i] !== text) return undefined;
      continue;
    }
    const value = decoded(parts[i]);
    if (value === undefined || value === '') return undefined;
    found.push([parameter, value]);
  }
  return Object.fromEntries(found);
}

/** A segment without its percent-encoding (RFC 3986 s.2.1). Undefined: it does not stand for UTF-8. */
function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
