import { RE2JS } from 're2js';

/** CoreDNS's limit. */
const MAX_LENGTH = 10_000;

/** The result of a match. */
export interface Match {
  /** The whole match, then each group in order; a group that did not take part is empty. */
  groups: readonly string[];
  /** The groups that have a name. */
  named: ReadonlyMap<string, string>;
}

/**
 * A regular expression of a Corefile, in Go's syntax (https://pkg.go.dev/regexp/syntax), which is RE2's. The time of a
 * match grows only with the length of the text, whatever the expression.
 */
export class RegularExpression {
  readonly source: string;
  readonly #compiled: RE2JS;

  /** Throws `Error` for an invalid expression, in Go's words, and `RangeError` for one of more than 10,000 octets. */
  constructor(source: string) {
    const length = Buffer.byteLength(source);
    if (length > MAX_LENGTH) throw new RangeError(`regex pattern too long: ${length} > ${MAX_LENGTH}`);
    this.source = source;
    this.#compiled = RE2JS.compile(source);
  }

  /** The number of groups, without the whole match. */
  get groupCount(): number {
    return this.#compiled.groupCount();
  }

  /** Whether any substring of `text` matches. */
  test(text: string): boolean {
    return this.#compiled.test(text);
  }

  /** The first match in `text`; undefined if there is none. */
  match(text: string): Match | undefined {
    // Most names do not match, and a test costs less than the search for groups.
    if (!this.#compiled.test(text)) return undefined;
    const found = this.#compiled.matcher(text);
    found.find();
    const groups = Array.from({ length: found.groupCount() + 1 }, (_, group) => found.group(group) ?? '');
    const named = Object.entries(this.#compiled.namedGroups());
    return { groups, named: new Map(named.map(([name, group]) => [name, groups[group]])) };
  }
}

/**
 * Returns `text`, a name, with the groups of `match` in place of `{0}`, `{1}` and so on; a number without a group
 * stays. A group is only part of the name: a backslash in it without a complete escape stands for itself.
 */
export function fillGroups(text: string, { groups }: Match): string {
  return text.replaceAll(/\{(0|[1-9]\d*)\}/g, (reference, number: string) => {
    const group = groups.at(Number(number));
    return group === undefined
      ? reference
      : group.replaceAll(/\\(?:\d{3}|\D)|\\/g, (part) => (part === '\\' ? '\\\\' : part));
  });
}
