/** `whoami`: tells each client its own address. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { first } from '../arguments.js';
import { whoami as handle } from './handler.js';

/** Has no configuration. */
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
