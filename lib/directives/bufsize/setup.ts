/** `bufsize [SIZE]`: the longest UDP reply, whatever size the client announces. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { first } from '../arguments.js';

/** RFC 9715 s.3.2. */
const DEFAULT_SIZE = 1232;
const MIN_SIZE = 512;
const MAX_SIZE = 4096;

/** Its configuration is the size in octets. */
export const bufsize: DirectiveDefinition<number> = {
  name: 'bufsize',
  setup: {
    configure(uses) {
      const use = first(uses);
      use.ignoreBlock();
      const [text] = use.arguments(0, 1) as readonly (string | undefined)[];
      const size = text === undefined ? DEFAULT_SIZE : Number(text);
      if (!/^\+?\d+$/.test(text ?? '0') || size < MIN_SIZE || size > MAX_SIZE) {
        throw use.error(`bufsize must be within ${MIN_SIZE} - ${MAX_SIZE}: ${text}`);
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
