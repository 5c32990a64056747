import type { WorkerRuntime } from '../../corefile/directive.js';
import type { MetricSample } from '../../corefile/metric-sample.js';
import { withLastDot } from '../../dns/names.js';
import type { Query } from '../../message/query.js';

/** The actions: pass the query on, REFUSED, an empty NOERROR, no answer. */
export type Action = keyof typeof NAMES;

const NAMES = { allow: 'allowed', block: 'blocked', filter: 'filtered', drop: 'dropped' } as const;

/** The counts of `acl` in a worker for `prometheus`: queries by action. */
export class AclCounts {
  readonly #serverOf: WorkerRuntime['serverOf'];
  #samples = new Map<string, MetricSample & { value: { type: 'counter' } }>();

  constructor({ serverOf }: Pick<WorkerRuntime, 'serverOf'>) {
    this.#serverOf = serverOf;
  }

  /** Counts a query. `zone`: that of the deciding rule, as a query's `key`. */
  add(query: Query, action: Action, zone: string): void {
    const server = this.#serverOf(query);
    const key = `${action} ${server} ${action === 'allow' ? '' : zone}`;
    const known = this.#samples.get(key);
    if (known !== undefined) {
      known.value.number++;
      return;
    }
    // As in CoreDNS, allowed queries are not counted by zone.
    const labels = action === 'allow' ? { server, view: '' } : { server, zone: withLastDot(zone), view: '' };
    const name = `acl_${NAMES[action]}_requests_total`;
    const help = `Counter of DNS requests being ${NAMES[action]}.`;
    this.#samples.set(key, { name, help, labels, value: { type: 'counter', number: 1 } });
  }

  /** Returns the counts since the last call. */
  take(): MetricSample[] {
    const samples = [...this.#samples.values()];
    this.#samples = new Map();
    return samples;
  }
}
