import type { DirectiveDefinition } from '../../corefile/directive.js';
import { first, readDuration } from '../arguments.js';
import { Reloader } from './reloader.js';

/** Times in milliseconds. */
interface ReloadConfig {
  /** Time between checks of the Corefile; 0: no checks. */
  interval: number;
  /** The largest random addition to that. */
  jitter: number;
}

const LEAST_INTERVAL = 2000;
const LEAST_JITTER = 1000;

/** `reload [INTERVAL] [JITTER]`: reloads the Corefile when it has changed. */
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
    // There is one Corefile: of several blocks with the directive the first counts.
    serve: ([{ interval, jitter }], runtime) => new Reloader(interval, jitter, runtime),
  },
};
