/** `nsid [DATA...]`: the identifier of this server, for clients that ask (RFC 5001). */
import { hostname } from 'node:os';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { once } from '../arguments.js';
import { MAX_NSID } from '../../options/serving.js';

/** Its configuration is the identifier. */
export const nsid: DirectiveDefinition<Uint8Array> = {
  name: 'nsid',
  setup: {
    configure(uses) {
      const directive = once(uses);
      const words = directive.args;
      directive.refuseBlock();
      const identifier = new Uint8Array(Buffer.from(words.length === 0 ? hostname() : words.join(' ')));
      if (identifier.length < 1 || identifier.length > MAX_NSID) {
        throw directive.error(`an identifier has 1 to ${MAX_NSID} octets, not ${identifier.length}`);
      }
      return identifier;
    },
    dependsOn: ['edns'],
    start: (identifier) => ({
      handle(query, reply, next) {
        reply.nsid = identifier;
        return next(query, reply);
      },
    }),
  },
};
