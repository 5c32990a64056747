/** What `acl` counts for `prometheus`: queries by what was done with them. */
import type { WorkerRuntime } from '../../corefile/directive.js';
import type { MetricSample } from '../../corefile/metric-sample.js';
import { withLastDot } from '../../dns/zone-name.js';
import type { Query } from '../../message/query.js';

/** What is done with a query: let through; REFUSED; an empty NOERROR; nothing. */
export type Action = keyof typeof NAMES;

const NAMES = { allow: 'allowed', block: 'blocked', filter: 'filtered', drop: 'dropped' } as const;

/** The counts of a worker. */
export class AclCounts {
  readonly #serverOf: WorkerRuntime['serverOf'];
  #samples = new Map<string, MetricSample & { value: { type: 'counter' } }>();

  constructor({ serverOf }: Pick<WorkerRuntime, 'serverOf'>) {
    this.#serverOf = serverOf;
  }

  /** Counts a query. `zone`: that of the rule which decided, as a query's `key`. */
  add(query: Query, action: Action, zone: string): void {
    const server = this.#serverOf(query);
    const key = `${action} ${server} ${action === 'allow' ? '' : zone}`;
    const known = this.#samples.get(key);
    if (known !== undefined) {
      known.value.number++;
      return;
    }
    // As in CoreDNS, queries that are let through are not told apart by zone.
    const labels = action === 'allow' ? { server, view: '' } : { server, zone: withLastDot(zone), view: '' };
    const name = `acl_${NAMES[action]}_requests_total`;
    const help = `Counter of DNS requests being ${NAMES[action]}.`;
    this.#samples.set(key, { name, help, labels, value: { type: 'counter', number: 1 } });
  }

  /** What was counted since this was last called. */
  take(): MetricSample[] {
    const samples = [...this.#samples.values()];
    this.#samples = new Map();
    return samples;
  }
}
