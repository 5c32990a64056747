import type { Alias, ZoneAnswer } from './zone-answer.js';

/** The most answers that are kept. */
const MOST = 16_384;

/** Answers that were asked for before, by type and by a key. When there are too many, all are forgotten. */
export class KeptAnswers<Key> {
  readonly #byType = new Map<string, Map<Key, ZoneAnswer | Alias>>();
  #count = 0;

  get(type: string, key: Key): ZoneAnswer | Alias | undefined {
    return this.#byType.get(type)?.get(key);
  }

  /** Keeps an answer that is not kept yet, and returns it. */
  keep(type: string, key: Key, answer: ZoneAnswer | Alias): ZoneAnswer | Alias {
    if (this.#count === MOST) {
      this.#byType.clear();
      this.#count = 0;
    }
    this.#count++;
    const answers = this.#byType.get(type);
    if (answers === undefined) this.#byType.set(type, new Map([[key, answer]]));
    else answers.set(key, answer);
    return answer;
  }
}
