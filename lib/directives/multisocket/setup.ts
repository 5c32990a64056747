/** `multisocket [NUM_SOCKETS]`: the number of sockets of an address. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { checkSocketCount, MAX_SOCKETS } from '../../socket/socket-count.js';

/**
 * Its configuration is NUM_SOCKETS, 1 to 1,024; the usable CPUs without an argument. It applies to the addresses that
 * its server block is the first to listen on.
 */
export const multisocket: DirectiveDefinition<number> = {
  name: 'multisocket',
  setup: {
    configure([directive, again]) {
      const [text] = directive.arguments(0, 1);
      directive.refuseBlock();
      if ((again as typeof again | undefined) !== undefined) throw again.argError();
      if ((text as string | undefined) === undefined) return checkSocketCount('multisocket', undefined);
      if (!/^[+-]?\d+$/.test(text))
        throw directive.error(`invalid num sockets: ${JSON.stringify(text)} is not an integer`);
      const sockets = BigInt(text);
      if (sockets < 1) throw directive.error(`num sockets can not be zero or negative: ${sockets}`);
      if (sockets > MAX_SOCKETS) throw directive.error(`num sockets exceeds maximum (${MAX_SOCKETS}): ${sockets}`);
      return Number(sockets);
    },
    listen: (sockets) => ({ sockets }),
  },
};
