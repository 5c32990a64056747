/** `chaos [VERSION] [AUTHORS...]`: tells the version, the host and the authors of this server (class CHAOS). */
import { hostname } from 'node:os';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { CLASS, MAX_STRING, TYPE } from '../../dns/numbers.js';
import type { ResourceRecord } from '../../dns/record.js';
import { packageVersion } from '../../native/package-files.js';
import { first } from '../arguments.js';

/** The texts for each name that it answers, as a query's `key`. */
type ChaosConfig = Readonly<Record<string, readonly string[]>>;

/** Its configuration is the answers. */
export const chaos: DirectiveDefinition<ChaosConfig> = {
  name: 'chaos',
  setup: {
    configure(uses) {
      const use = first(uses);
      const [version = `multisocket-${packageVersion}`, ...authors] = use.args.map(cut);
      if (use.block.length > 0) throw use.block[0].error(`unknown property '${use.block[0].name}'`);
      const host = cut(hostname());
      return {
        'version.bind': [version],
        'version.server': [version],
        'authors.bind': authors.length === 0 ? ['multisocket'] : [...new Set(authors)].sort(),
        'hostname.bind': [host],
        'id.server': [host],
      };
    },
    anyClass: true,
    // It answers questions of a class that cache never sees.
    seesCached: false,
    seesZoneAnswers: false,
    dependsOn: [],
    start: (answers) => ({
      handle(query, reply, next) {
        const { key, name, classNumber, typeNumber } = query;
        const isAnswered = classNumber === CLASS.CH && typeNumber === TYPE.TXT && Object.hasOwn(answers, key);
        if (!isAnswered) return next(query, reply);
        reply.answer(
          ...answers[key].map((text): ResourceRecord => ({ type: 'TXT', class: 'CH', name, ttl: 0, data: text })),
        );
      },
    }),
  },
};

/** As many characters of the text as fit into a character string (RFC 1035 s.3.3). */
function cut(text: string): string {
  let left = text;
  while (Buffer.byteLength(left) > MAX_STRING) left = left.slice(0, -1);
  return left;
}
