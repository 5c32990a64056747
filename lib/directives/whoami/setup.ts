/** `whoami`: tells each client who it is. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { first } from '../arguments.js';
import { whoami as handle } from './handler.js';

/** It has nothing to configure. */
export const whoami: DirectiveDefinition<null> = {
  name: 'whoami',
  setup: {
    configure(uses) {
      const use = first(uses);
      use.arguments(0);
      use.refuseBlock();
      return null;
    },
    dependsOn: ['clientAddress', 'clientPort', 'transport'],
    start: () => ({ handle }),
  },
};
