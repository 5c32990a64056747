/** `any`: a short answer to questions for everything, RFC 8482. */
import { TYPE } from '../../dns/numbers.js';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { first } from '../arguments.js';

/** Seconds; CoreDNS's value. */
const TTL = 8482;

/** Has no configuration. */
export const any: DirectiveDefinition<undefined> = {
  name: 'any',
  setup: {
    configure(uses) {
      const use = first(uses);
      use.refuseBlock();
      use.arguments(0);
      return undefined;
    },
    // It answers questions of a type that cache never sees.
    seesCached: false,
    dependsOn: [],
    start: () => ({
      handle(query, reply, next) {
        if (query.typeNumber !== TYPE.ANY) return next(query, reply);
        // RFC 8482 s.4.2.
        const data = { cpu: 'ANY obsoleted', os: 'See RFC 8482' };
        reply.answer({ type: 'HINFO', name: query.name, ttl: TTL, data });
      },
    }),
  },
};
