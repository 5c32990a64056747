/** Answers made from the question. */
import type { WorkerDirective, WorkerRuntime } from '../../corefile/directive.js';
import { RegularExpression } from '../../corefile/regular-expression.js';
import { CLASS, TYPE } from '../../dns/numbers.js';
import { isIn, isInZones, withLastDot } from '../../dns/names.js';
import { goName } from '../go-name.js';
import type { Dependency } from '../../message/cache-choice.js';
import type { Query } from '../../message/query.js';
import type { ResourceRecord } from '../../dns/record.js';
import { className, typeName, type Rcode } from '../../dns/registry.js';
import { followAlias } from '../../message/lookup.js';
import type { Reply } from '../../message/reply.js';
import { Counters } from '../counters.js';
import { templateData } from './data.js';
import { Expressions, type Variable } from './expressions.js';
import { evaluate } from './go/evaluate.js';
import type { Node } from './go/parse.js';
import type { Struct } from './go/values.js';
import { readRecord } from './record.js';

/** Where a record goes. */
export type Section = 'answer' | 'authority' | 'additional';

/** One `template`. It can be cloned into a worker. */
export interface TemplateOptions {
  /** A number; 255: any. */
  qclass: number;
  qtype: number;
  zones: string[];
  /** One of them must match the name, which ends with a dot. */
  patterns: string[];
  /** One template for each record. */
  variables: Variable[];
  /** Expressions that must all be true. */
  conditions: string[];
  records: Record<Section, { source: string; nodes: Node[] }[]>;
  rcode: Rcode;
  ede: { code: number; text: string } | undefined;
  fallthrough: string[];
}

/** What a record depends on if it uses a field of {@link templateData}. The client's spelling is in its message. */
const DEPENDENCIES: Readonly<Record<string, Dependency[]>> = {
  Remote: ['clientAddress'],
  Message: ['message'],
  Question: ['message'],
};

/** Adds 1 to a counter. */
type Count = (name: string, help: string, labels: Readonly<Record<string, string>>) => void;

/** Tries the templates in order. */
export function startTemplates(
  options: readonly TemplateOptions[],
  { serverOf }: Pick<WorkerRuntime, 'serverOf'>,
): WorkerDirective {
  const counters = new Counters();
  const templates = options.map((each) => new Template(each));
  return {
    dependsOn: (query) => templates.flatMap((template) => (template.concerns(query) ? template.dependencies : [])),
    anyClass: options.some(({ qclass }) => qclass !== CLASS.IN),
    handle(query, reply, next) {
      for (const template of templates) {
        const matched = template.match(query);
        if (matched === 'next') continue;
        if (matched === undefined) {
          reply.rcode = 'SERVFAIL';
          return;
        }
        const labels = { server: serverOf(query), view: '', ...matched.labels };
        counters.add('template_matches_total', 'Counter of template regex matches.', labels);
        template.answer(reply, matched.data, (name, help, more) => {
          counters.add(name, help, { ...labels, ...more });
        });
        return followLast(query, reply);
      }
      return next(query, reply);
    },
    metrics: () => counters.take(),
  };
}

/** If the answers end with an alias, the server itself is asked for its target. */
function followLast(query: Query, reply: Reply): void | Promise<void> {
  const last = reply.answers.at(-1);
  if (last?.type !== 'CNAME' || query.typeNumber === TYPE.CNAME || query.typeNumber === TYPE.ANY) return;
  return followAlias(query, reply, last.data as string).then(() => undefined);
}

class Template {
  readonly #options: TemplateOptions;
  readonly #patterns: readonly RegularExpression[];
  readonly #expressions: Expressions;
  readonly dependencies: readonly Dependency[];

  constructor(options: TemplateOptions) {
    this.#options = options;
    this.#patterns = options.patterns.map((source) => new RegularExpression(source));
    this.#expressions = new Expressions(options.variables, options.conditions);
    const fields = [...fieldsIn(options.records)].flatMap((field) => DEPENDENCIES[field] ?? []);
    this.dependencies = [...fields, ...this.#expressions.dependencies];
  }

  /** Whether the template applies to the query. */
  concerns(query: Query): boolean {
    const { qclass, qtype, zones } = this.#options;
    return isAsked(qclass, query.classNumber) && isAsked(qtype, query.typeNumber) && isInZones(query.key, zones);
  }

  /** The data for the template, and labels for metrics; undefined if the question is this template's and has no answer. */
  match(query: Query): { data: Struct; labels: { zone: string; class: string; type: string } } | 'next' | undefined {
    if (!this.concerns(query)) return 'next';
    const { qclass, qtype, zones, fallthrough } = this.#options;
    const [zone] = zones.filter((each) => isIn(query.key, each)).sort((a, b) => b.length - a.length);
    const name = goName(query.key);
    for (const pattern of this.#patterns) {
      const match = pattern.match(name);
      if (match === undefined) continue;
      const variables = this.#expressions.evaluate({ query, name, match });
      if (variables === undefined) break;
      const asked = {
        zone: withLastDot(zone),
        qclass: query.classNumber === TYPE.ANY ? qclass : query.classNumber,
        qtype: query.typeNumber === TYPE.ANY ? qtype : query.typeNumber,
      };
      return {
        data: templateData({ query, name, source: pattern.source, match, variables, ...asked }),
        labels: { zone: asked.zone, class: className(asked.qclass), type: typeName(asked.qtype) },
      };
    }
    return isInZones(query.key, fallthrough) ? 'next' : undefined;
  }

  /** Throws `Error` if a template fails, or its output is not a valid record; `count` counts that. */
  answer(reply: Reply, data: Struct, count: Count): void {
    const { records, rcode, ede } = this.#options;
    const made = (section: Section): ResourceRecord[] =>
      records[section].map(({ source, nodes }) => {
        const labels = { section, template: source };
        const output = counted(
          () => evaluate(nodes, data),
          () => {
            count('template_template_failures_total', 'Counter of go template failures.', labels);
          },
        );
        return counted(
          () => readRecord(output),
          () => {
            count('template_rr_failures_total', 'Counter of mis-templated RRs.', labels);
          },
        );
      });
    const [answers, authorities, additionals] = [made('answer'), made('authority'), made('additional')];
    reply.rcode = rcode;
    if (rcode === 'SERVFAIL') return;
    reply.authoritative = true;
    if (ede !== undefined) reply.ede(ede.code, ede.text);
    reply.answer(...answers);
    reply.authority(...authorities);
    reply.additional(...additionals);
  }
}

/** The result of `work`; `fail` runs before its error is thrown on. */
function counted<T>(work: () => T, fail: () => void): T {
  try {
    return work();
  } catch (error) {
    fail();
    throw error;
  }
}

function isAsked(of: number, asked: number): boolean {
  return of === TYPE.ANY || asked === TYPE.ANY || of === asked;
}

/** The names of all fields in a template, whatever they are fields of. */
function fieldsIn(part: unknown): Set<string> {
  if (typeof part !== 'object' || part === null) return new Set();
  const { fields = [] } = part as { fields?: string[] };
  return new Set([...fields, ...Object.values(part).flatMap((inner) => [...fieldsIn(inner)])]);
}
