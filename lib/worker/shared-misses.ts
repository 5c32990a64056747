/** How long a released question is remembered in milliseconds: longer than a batch, and long enough to be worth it. */
const KEPT_FOR = 100;
const NOT_KEPT_FOR = 5000;

/** Questions that can be under way or remembered at a time, a power of two. Others are not shared. */
const WORDS = 4096;
const SLOT_BITS = 12;

/** A word has, from its high bits on, a state, the rest of a question's number, and the time at which it expires. */
const STATE_SHIFT = 30;
const TAG_SHIFT = 16;
const TAG_MASK = 0x3fff << TAG_SHIFT;
const TIME_MASK = 0xffff;
/** Milliseconds in a unit of the time, which wraps around after some nine minutes. */
const UNIT = 8;

const state = { free: 0, running: 1, kept: 2, notKept: 3 } as const;
type State = (typeof state)[keyof typeof state];

/** What the workers of a {@link SharedMisses} share. It can be cloned into them. */
export interface MissMemory {
  words: SharedArrayBuffer;
  /** Milliseconds that a query may wait for the answer to another one. 1 to `MAX_SHARE_MISSES` of `lib/options/cache.ts`. */
  longest: number;
}

/** The memory for all workers with one cache. */
export function missMemory(longest: number): MissMemory {
  return { words: new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT), longest };
}

/**
 * The questions that handlers of all workers are answering, for a cache: the same question that is asked meanwhile waits
 * for that answer. There is one object for each worker.
 *
 * No thread blocks, and nothing has to be cleaned up after a worker that has ended: a word expires. Words of different
 * questions with the same number cost a wait, and no wrong answer, since the cache compares whole questions.
 */
export class SharedMisses {
  readonly #words: Int32Array;
  readonly #longest: number;
  /** The end of each word for which queries of this worker wait. */
  readonly #waits = new Map<number, Promise<void>>();

  constructor({ words, longest }: MissMemory) {
    this.#words = new Int32Array(words);
    this.#longest = longest;
  }

  /**
   * Called for a query that the cache does not answer; `question`: its `AnswerCache.question`. Returns a Promise if the
   * query should look into the cache again when that resolves, and call the handler if there is still no answer. It
   * resolves within the longest wait. Otherwise the query calls the handler at once. If the number is not 0, the caller
   * must {@link release} this claim, or else others wait until it expires.
   */
  take(question: number): number | Promise<void> {
    if (question < 0) return 0;
    const slot = question % WORDS;
    const tag = (question >>> SLOT_BITS) << TAG_SHIFT;
    const word = Atomics.load(this.#words, slot);
    const now = this.#left(word) > 0 ? word >>> STATE_SHIFT : state.free;
    if (now !== state.free && (word & TAG_MASK) === tag) {
      if (now === state.notKept) return 0;
      return now === state.kept ? Promise.resolve() : this.#end(slot, word);
    }
    if (now === state.running) return 0;
    const claim = pack(state.running, tag, this.#longest);
    if (Atomics.compareExchange(this.#words, slot, word, claim) === word) return claim;
    return this.take(question); // another worker was faster
  }

  /**
   * Ends a claim of {@link take}, unless it has ended. `kept`: whether the cache has an answer for all who ask the same.
   * If not, the question is not shared for a while.
   */
  release(question: number, claim: number, kept: boolean): void {
    const slot = question % WORDS;
    const word = kept
      ? pack(state.kept, claim & TAG_MASK, KEPT_FOR)
      : pack(state.notKept, claim & TAG_MASK, NOT_KEPT_FOR);
    if (Atomics.compareExchange(this.#words, slot, claim, word) === claim) Atomics.notify(this.#words, slot);
  }

  /** Resolves when a word changes or expires. */
  #end(slot: number, word: number): Promise<void> {
    const key = slot * 2 ** 32 + (word >>> 0);
    let end = this.#waits.get(key);
    if (end === undefined) {
      const { value } = Atomics.waitAsync(this.#words, slot, word, this.#left(word));
      end = Promise.resolve(value).then(() => {
        this.#waits.delete(key);
      });
      this.#waits.set(key, end);
    }
    return end;
  }

  /** Milliseconds until a word expires; 0: it has, or it is from an earlier period of the time. */
  #left(word: number): number {
    const left = ((word - time()) & TIME_MASK) * UNIT;
    return left <= Math.max(this.#longest, NOT_KEPT_FOR) + UNIT ? left : 0;
  }
}

function pack(to: State, tag: number, milliseconds: number): number {
  return (to << STATE_SHIFT) | tag | ((time() + Math.ceil(milliseconds / UNIT)) & TIME_MASK);
}

/** The same in all threads. */
function time(): number {
  return Math.floor(Date.now() / UNIT) & TIME_MASK;
}
