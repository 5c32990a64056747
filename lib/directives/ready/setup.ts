/** `ready [ADDRESS] { monitor until-ready|continuously }`: reports by HTTP whether the server can answer everything. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { once } from '../arguments.js';
import { distinct, openEndpoints, readHttpAddress, type HttpAddress } from '../http-endpoint.js';

const PATH = '/ready';

interface ReadyConfig {
  address: HttpAddress;
  /** Whether a directive that was ready once is asked again. */
  continuously: boolean;
}

/** The directive `ready`. */
export const ready: DirectiveDefinition<ReadyConfig> = {
  name: 'ready',
  setup: {
    configure(uses) {
      const use = once(uses);
      const [text = ':8181'] = use.arguments(0, 1) as (string | undefined)[];
      return { address: readHttpAddress(use, text), continuously: use.block.map(readMonitor).at(-1) ?? false };
    },
    async serve(configs, { unready }) {
      // As in CoreDNS, the last one decides for all.
      const { continuously } = configs[configs.length - 1];
      let wasReady = false;
      const addresses = distinct(configs.map(({ address }) => address));
      const { close } = await openEndpoints(addresses, PATH, () => {
        const all = unready();
        const names = wasReady ? all.filter((name) => name === 'server') : all;
        wasReady ||= !continuously && all.length === 0;
        return names.length === 0 ? { status: 200, body: 'OK' } : { status: 503, body: names.join(',') };
      });
      return { close };
    },
  },
};

function readMonitor(line: DirectiveReader): boolean {
  line.refuseBlock();
  if (line.name !== 'monitor') throw line.error(`unknown property '${line.name}'`);
  const [type] = line.arguments(1);
  if (type !== 'until-ready' && type !== 'continuously') throw line.error(`monitor type '${type}' not supported`);
  return type === 'continuously';
}
