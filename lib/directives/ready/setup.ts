/** `ready [ADDRESS]`: tells by HTTP whether everything can be answered. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { distinct, openEndpoints, readHttpAddress, type HttpAddress } from '../http-endpoint.js';

const PATH = '/ready';

/** Its configuration is where it listens. */
export const ready: DirectiveDefinition<HttpAddress> = {
  name: 'ready',
  setup: {
    configure([use, again]) {
      if ((again as typeof again | undefined) !== undefined) throw again.error('it can be used once in a server block');
      const [text = ':8181'] = use.arguments(0, 1) as (string | undefined)[];
      const [line] = use.block;
      if ((line as typeof line | undefined) !== undefined) throw line.error(`option '${line.name}' is not supported`);
      return readHttpAddress(use, text);
    },
    async serve(addresses, { unready }) {
      const { close } = await openEndpoints(distinct(addresses), PATH, () => {
        const names = unready();
        return names.length === 0 ? { status: 200, body: 'OK' } : { status: 503, body: names.join(',') };
      });
      return { close };
    },
  },
};
