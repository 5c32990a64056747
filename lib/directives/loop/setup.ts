/** `loop`: ends the server when what it forwards comes back to it. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { LoopHandler, type LoopOptions } from './handler.js';
import { createProbe } from './probe.js';

/** Its configuration has the name that is asked for, and memory in which all workers count how often it comes. */
export const loop: DirectiveDefinition<LoopOptions> = {
  name: 'loop',
  setup: {
    configure([use, again], { zones, address }) {
      use.refuseBlock();
      use.arguments(0);
      // The cast: an array's second element may not be there.
      const second = again as typeof use | undefined;
      if (second !== undefined) throw second.error('this plugin can only be used once per Server Block');
      if (address.transport !== 'dns' || address.port === 0) {
        throw use.error('loop needs an address of transport dns with a port, to ask itself');
      }
      return { ...createProbe(zones[0]), zone: zones[0], address: address.address, port: address.port };
    },
    start: (options, runtime) =>
      new LoopHandler(options, runtime.index === 0, (error) => {
        runtime.fatal(error);
      }),
  },
};
