/** Names that make a backtracking engine of regular expressions try everything. */
import { queryOf } from '../../conformance/wire.js';
import { holds, type Attack } from '../attack.js';
import { exchange } from '../exchange.js';

const COUNT = 20;
/** CPU time of the process for a query, in ms: names that an engine with linear time reads in far less. */
const LIMIT = 40;

export const expressions: Attack = {
  name: 'expressions',
  seconds: 4,
  suits: (target) => target.has('template') || target.has('rewrite'),
  run: (target, random) =>
    target.during(async () => {
      const [listener] = target.listeners('dns');
      const before = target.cpu();
      for (let i = 0; i < COUNT; i++) {
        // From 26 to 253 octets, in labels that almost match.
        const room = 20 + random.below(220);
        const letter = random.pick(['a', '0', 'a-', 'a0', '-']);
        const label = letter.repeat(60).slice(0, 60);
        let name = '';
        while (name.length + 61 < room) name += `${label}.`;
        name += `${letter.repeat(60).slice(0, Math.max(1, Math.min(60, room - name.length)))}${random.pick(['!', '_', ''])}`;
        const suffix = random.pick(['.slow.example', '.slow.examplex', '.example.org', '']);
        await exchange(listener, queryOf({ name: name.slice(0, 235) + suffix, id: i }));
      }
      const each = (target.cpu() - before) / COUNT;
      holds(each < LIMIT, `${each.toFixed(0)} ms of CPU time for a query`);
    }),
};
