/** `loadbalance [round_robin]`: the order of addresses and mail exchanges changes from answer to answer. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { ResourceRecord } from '../../dns/record.js';
import { after } from '../after.js';

const SHUFFLED: readonly string[] = ['A', 'AAAA', 'MX'];

/** Its configuration is nothing. */
export const loadbalance: DirectiveDefinition<undefined> = {
  name: 'loadbalance',
  setup: {
    configure([directive, again]) {
      const [policy] = directive.arguments(0, Infinity) as readonly (string | undefined)[];
      if ((again as typeof again | undefined) !== undefined) throw again.argError();
      if (policy === undefined || policy === 'round_robin') {
        directive.arguments(0, 1);
        directive.refuseBlock();
        return undefined;
      }
      if (policy === 'weighted') throw directive.error('the policy weighted is not supported');
      throw directive.error(`unknown policy: ${policy}`);
    },
    start: () => ({
      handle: (query, reply, next) =>
        after(next(query, reply), () => {
          if (reply.answers.length > 1) reply.answers = shuffled(reply.answers);
          if (reply.additionals.length > 1) reply.additionals = shuffled(reply.additionals);
        }),
    }),
  },
};

/** The same records: aliases first, as they lead to the rest, then the others, then addresses and MX in any order. */
function shuffled(records: readonly ResourceRecord[]): ResourceRecord[] {
  const moving = records.filter(({ type }) => SHUFFLED.includes(type));
  if (moving.length < 2) return [...records];
  const [aliases, others] = [[] as ResourceRecord[], [] as ResourceRecord[]];
  for (const record of records) {
    if (record.type === 'CNAME') aliases.push(record);
    else if (!SHUFFLED.includes(record.type)) others.push(record);
  }
  for (let i = moving.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [moving[i], moving[j]] = [moving[j], moving[i]];
  }
  return [...aliases, ...others, ...moving];
}
