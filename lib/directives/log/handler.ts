import { ZoneTable } from '../../corefile/zone-table.js';
import type { Handler, Logger } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import type { Reply, ReplyOutcome } from '../../message/reply.js';
import { compileFormat, type Exchange } from './format.js';

/** Kinds of replies. `denial`: the name or its type does not exist; `error`: any other response code than NOERROR. */
export type LogClass = 'success' | 'denial' | 'error' | 'all';

/** The options of one use of `log`. */
export interface LogRule {
  /** Names under which queries are logged: lower case, without the last dot, the root as `.`. */
  zones: readonly string[];
  format: string;
  /** At least one. */
  classes: readonly LogClass[];
}

interface Rule {
  line: (exchange: Exchange) => string;
  classes: ReadonlySet<LogClass>;
}

/** Logs a line for each query. */
export class QueryLog {
  readonly #rules: ZoneTable<Rule>;
  readonly #logger: Logger;

  /** Of rules for one zone the first counts; of zones the longest that contains a name. */
  constructor(rules: readonly LogRule[], logger: Logger) {
    const zones = rules.toReversed().flatMap(({ zones, format, classes }) => {
      const rule = { line: compileFormat(format), classes: new Set(classes) };
      return zones.map((zone): [string, Rule] => [zone, rule]);
    });
    this.#rules = new ZoneTable(zones);
    this.#logger = logger;
  }

  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    const rule = this.#rules.find(query.key, '');
    if (rule !== undefined) {
      const start = performance.now();
      reply.observe((outcome) => {
        if (!rule.classes.has('all') && !rule.classes.has(classOf(reply, outcome))) return;
        this.#logger.info(rule.line({ query, reply, outcome, duration: performance.now() - start }));
      });
    }
    return next(query, reply);
  }
}

/** NODATA is a denial: no answer, and the SOA of the zone (RFC 2308 s.2.2). */
function classOf(reply: Reply, { rcode }: ReplyOutcome): LogClass {
  if (rcode === 'NXDOMAIN') return 'denial';
  if (rcode !== 'NOERROR') return 'error';
  const isNoData = reply.answers.length === 0 && reply.authorities.some(({ type }) => type === 'SOA');
  return isNoData ? 'denial' : 'success';
}
