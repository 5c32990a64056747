/**
 * Entries in the order in which they were added, any of which can be taken out at once.
 *
 * It is no Set because of what Sets cost here: a Set that is grown or tidied points from its old memory to its new one, so
 * that the memory of all of them, with what was in it, survives until the next full garbage collection. An entry that is
 * taken out of this list points nowhere any more.
 */

/** What is in a {@link WaitList}. The list sets these. */
export interface ListEntry {
  before: ListEntry | undefined;
  after: ListEntry | undefined;
  /** Whether it is in the list. */
  listed: boolean;
}

/** See the file's head. */
export class WaitList<T extends ListEntry> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The one that was added before all others; undefined when there is none. */
  get first(): T | undefined {
    return this.#first;
  }

  /** Adds an entry that is in no list at its end. */
  add(entry: T): void {
    entry.before = this.#last;
    entry.listed = true;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    this.#size++;
  }

  /** Takes an entry out; false when it is not in. */
  delete(entry: T): boolean {
    if (!entry.listed) return false;
    const before = entry.before as T | undefined;
    const after = entry.after as T | undefined;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    entry.before = entry.after = undefined;
    entry.listed = false;
    this.#size--;
    return true;
  }
}
