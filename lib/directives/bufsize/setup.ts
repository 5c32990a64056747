/** `bufsize [SIZE]`: the longest UDP reply, whatever size the client announces. */
import { DEFAULT_UDP_PAYLOAD } from '../../dns/numbers.js';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { serving } from '../../options/serving.js';
import { first } from '../arguments.js';

const { min, max } = serving.maxPayloadSize;

/** Its configuration is the size in octets. */
export const bufsize: DirectiveDefinition<number> = {
  name: 'bufsize',
  setup: {
    configure(uses) {
      const use = first(uses);
      use.ignoreBlock();
      const [text] = use.arguments(0, 1) as readonly (string | undefined)[];
      const size = text === undefined ? DEFAULT_UDP_PAYLOAD : Number(text);
      if (!/^\+?\d+$/.test(text ?? '0') || size < min || size > max) {
        throw use.error(`bufsize must be within ${min} - ${max}: ${text}`);
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
