/** Rewrites a query for the rest of the chain, and restores the answer. */
import type { WorkerDirective } from '../../corefile/directive.js';
import { CLASS } from '../../dns/numbers.js';
import type { ResourceRecord } from '../../dns/record.js';
import { goName } from '../go-name.js';
import type { Dependency } from '../../message/cache-choice.js';
import type { Handler } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import { Reply } from '../../message/reply.js';
import { rewriteQuery } from '../../message/rewrite-query.js';
import { explicitNames, renamed, revertedNames, type AnswerNames } from './answer-names.js';
import { optionDependencies, rewrittenOptions } from './edns-options.js';
import { NameMatcher } from './name-matcher.js';
import type { Rule, RuleAction } from './rules.js';

/** A change of an answer before the client gets it. */
type Step =
  | { kind: 'names'; names: AnswerNames }
  | { kind: 'reply'; change: (reply: Reply, asked: Query, next: Handler) => void | Promise<void> };

/** The result of a rule for a query. */
interface Rewritten {
  query: Query;
  steps: Step[];
}

/** A compiled rule: returns undefined for a query that it does not apply to. */
type Apply = (query: Query) => Rewritten | undefined;

/** Compiles the rules. */
export function startRewrite(rules: readonly Rule[]): WorkerDirective {
  const ready = rules.map((rule) => ({ apply: makeReady(rule), stops: rule.then === 'stop' }));
  const dependencies = rules.flatMap((rule): readonly Dependency[] =>
    rule.field === 'edns0' ? optionDependencies(rule) : [],
  );
  return {
    dependsOn: () => dependencies,
    anyClass: rules.some((rule) => rule.field === 'class' && rule.from !== CLASS.IN),
    handle(query, reply, next) {
      let asked = query;
      const steps: Step[] = [];
      for (const { apply, stops } of ready) {
        const rewritten = apply(asked);
        if (rewritten === undefined) continue;
        asked = rewritten.query;
        steps.push(...rewritten.steps);
        if (stops) break;
      }
      if (steps.length === 0) return next(asked, reply);
      const answered = next(asked, reply);
      if (answered === undefined) return undo(steps, reply, asked, next);
      return answered.then(() => undo(steps, reply, asked, next));
    },
  };
}

function makeReady(rule: RuleAction): Apply {
  switch (rule.field) {
    case 'name': {
      const matcher = new NameMatcher(rule.pattern);
      const explicit = explicitNames(rule.answers);
      return (query) => {
        const to = matcher.rename(goName(query.key), rule.to);
        if (to === undefined) return undefined;
        const rewritten = rewriteQuery(query, { name: to });
        const names = [...revertedNames(rule, goName(query.name), goName(rewritten.name)), ...explicit];
        return { query: rewritten, steps: names.map((each) => ({ kind: 'names', names: each })) };
      };
    }
    case 'type':
      return (query) =>
        query.typeNumber === rule.from ? { query: rewriteQuery(query, { type: rule.to }), steps: [] } : undefined;
    case 'class':
      return (query) =>
        query.classNumber === rule.from ? { query: rewriteQuery(query, { class: rule.to }), steps: [] } : undefined;
    case 'edns0':
      return (query) => {
        const options = rewrittenOptions(rule, query);
        if (options === undefined) return undefined;
        const ownOptions = [...query.ownOptions, rule.code];
        return { query: rewriteQuery(query, { options, ownOptions }), steps: [] };
      };
    case 'ttl':
      return onReply(rule, (reply) => {
        changeRecords(reply, (record) => ({
          ...record,
          ttl: Math.min(Math.max(record.ttl ?? 0, rule.least), rule.most),
        }));
      });
    case 'rcode':
      return onReply(rule, (reply) => {
        if (reply.rcode === rule.from) reply.rcode = rule.to;
      });
    case 'cname':
      return otherTarget(new NameMatcher(rule.pattern), rule.to);
  }
}

/** A rule for the reply to queries for names that the pattern matches. */
function onReply({ pattern }: Extract<RuleAction, { field: 'ttl' | 'rcode' }>, change: (reply: Reply) => void): Apply {
  const matcher = new NameMatcher(pattern);
  return (query) => (matcher.matches(goName(query.key)) ? { query, steps: [{ kind: 'reply', change }] } : undefined);
}

/**
 * Gives a CNAME of the answer another target, and replaces the records after it by the chain's answer for that target.
 */
function otherTarget(matcher: NameMatcher, to: string): Apply {
  const change = async (reply: Reply, asked: Query, next: Handler): Promise<void> => {
    const targets = reply.answers.map((record) => matcher.rename(targetOf(record), to));
    const place = targets.findIndex((renamedTo) => renamedTo !== undefined);
    const target = targets[place];
    if (target === undefined) return;
    const alias = reply.answers[place];
    const query = rewriteQuery(asked, { name: target });
    const found = new Reply(query);
    await next(query, found);
    const changed = { ...alias, data: target } as ResourceRecord;
    reply.answers = [...reply.answers.slice(0, place), changed, ...found.answers];
    reply.dependencies = reply.dependencies.concat(found.dependencies);
  };
  return (query) => ({ query, steps: [{ kind: 'reply', change }] });
}

/** The target of a CNAME in the form that expressions see; empty for other records. */
function targetOf({ type, data }: ResourceRecord): string {
  if (type !== 'CNAME' || typeof data !== 'string') return '';
  return goName(data.replace(/(?<!\\)\.$/, '').toLowerCase());
}

/** The last change is undone first. */
function undo(steps: readonly Step[], reply: Reply, asked: Query, next: Handler): void | Promise<void> {
  const names = steps.flatMap((step) => (step.kind === 'names' ? [step.names] : []));
  const changes = steps.flatMap((step) => (step.kind === 'reply' ? [step.change] : [])).toReversed();
  const finish = (): void => {
    if (names.length > 0) changeRecords(reply, (record) => renamed(record, names));
  };
  let pending: Promise<void> | undefined;
  for (const change of changes) {
    if (pending !== undefined) pending = pending.then(() => change(reply, asked, next));
    else pending = change(reply, asked, next) ?? undefined;
  }
  if (pending !== undefined) return pending.then(finish);
  finish();
}

function changeRecords(reply: Reply, change: (record: ResourceRecord) => ResourceRecord): void {
  reply.answers = reply.answers.map(change);
  reply.authorities = reply.authorities.map(change);
  reply.additionals = reply.additionals.map(change);
}
