/** `bufsize [SIZE]`: the longest UDP reply, whatever size the client announces. */
import { DEFAULT_UDP_PAYLOAD, MIN_UDP_PAYLOAD } from '../../dns/numbers.js';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { first } from '../arguments.js';

/** RFC 9715 s.3.2. */
const MAX_SIZE = 4096;

/** Its configuration is the size in octets. */
export const bufsize: DirectiveDefinition<number> = {
  name: 'bufsize',
  setup: {
    configure(uses) {
      const use = first(uses);
      use.ignoreBlock();
      const [text] = use.arguments(0, 1) as readonly (string | undefined)[];
      const size = text === undefined ? DEFAULT_UDP_PAYLOAD : Number(text);
      if (!/^\+?\d+$/.test(text ?? '0') || size < MIN_UDP_PAYLOAD || size > MAX_SIZE) {
        throw use.error(`bufsize must be within ${MIN_UDP_PAYLOAD} - ${MAX_SIZE}: ${text}`);
      }
      return size;
    },
    dependsOn: [],
    start: (size) => ({
      handle(query, reply, next) {
        reply.maxPayloadSize = size;
        return next(query, reply);
      },
    }),
  },
};
