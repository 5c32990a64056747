/** `timeouts { read D; write D; idle D }`: how long connections may take. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { TimeoutSettings } from '../../corefile/listen-settings.js';
import { readDuration } from '../arguments.js';

/** CoreDNS's bounds, in milliseconds. */
const LEAST = 1000;
const MOST = 24 * 60 * 60 * 1000;

/** Its configuration is the times in milliseconds, at least one. */
export const timeouts: DirectiveDefinition<TimeoutSettings> = {
  name: 'timeouts',
  setup: {
    configure([use, again]) {
      use.arguments(0);
      if ((again as typeof again | undefined) !== undefined) throw again.error('it can be used once in a server block');
      if (use.block.length === 0) throw use.error('a block with read, write or idle is expected');
      const settings: TimeoutSettings = {};
      for (const line of use.block) {
        const { name } = line;
        if (name !== 'read' && name !== 'write' && name !== 'idle') throw line.error(`unknown option: '${name}'`);
        const [text] = line.arguments(1);
        line.refuseBlock();
        // A number alone is seconds, as in CoreDNS.
        const time = readDuration(line, /^\d+$/.test(text) ? `${text}s` : text);
        if (time < LEAST || time > MOST) throw line.error(`timeout must be between 1 second and 24 hours: ${text}`);
        settings[name] = time;
      }
      return settings;
    },
    listen: (settings) => ({ timeouts: settings }),
  },
};
