/** `minimal`: leaves out what is not needed of an answer. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { after } from '../after.js';
import { first } from '../arguments.js';

/** Has no configuration. */
export const minimal: DirectiveDefinition<undefined> = {
  name: 'minimal',
  setup: {
    configure(uses) {
      const use = first(uses);
      use.arguments(0);
      use.ignoreBlock();
      return undefined;
    },
    dependsOn: [],
    start: () => ({
      handle: (query, reply, next) =>
        after(next(query, reply), () => {
          // Negative answers and referrals need their authority section (RFC 2308 s.2, RFC 1034 s.4.3.2).
          if (reply.rcode !== 'NOERROR' || reply.answers.length === 0) return;
          // Signatures of a wildcard, or of the aliases before a negative answer, count with their proofs only (RFC 4035 s.3.1.3).
          const hasProofs = reply.authorities.some(({ type }) => type === 'NSEC' || type === 'NSEC3');
          if (!hasProofs && reply.authorities.length > 0) reply.authorities = [];
          if (reply.additionals.length > 0) reply.additionals = [];
        }),
    }),
  },
};
