/** The options of `auto` in a server block. */
export interface AutoOptions {
  /** The directory's absolute path; undefined: it was not given, and there are no zones. */
  directory: string | undefined;
  /** A file whose name matches is a zone file; in Go's syntax. */
  expression: string;
  /** The zone's name, with the groups of the match in place of `${1}`, `$1`, `${name}`. */
  template: string;
  /** Milliseconds between scans of the directory, at most 2^31 - 1; 0: only the first one. */
  reload: number;
  /** Queries for names outside of these zones go to the next handler, in the form of `Query.key`. */
  origins: readonly string[];
}

/** The key of the source of zones, for `ZoneSources`. */
export function sourceOf({ directory, expression, template, reload }: AutoOptions): string {
  return `auto ${JSON.stringify([directory, expression, template, reload])}`;
}
