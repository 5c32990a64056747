/** `hosts [FILE [ZONES...]] { [INLINE] ttl SECONDS; no_reverse; reload DURATION; fallthrough [ZONES...]; fallthrough_unsupported }`. */
import { resolve } from 'node:path';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { parseInteger, readDuration, readFallthrough, readZones } from '../arguments.js';
import { checkHosts, startHosts, type HostsOptions } from './handler.js';

const DEFAULT_FILE = '/etc/hosts';
const DEFAULT_TTL = 3600;
const DEFAULT_RELOAD = 5000;
const MAX_TTL = 65_535;

/** Its configuration: {@link HostsOptions}. */
export const hosts: DirectiveDefinition<HostsOptions> = {
  name: 'hosts',
  setup: {
    configure([use, again], block) {
      if ((again as typeof again | undefined) !== undefined)
        throw again.error('this plugin can only be used once per Server Block');
      const [file = DEFAULT_FILE, ...zones] = use.args as (string | undefined)[];
      const options: HostsOptions = {
        file: resolve(file),
        zones: readZones(use, zones as string[], block.zones),
        inline: '',
        ttl: DEFAULT_TTL,
        reverse: true,
        reload: DEFAULT_RELOAD,
        fallthrough: [],
        fallthroughUnsupported: false,
      };
      const addInline = (words: readonly string[]): void => {
        options.inline += `${words.join(' ')}\n`;
      };
      for (const line of use.block) {
        line.refuseBlock();
        if (line.name === 'fallthrough') {
          options.fallthrough = readFallthrough(line);
        } else if (line.name === 'fallthrough_unsupported') {
          line.arguments(0);
          options.fallthroughUnsupported = true;
        } else if (line.name === 'no_reverse') {
          options.reverse = false;
          addInline(line.args);
        } else if (line.name === 'ttl') {
          const [text] = line.arguments(1, Infinity);
          options.ttl = parseInteger(text) ?? 0;
          if (options.ttl < 1 || options.ttl > MAX_TTL) throw line.error(`ttl provided is invalid: ${text}`);
        } else if (line.name === 'reload') {
          options.reload = readDuration(line, line.arguments(1)[0]);
        } else if (options.fallthrough.length === 0) {
          addInline([line.name, ...line.args]);
        } else {
          throw line.error(`unknown property '${line.name}'; lines of addresses stand before fallthrough`);
        }
      }
      if (options.fallthroughUnsupported && options.fallthrough.length === 0)
        throw use.error('fallthrough_unsupported requires fallthrough');
      return options;
    },
    check: checkHosts,
    dependsOn: [],
    start: startHosts,
  },
};
