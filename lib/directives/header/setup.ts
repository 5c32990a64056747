/** `header { response set|clear FLAGS... }`: sets and clears flags of replies. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { after } from '../after.js';

/** The flags that are set and cleared in the end. */
interface HeaderConfig {
  authoritative?: boolean;
  recursionAvailable?: boolean;
}

const FLAGS: Readonly<Record<string, keyof HeaderConfig>> = { aa: 'authoritative', ra: 'recursionAvailable' };

/** Its configuration: {@link HeaderConfig}. */
export const header: DirectiveDefinition<HeaderConfig> = {
  name: 'header',
  setup: {
    configure(uses) {
      // As in CoreDNS, the first use with a rule counts.
      const use = uses.find(({ block }) => block.length > 0) ?? uses[0];
      if (use.block.length === 0) throw use.argError();
      const config: HeaderConfig = {};
      for (const line of use.block) readRule(line, config);
      return config;
    },
    dependsOn: [],
    start: (config) => ({
      handle: (query, reply, next) =>
        after(next(query, reply), () => {
          Object.assign(reply, config);
        }),
    }),
  },
};

function readRule(line: DirectiveReader, config: HeaderConfig): void {
  line.refuseBlock();
  const selector = line.name.toLowerCase();
  if (selector !== 'query' && selector !== 'response')
    throw line.error(`setting up rule: invalid selector=${selector} should be query or response`);
  const [action = '', ...flags] = line.args as [string?, ...string[]];
  const state = action.toLowerCase();
  if (state !== 'set' && state !== 'clear')
    throw line.error(`setting up rule: unknown flag action=${action}, should be set or clear`);
  if (flags.length === 0)
    throw line.error('setting up rule: invalid length for flags, at least one should be provided');
  for (const text of flags) {
    const flag = text.toLowerCase();
    if (flag !== 'rd' && !Object.hasOwn(FLAGS, flag))
      throw line.error(`setting up rule: unknown/unsupported flag=${flag}`);
    if (flag === 'rd' || selector === 'query') line.warn(`${selector} ${flag} has no effect: it is the client's`);
    else config[FLAGS[flag]] = state === 'set';
  }
}
