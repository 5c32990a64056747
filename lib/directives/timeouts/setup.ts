/** `timeouts { read D; write D; idle D; maxtcpqueries N }`: time limits of connections, and their number of queries. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import type { TimeoutSettings } from '../../corefile/listen-settings.js';
import { tcp } from '../../options/tcp.js';
import { parseInteger, readDuration } from '../arguments.js';

/** CoreDNS's lower bound, in milliseconds. */
const LEAST = 1000;

/** Its configuration is the times in milliseconds and the number of queries, at least one of them. */
export const timeouts: DirectiveDefinition<TimeoutSettings> = {
  name: 'timeouts',
  setup: {
    configure(uses) {
      const settings: TimeoutSettings = {};
      for (const use of uses) {
        use.arguments(0);
        if (use.block.length === 0) throw use.error('timeouts block with no timeouts specified');
        for (const line of use.block) readLine(line, settings);
      }
      return settings;
    },
    listen: (settings) => ({ timeouts: settings }),
  },
};

function readLine(line: DirectiveReader, settings: TimeoutSettings): void {
  line.refuseBlock();
  const { name } = line;
  const [text] = line.arguments(1);
  if (name === 'maxtcpqueries') {
    const count = parseInteger(text);
    if (count === undefined) throw line.error(`invalid value for maxtcpqueries '${text}': not a whole number`);
    if (count === 0 || count < -1) {
      throw line.error(`maxtcpqueries provided '${count}' needs to be -1 (unlimited) or a positive integer`);
    }
    settings.maxQueries = count === -1 ? Infinity : count;
    return;
  }
  // A number alone is seconds, as in CoreDNS.
  const time = readDuration(line, /^\d+$/.test(text) ? `${text}s` : text);
  if (time < LEAST || time > tcp.messageTimeout.max) {
    throw line.error(`timeout provided '${text}' needs to be between 1 second and 24 hours`);
  }
  if (name !== 'read' && name !== 'write' && name !== 'idle') throw line.error(`unknown option: '${name}'`);
  settings[name] = time;
}
