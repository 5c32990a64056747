/** `loop`: ends the server when its forwarded queries come back to it. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { once } from '../arguments.js';
import { LoopHandler, type LoopOptions } from './handler.js';
import { createProbe } from './probe.js';

/** Its configuration has the name of the probe, and memory in which all workers count its arrivals. */
export const loop: DirectiveDefinition<LoopOptions> = {
  name: 'loop',
  setup: {
    configure(uses, { zones, address }) {
      const use = once(uses);
      use.refuseBlock();
      use.arguments(0);
      if (address.transport !== 'dns' || address.port === 0) {
        use.warn(
          'no loop is looked for: the first address of the server block has to be of transport dns, with a port',
        );
      }
      const port = address.transport === 'dns' ? address.port : 0;
      return { ...createProbe(zones[0]), zone: zones[0], address: address.address, port };
    },
    dependsOn: [],
    start: (options, runtime) => {
      if (options.port === 0) return {};
      return new LoopHandler(options, runtime.index === 0, (error) => {
        runtime.fatal(error);
      });
    },
  },
};
