/** `local { localhost_prefix on|off }`: answers for names and networks of the host itself. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { startLocal, type LocalConfig } from './handler.js';

/** Its configuration: {@link LocalConfig}. */
export const local: DirectiveDefinition<LocalConfig> = {
  name: 'local',
  setup: {
    configure(uses) {
      const config: LocalConfig = { prefix: true };
      for (const use of uses) {
        use.arguments(0);
        for (const line of use.block) config.prefix = readPrefix(line);
      }
      return config;
    },
    // Its names never reach cache.
    seesCached: false,
    dependsOn: [],
    start: startLocal,
  },
};

function readPrefix(line: DirectiveReader): boolean {
  if (line.name !== 'localhost_prefix') throw line.error(`unknown property '${line.name}'`);
  line.refuseBlock();
  const [value] = line.arguments(1);
  if (value !== 'on' && value !== 'off')
    throw line.error(`localhost_prefix expects 'on' or 'off', got ${JSON.stringify(value)}`);
  return value === 'on';
}
