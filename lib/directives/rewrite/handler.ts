/** Questions and answers under other names. */
import type { WorkerPart } from '../../corefile/directive.js';
import { fillGroups, RegularExpression } from '../../corefile/regular-expression.js';
import { goName } from '../../dns/zone-name.js';
import type { Query } from '../../message/query.js';
import type { ResourceRecord } from '../../dns/record.js';
import { rewriteQuery } from '../../message/rewrite-query.js';
import { after } from '../after.js';

/** How a name is compared. */
export type MatchKind = 'exact' | 'prefix' | 'suffix' | 'substring' | 'regex';

/** Of the names of records, or of the names in their data. */
export interface AnswerRule {
  what: 'name' | 'value';
  /** A regular expression. */
  from: string;
  to: string;
}

/** One `rewrite`; `then` says whether those after it get what it made of the query. */
export type Rule =
  | { field: 'type'; then: 'stop' | 'continue'; from: number; to: string }
  | {
      field: 'name';
      then: 'stop' | 'continue';
      kind: MatchKind;
      from: string;
      to: string;
      answers: AnswerRule[];
    };

/** Types whose data is a name. */
const NAMES: readonly string[] = ['CNAME', 'DNAME', 'NS', 'PTR'];

/** Expressions that have been compiled, by their text. */
type Expressions = ReadonlyMap<string, RegularExpression>;

/** Makes the rules ready. */
export function startRewrite(rules: Rule[]): WorkerPart {
  const sources = rules.flatMap((rule) => (rule.field === 'name' ? [rule, ...rule.answers] : []));
  const expressions = new Map(
    sources
      .filter((source) => !('kind' in source) || source.kind === 'regex')
      .map(({ from }) => [from, new RegularExpression(from)]),
  );
  return {
    handle(query, reply, next) {
      let asked = query;
      const answers: AnswerRule[] = [];
      for (const rule of rules) {
        const rewritten = apply(rule, asked, expressions);
        if (rewritten === undefined) continue;
        asked = rewritten;
        if (rule.field === 'name') answers.push(...rule.answers);
        if (rule.then === 'stop') break;
      }
      if (asked === query) return next(query, reply);
      const { key } = asked;
      const { name } = query;
      return after(next(asked, reply), () => {
        const restore = (record: ResourceRecord): ResourceRecord => renamed(record, key, name, answers, expressions);
        reply.answers = reply.answers.map(restore);
        reply.authorities = reply.authorities.map(restore);
        reply.additionals = reply.additionals.map(restore);
      });
    },
  };
}

/** The query as the rule wants it; undefined when it does not concern the rule. */
function apply(rule: Rule, query: Query, expressions: Expressions): Query | undefined {
  if (rule.field === 'type') return query.typeNumber === rule.from ? rewriteQuery(query, { type: rule.to }) : undefined;
  const name = renameOf(rule, query.key, expressions);
  return name === undefined ? undefined : rewriteQuery(query, { name });
}

/** Partial matches are of the name with its last dot, as in CoreDNS. */
function renameOf(
  { kind, from, to }: Extract<Rule, { field: 'name' }>,
  key: string,
  expressions: Expressions,
): string | undefined {
  const name = goName(key);
  switch (kind) {
    case 'exact':
      return key === from ? to : undefined;
    case 'prefix':
      return name.startsWith(from) ? to + name.slice(from.length) : undefined;
    case 'suffix': {
      const suffix = from.endsWith('.') ? from : `${from}.`;
      return name.endsWith(suffix) ? name.slice(0, -suffix.length) + to : undefined;
    }
    case 'substring':
      return name.includes(from) ? name.replaceAll(from, to) : undefined;
    case 'regex': {
      const match = expressions.get(from)?.match(name);
      return match === undefined ? undefined : fillGroups(to, match);
    }
  }
}

/** The answer to the question that was asked in place of the client's, as one to the client's. */
function renamed(
  record: ResourceRecord,
  key: string,
  name: string,
  rules: readonly AnswerRule[],
  expressions: Expressions,
): ResourceRecord {
  let owner = record.name.replace(/\.$/, '').toLowerCase() === key ? name : record.name;
  let data: unknown = record.data;
  for (const { what, from, to } of rules) {
    const expression = expressions.get(from);
    if (expression === undefined) continue;
    if (what === 'name') owner = replaced(owner, expression, to);
    else if (NAMES.includes(record.type) && typeof data === 'string') data = replaced(data, expression, to);
  }
  return { ...record, name: owner, data } as ResourceRecord;
}

function replaced(name: string, from: RegularExpression, to: string): string {
  const match = from.match(goName(name.replace(/\.$/, '')));
  return match === undefined ? name : fillGroups(to, match);
}
