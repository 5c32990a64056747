/** `whoami`: tells each client who it is. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { whoami as handle } from './handler.js';

/** It has nothing to configure. */
export const whoami: DirectiveDefinition<null> = {
  name: 'whoami',
  setup: {
    configure([use, again]) {
      use.arguments(0);
      use.refuseBlock();
      if ((again as typeof again | undefined) !== undefined) throw again.error('it can be used once in a server block');
      return null;
    },
    start: () => ({ handle }),
  },
};
