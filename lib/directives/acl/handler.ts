/** The rules of `acl` at work. */
import { BlockList } from 'node:net';
import type { WorkerPart } from '../../corefile/directive.js';
import { isIn } from '../../dns/zone-name.js';
import type { Query } from '../../message/query.js';

/** What is done with a query: let through; REFUSED; an empty NOERROR; nothing. */
export type Action = 'allow' | 'block' | 'filter' | 'drop';

/** Holds for queries of these types (all if undefined) from these networks (all if undefined). */
export interface Policy {
  action: Action;
  types: number[] | undefined;
  nets: { address: string; prefix: number; family: 'ipv4' | 'ipv6' | 'any' }[] | undefined;
}

/** One `acl`: the policies for some zones. */
export interface Rule {
  zones: string[];
  policies: Policy[];
}

/** RFC 8914 s.4.16 and 4.18. */
const EDE_BLOCKED = 15;
const EDE_FILTERED = 17;

/**
 * Makes the rules ready. The first policy that holds decides, of all rules whose zones a query is in, in the file's order.
 */
export function startAcl(rules: Rule[]): WorkerPart {
  const ready = rules.map(({ zones, policies }) => ({
    zones,
    policies: policies.map(({ action, types, nets }) => ({
      action,
      types: types === undefined ? undefined : new Set(types),
      sources: nets === undefined || nets.some(({ family }) => family === 'any') ? undefined : listOf(nets),
    })),
  }));
  const actionFor = (query: Query): Action => {
    for (const { zones, policies } of ready) {
      if (!zones.some((zone) => isIn(query.key, zone))) continue;
      const policy = policies.find(
        ({ types, sources }) =>
          types?.has(query.typeNumber) !== false &&
          sources?.check(query.client.address, query.client.family === 'IPv4' ? 'ipv4' : 'ipv6') !== false,
      );
      if (policy !== undefined) return policy.action;
    }
    return 'allow';
  };
  return {
    handle(query, reply, next) {
      switch (actionFor(query)) {
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
  };
}

function listOf(nets: NonNullable<Policy['nets']>): BlockList {
  const list = new BlockList();
  for (const { address, prefix, family } of nets) if (family !== 'any') list.addSubnet(address, prefix, family);
  return list;
}
