/** The rules of `acl` in a worker. */
import type { WorkerDirective, WorkerRuntime } from '../../corefile/directive.js';
import { isIn } from '../../dns/names.js';
import { NetworkSet, type Network } from '../../dns/networks.js';
import type { Query } from '../../message/query.js';
import { AclCounts, type Action } from './counts.js';

export type { Action } from './counts.js';

/** A policy for queries of these types (all if undefined) from these networks (all if undefined). */
export interface Policy {
  action: Action;
  types: number[] | undefined;
  nets: Network[] | undefined;
}

/** One use of `acl`: the policies for some zones. */
export interface Rule {
  zones: string[];
  policies: Policy[];
}

/** RFC 8914 s.4.16 and 4.18. */
const EDE_BLOCKED = 15;
const EDE_FILTERED = 17;

/**
 * Prepares the rules. The first policy that matches decides, of all rules whose zones contain the query's name, in the
 * file's order.
 */
export function startAcl(rules: Rule[], runtime: Pick<WorkerRuntime, 'serverOf'>): WorkerDirective {
  const counts = new AclCounts(runtime);
  const ready = rules.map(({ zones, policies }) => ({
    zones,
    policies: policies.map(({ action, types, nets }) => ({
      action,
      types: types === undefined ? undefined : new Set(types),
      sources: nets === undefined ? undefined : new NetworkSet(nets),
    })),
  }));
  /** The action, and the zone of the deciding rule. */
  const decide = (query: Query): { action: Action; zone: string } => {
    for (const { zones, policies } of ready) {
      const zone = zones.find((each) => isIn(query.key, each));
      if (zone === undefined) continue;
      const policy = policies.find(
        ({ types, sources }) => types?.has(query.typeNumber) !== false && sources?.has(query.client.address) !== false,
      );
      if (policy !== undefined) return { action: policy.action, zone };
    }
    return { action: 'allow', zone: '' };
  };
  return {
    handle(query, reply, next) {
      const { action, zone } = decide(query);
      counts.count(query, action, zone);
      switch (action) {
        case 'allow':
          return next(query, reply);
        case 'drop':
          reply.drop();
          return;
        case 'block':
          reply.ede(EDE_BLOCKED).rcode = 'REFUSED';
          return;
        case 'filter':
          reply.ede(EDE_FILTERED).rcode = 'NOERROR';
      }
    },
    metrics: () => counts.take(),
  };
}
