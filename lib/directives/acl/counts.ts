import type { WorkerRuntime } from '../../corefile/directive.js';
import { withLastDot } from '../../dns/names.js';
import type { Query } from '../../message/query.js';
import { Counters } from '../counters.js';

/** The actions: pass the query on, REFUSED, an empty NOERROR, no answer. */
export type Action = keyof typeof NAMES;

const NAMES = { allow: 'allowed', block: 'blocked', filter: 'filtered', drop: 'dropped' } as const;

/** The counts of `acl` in a worker for `prometheus`: queries by action. */
export class AclCounts extends Counters {
  readonly #serverOf: WorkerRuntime['serverOf'];

  constructor({ serverOf }: Pick<WorkerRuntime, 'serverOf'>) {
    super();
    this.#serverOf = serverOf;
  }

  /** Counts a query. `zone`: that of the deciding rule, as a query's `key`. */
  count(query: Query, action: Action, zone: string): void {
    const server = this.#serverOf(query);
    // As in CoreDNS, allowed queries are not counted by zone.
    const labels = action === 'allow' ? { server, view: '' } : { server, zone: withLastDot(zone), view: '' };
    this.add(`acl_${NAMES[action]}_requests_total`, `Counter of DNS requests being ${NAMES[action]}.`, labels);
  }
}
