/** What is in a {@link WaitList}. The list sets these. */
export interface ListEntry {
  before: ListEntry | undefined;
  after: ListEntry | undefined;
  /** Whether it is in the list. */
  listed: boolean;
}

/**
 * Entries in the order in which they were added, any of which can be removed at once.
 *
 * A Set is unsuitable: a Set that grows or is compacted points from its old memory to its new one, so that the memory
 * of all of them, with their contents, survives until the next full garbage collection. A removed entry of this list
 * points nowhere.
 */
export class WaitList<T extends ListEntry> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The oldest entry; undefined if the list is empty. */
  get first(): T | undefined {
    return this.#first;
  }

  /** The newest entry; undefined if the list is empty. */
  get last(): T | undefined {
    return this.#last;
  }

  /** Adds an entry that is in no list at the end. */
  add(entry: T): void {
    entry.before = this.#last;
    entry.listed = true;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    this.#size++;
  }

  /** Removes an entry; false if it is not in the list. */
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
