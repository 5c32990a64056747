/** `rrl { responses-per-second N; ... }`: limits the rate of UDP answers to a network. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { rateLimitGroup, type RateLimitOptions } from '../../options/rate-limit.js';
import { once, readInteger, readZones } from '../arguments.js';

/** CoreDNS's numeric options, with the names of the server's. */
const NUMBERS: ReadonlyMap<string, Exclude<keyof RateLimitOptions, 'exempt' | 'reportOnly'>> = new Map([
  ['window', 'window'],
  ['ipv4-prefix-length', 'ipv4PrefixLength'],
  ['ipv6-prefix-length', 'ipv6PrefixLength'],
  ['responses-per-second', 'responsesPerSecond'],
  ['nxdomains-per-second', 'nxdomainsPerSecond'],
  ['errors-per-second', 'errorsPerSecond'],
  ['requests-per-second', 'allPerSecond'],
  ['slip-ratio', 'slip'],
  ['max-table-size', 'maxTableSize'],
]);

/** Its configuration is the server's option `rateLimit`. */
export const rrl: DirectiveDefinition<RateLimitOptions> = {
  name: 'rrl',
  setup: {
    configure(uses) {
      const use = once(uses);
      if (readZones(use, use.args, ['.']).some((zone) => zone !== '.')) {
        throw use.error('zones are not supported: all that an address answers is limited');
      }
      // CoreDNS's default is that nothing slips.
      const options: RateLimitOptions = { slip: 0 };
      for (const line of use.block) readLine(line, options);
      try {
        rateLimitGroup.check('rateLimit', options);
      } catch (error) {
        throw use.error((error as Error).message);
      }
      return options;
    },
    listen: (options) => ({ rrl: options }),
  },
};

function readLine(line: DirectiveReader, options: RateLimitOptions): void {
  line.refuseBlock();
  if (line.name === 'report-only') {
    line.arguments(0);
    options.reportOnly = true;
    return;
  }
  const name = NUMBERS.get(line.name);
  if (name === undefined) throw line.error(`unknown option or one that is not supported: '${line.name}'`);
  const [text] = line.arguments(1);
  options[name] = readInteger(line, text);
}
