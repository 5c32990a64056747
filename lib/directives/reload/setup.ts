/** `reload [INTERVAL] [JITTER]`: has a Corefile that has changed take effect. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { first, readDuration } from '../arguments.js';
import { Reloader } from './reloader.js';

/** Times in milliseconds. */
interface ReloadConfig {
  /** Between looks at the Corefile; 0: none. */
  interval: number;
  /** At most so much is added to that, at random. */
  jitter: number;
}

const LEAST_INTERVAL = 2000;
const LEAST_JITTER = 1000;

/** See the file's head. */
export const reload: DirectiveDefinition<ReloadConfig> = {
  name: 'reload',
  setup: {
    configure(uses) {
      const use = first(uses);
      use.ignoreBlock();
      const [every = '30s', more = '15s'] = use.arguments(0, 2) as (string | undefined)[];
      const interval = readDuration(use, every);
      const jitter = readDuration(use, more);
      if (interval !== 0 && interval < LEAST_INTERVAL) throw use.error('interval value must be greater or equal to 2s');
      if (jitter !== 0 && jitter < LEAST_JITTER) throw use.error('jitter value must be 0 or greater or equal to 1s');
      return { interval, jitter: Math.min(jitter, interval / 2) };
    },
    // There is one Corefile: of several blocks that say something of it the first counts.
    serve: ([{ interval, jitter }], runtime) => new Reloader(interval, jitter, runtime),
  },
};
