/** `health [ADDRESS] { lameduck DURATION }`: tells by HTTP that the process lives. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { readDuration } from '../arguments.js';
import { distinct, openEndpoints, readHttpAddress, type HttpAddress } from '../http-endpoint.js';

interface HealthConfig {
  address: HttpAddress;
  /** Milliseconds that the server goes on serving after it has been told to close. */
  lameduck: number;
}

const PATH = '/health';

/** See the file's head. */
export const health: DirectiveDefinition<HealthConfig> = {
  name: 'health',
  setup: {
    configure([use, again]) {
      if ((again as typeof again | undefined) !== undefined) throw again.error('it can be used once in a server block');
      const [text = ':8080'] = use.arguments(0, 1) as (string | undefined)[];
      return { address: readHttpAddress(use, text), lameduck: Math.max(0, ...use.block.map(readLameduck)) };
    },
    async serve(configs) {
      const addresses = distinct(configs.map(({ address }) => address));
      const { close } = await openEndpoints(addresses, PATH, () => ({ status: 200, body: 'OK' }));
      return { lameduck: Math.max(...configs.map(({ lameduck }) => lameduck)), close };
    },
  },
};

function readLameduck(line: DirectiveReader): number {
  if (line.name !== 'lameduck') throw line.error(`unknown property '${line.name}'`);
  const [text] = line.arguments(1);
  line.refuseBlock();
  return readDuration(line, text);
}
