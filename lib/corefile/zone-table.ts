/** Zones by name, each with its value, such as the server block that serves it. */
export class ZoneTable<T> {
  readonly #zones: ReadonlyMap<string, T>;
  readonly #hasOnlyRoot: boolean;

  /** Names are in the form of a query's `key`: lower case, no last dot, the root as `.`. */
  constructor(zones: Iterable<readonly [string, T]>) {
    this.#zones = new Map(zones);
    this.#hasOnlyRoot = this.#zones.size === 1 && this.#zones.has('.');
  }

  /**
   * Finds the value for a name: that of the zone with its longest suffix (RFC 1034 s.4.3.2). DS records belong to the
   * parent's side of a zone cut (RFC 4035 s.3.1.4.1), so a query for them goes to the longest zone above the name, if
   * there is one. The root does not count as such a zone: as a catch-all it would disclose names that are served here.
   * Undefined if no zone matches: REFUSED.
   *
   * `key` and `type` are the query's.
   */
  find(key: string, type: string): T | undefined {
    // The root alone matches every name.
    if (this.#hasOnlyRoot) return this.#zones.get('.');
    const own = this.#longest(key, 0);
    if (type !== 'DS' || !this.#zones.has(key)) return own ?? this.#zones.get('.');
    return this.#longest(key, nextLabel(key, 0)) ?? own;
  }

  /** The longest zone, except the root, that contains the name from `at` on. */
  #longest(key: string, at: number): T | undefined {
    for (let label = at; label < key.length; label = nextLabel(key, label)) {
      const found = this.#zones.get(label === 0 ? key : key.slice(label));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** The index at which the label after the one at `at` starts; the name's length if there is none. */
function nextLabel(key: string, at: number): number {
  for (let i = at; i < key.length; i++) {
    if (key[i] === '\\') i++;
    else if (key[i] === '.') return i + 1;
  }
  return key.length;
}
