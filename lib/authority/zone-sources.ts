/** Something in the owner's thread that publishes zones: a zone file, a directory, a primary. */
export interface ZoneSource {
  /** Resolves when its zones are loaded, or are waited for. Rejects if the server must not start without them. */
  readonly loaded: Promise<void>;
  /** Looks at once whether `file` has changed, if it is a file of the source. Resolves when that is published. */
  changed?(file: string): Promise<void>;
  /** Ends its work, and forgets its zones. */
  close(): void | Promise<void>;
}

interface Held {
  source: ZoneSource;
  holders: number;
}

/**
 * The sources of zones by key, each once, whoever uses it: several server blocks that name the same file share its zone, and
 * a reload of the Corefile keeps the sources whose key stays.
 *
 * The key says all that decides what a source publishes: the directive and its settings. Directives make the same key of
 * the same configuration in every thread, so that a worker finds the zones of its source.
 */
export class ZoneSources {
  readonly #held = new Map<string, Held>();

  /** The source with this key, made by `make` if there is none. It stays until {@link release} by each that holds it. */
  hold<Source extends ZoneSource>(key: string, make: () => Source): Source {
    let held = this.#held.get(key);
    if (held === undefined) {
      held = { source: make(), holders: 0 };
      this.#held.set(key, held);
    }
    held.holders++;
    return held.source as Source;
  }

  /** Gives a source back. It goes on until {@link settle}: a reload of the Corefile may hold it again, or fail. */
  release(key: string): void {
    const held = this.#held.get(key);
    if (held !== undefined) held.holders--;
  }

  /**
   * Holds several sources, until the result is closed, and waits until they are loaded. `keyOf` gives the key of an option,
   * `make` its source. Resolves with the sources in the order of `wanted`. Rejects with the first error; then none is held.
   */
  async holdAll<Options, Source extends ZoneSource>(
    wanted: readonly Options[],
    keyOf: (options: Options) => string,
    make: (options: Options) => Source,
  ): Promise<{ sources: Source[]; close: () => void }> {
    const close = (): void => {
      for (const options of wanted) this.release(keyOf(options));
    };
    const sources = wanted.map((options) => this.hold(keyOf(options), () => make(options)));
    try {
      await Promise.all(sources.map(({ loaded }) => loaded));
    } catch (error) {
      close();
      throw error;
    }
    return { sources, close };
  }

  /** Tells the sources that a file has changed. Resolves when they have published it. */
  async changed(file: string): Promise<void> {
    await Promise.all(Array.from(this.#held.values(), async ({ source }) => source.changed?.(file)));
  }

  /** Closes the sources that nobody holds. Rejects with the first error, after all are closed. */
  async settle(): Promise<void> {
    const closing: Promise<void>[] = [];
    for (const [key, { source, holders }] of this.#held) {
      if (holders > 0) continue;
      this.#held.delete(key);
      closing.push(Promise.resolve(source.close()));
    }
    for (const result of await Promise.allSettled(closing)) if (result.status === 'rejected') throw result.reason;
  }
}
