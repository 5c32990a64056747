/** Compares and replaces names. */
import { fillGroups, RegularExpression } from '../../corefile/regular-expression.js';
import type { NamePattern } from './rules.js';

/** A compiled {@link NamePattern}. Names are in lower case, with the last dot. */
export class NameMatcher {
  readonly #pattern: NamePattern;
  readonly #expression: RegularExpression | undefined;

  constructor(pattern: NamePattern) {
    this.#pattern = pattern;
    if (pattern.kind === 'regex') this.#expression = new RegularExpression(pattern.from);
  }

  matches(name: string): boolean {
    return this.rename(name, '') !== undefined;
  }

  /** The name with `to` in place of the match; undefined without a match. */
  rename(name: string, to: string): string | undefined {
    const { kind, from } = this.#pattern;
    switch (kind) {
      case 'exact':
        return name === from ? to : undefined;
      case 'prefix':
        return name.startsWith(from) ? to + name.slice(from.length) : undefined;
      case 'suffix':
        return name.endsWith(from) ? name.slice(0, name.length - from.length) + to : undefined;
      case 'substring':
        return name.includes(from) ? name.split(from).join(to) : undefined;
      case 'regex': {
        const match = this.#expression?.match(name);
        return match === undefined ? undefined : fillGroups(to, match);
      }
    }
  }
}
