/** Names that try to be read as zone files, templates, formats or log lines. */
import { queryOf, readReply } from '../../conformance/wire.js';
import { holds, type Attack } from '../attack.js';
import { CANARY } from '../canaries.js';
import { exchange } from '../exchange.js';
import { hostileName } from '../names.js';

const COUNT = 60;
const SUFFIXES = ['example.org', 'example', 'slow.example', 'example.org.example.org'];
const TYPES = ['A', 'TXT', 'MX', 'AAAA', 'CNAME', 'ANY'] as const;
/** A line of the directive `log`, or one of `errors`, of the program or of an example. */
const CONTROL_CHARACTER = /[^\n -~]/;

export const injection: Attack = {
  name: 'injection',
  seconds: 3,
  suits: (target) => target.listeners('dns', 'https').length > 0,
  run: (target, random) =>
    target.during(async () => {
      const [listener] = target.listeners('dns', 'https');
      const before = target.output.length;
      for (let i = 0; i < COUNT; i++) {
        const start = target.has('rewrite') && random.below(4) === 0 ? 'old-' : '';
        const name = hostileName(random, target.plan.canaries, random.pick(SUFFIXES), start);
        const type = random.pick(TYPES);
        const reply = await exchange(listener, queryOf({ name, type, id: i }));
        holds(reply !== undefined, `no answer to ${name} ${type}`);
        const { answer, authority, additional } = readReply(reply);
        const records = [...answer, ...authority, ...additional];
        holds(!records.some((record) => record.endsWith(` IN A ${CANARY}`)), `the canary's record for ${name}`);
        if (target.has('template') && type !== 'ANY') {
          holds(answer.length <= 1, `${answer.length} records for ${name} ${type}: ${answer.join('; ')}`);
          holds(
            answer.every((record) => record.split(' ')[3] === type),
            `a record of another type for ${name} ${type}: ${answer.join()}`,
          );
        }
      }
      const said = target.output.slice(before);
      const control = CONTROL_CHARACTER.exec(said)?.[0];
      holds(control === undefined, `the log has the octet ${control?.charCodeAt(0)}`);
      holds(!/^\[INFO\] 127\.0\.0\.1:1 /m.test(said), 'a forged line in the log');
    }),
};
