/** `health [ADDRESS] { lameduck DURATION }`: reports by HTTP that the process is alive. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { readSignedDuration } from '../arguments.js';
import { distinct, openEndpoints, readHttpAddress, type HttpAddress } from '../http-endpoint.js';
import { SelfCheck } from './self-check.js';

interface HealthConfig {
  address: HttpAddress;
  /** How long the server keeps serving after the order to close, in ms. */
  lameduck: number;
}

const PATH = '/health';

/** The directive `health`. */
export const health: DirectiveDefinition<HealthConfig> = {
  name: 'health',
  setup: {
    configure(uses) {
      const config: HealthConfig = { address: { host: '', port: 8080 }, lameduck: 0 };
      // As in CoreDNS, a later use replaces the values of an earlier one.
      for (const use of uses) {
        const [text] = use.arguments(0, 1) as (string | undefined)[];
        if (text !== undefined) config.address = readHttpAddress(use, text);
        config.lameduck = use.block.map(readLameduck).at(-1) ?? config.lameduck;
      }
      return config;
    },
    async serve(configs, { logger }) {
      const addresses = distinct(configs.map(({ address }) => address));
      const { endpoints, close } = await openEndpoints(addresses, PATH, () => ({ status: 200, body: 'OK' }));
      const checks = endpoints.map(({ port }, i) => new SelfCheck({ ...addresses[i], port }, PATH, logger));
      return {
        lameduck: Math.max(...configs.map(({ lameduck }) => lameduck)),
        metrics: () => SelfCheck.metrics(checks),
        close: async () => {
          for (const check of checks) check.close();
          await close();
        },
      };
    },
  },
};

function readLameduck(line: DirectiveReader): number {
  if (line.name !== 'lameduck') throw line.error(`unknown property '${line.name}'`);
  const [text] = line.arguments(1);
  line.refuseBlock();
  return Math.max(0, readSignedDuration(line, text));
}
