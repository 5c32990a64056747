import type { Corefile } from '../corefile/corefile.js';
import type { OwnerDirective } from '../corefile/directive.js';
import { knownDirectives } from '../corefile/registry.js';
import type { QueryLogEntry } from '../message/query-log-entry.js';
import { Router } from './router.js';

/** A directive of a server block: its name, and the index of the block's configuration among those of its name. */
interface Use {
  name: string;
  use: number;
}

/** Gives the entries of the query log to the directives of their server blocks. */
export class DirectiveLog {
  /** Whether directives need whole messages; undefined: none needs the log. */
  readonly wanted: { messages: boolean } | undefined;
  readonly #router: Router<readonly Use[]>;

  constructor({ blocks, addresses }: Pick<Corefile, 'blocks' | 'addresses'>) {
    const counts = new Map<string, number>();
    const wanted: { messages: boolean }[] = [];
    const uses = blocks.map(({ directives }) =>
      directives.flatMap(({ name, config }): Use[] => {
        const use = counts.get(name) ?? 0;
        counts.set(name, use + 1);
        const wants = knownDirectives.get(name)?.setup.queryLog?.(config);
        if (wants === undefined) return [];
        wanted.push(wants);
        return [{ name, use }];
      }),
    );
    this.wanted = wanted.length === 0 ? undefined : { messages: wanted.some(({ messages }) => messages) };
    this.#router = new Router(addresses, uses);
  }

  /** `directiveOf`: the running directive with a name. */
  give(entries: readonly QueryLogEntry[], directiveOf: (name: string) => OwnerDirective | undefined): void {
    const lists = new Map<Use, QueryLogEntry[]>();
    for (const entry of entries) {
      const { name, type, local } = entry;
      for (const use of this.#router.find({ local, key: name.toLowerCase(), type }) ?? []) {
        const list = lists.get(use);
        if (list === undefined) lists.set(use, [entry]);
        else list.push(entry);
      }
    }
    for (const [{ name, use }, list] of lists) directiveOf(name)?.logged?.(list, use);
  }
}
