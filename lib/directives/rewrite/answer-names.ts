/** Restores the names in an answer to those that the client asked about. */
import { fillGroups, RegularExpression } from '../../corefile/regular-expression.js';
import { absoluteName } from '../../dns/names.js';
import type { ResourceRecord } from '../../dns/record.js';
import { goName } from '../go-name.js';
import type { AnswerRule, NameRule } from './rules.js';

/** Returns another name for a name that ends with a dot, or the same name. */
type Rename = (name: string) => string;

/** The changes of the names of a record, and of those in its data. */
export interface AnswerNames {
  name: Rename;
  value: Rename;
}

/** The field that is a name in the data of a type. `undefined`: the data are the name. */
const VALUES: Readonly<Record<string, string | undefined>> = {
  CNAME: undefined,
  DNAME: undefined,
  NS: undefined,
  PTR: undefined,
  MX: 'exchange',
  NAPTR: 'replacement',
  SOA: 'mname',
  SRV: 'target',
};

const same: Rename = (name) => name;

/** The compiled expressions of a rule, for each query that it applies to. */
export type ExplicitNames = readonly AnswerNames[];

/** Compiles the `answer name` and `answer value` of a rule. */
export function explicitNames(rules: readonly AnswerRule[]): ExplicitNames {
  return rules.map(({ what, from, to }) => {
    const expression = new RegularExpression(from);
    const rename: Rename = (name) => {
      const match = expression.match(name);
      return match === undefined ? name : fillGroups(to, match);
    };
    return what === 'name' ? { name: rename, value: same } : { name: same, value: rename };
  });
}

/**
 * The steps that turn `asked` back into `before`. With `answer auto` they apply to all names at or below it, with
 * `suffix` to all that have the suffix. Otherwise only to the owner, unless an `answer name` has changed it.
 */
export function revertedNames({ pattern, to, auto }: NameRule, before: string, asked: string): AnswerNames[] {
  if (pattern.kind === 'suffix' && auto) {
    const rename = renameEnd(to, pattern.from);
    return [{ name: rename, value: rename }];
  }
  if (auto || pattern.kind === 'exact') {
    const below = renameEnd(`.${asked}`, `.${before}`);
    const rename: Rename = (name) => (isSame(name, asked) ? before : below(name));
    return [{ name: rename, value: rename }];
  }
  return [{ name: (name) => (isSame(name, asked) ? before : name), value: same }];
}

/** The record with its names restored: the last change is undone first. */
export function renamed(record: ResourceRecord, steps: readonly AnswerNames[]): ResourceRecord {
  const name = canonical(steps.reduceRight((inner, step) => step.name(inner), dotted(record.name)));
  return { ...record, name, data: renamedData(record, steps) } as ResourceRecord;
}

function renamedData({ type, data }: ResourceRecord, steps: readonly AnswerNames[]): unknown {
  if (!Object.hasOwn(VALUES, type) || data instanceof Uint8Array) return data;
  const rename = (name: string): string =>
    canonical(steps.reduceRight((inner, step) => step.value(inner), dotted(name)));
  const field = VALUES[type];
  if (field === undefined) return typeof data === 'string' ? rename(data) : data;
  const fields = data as unknown as Record<string, unknown>;
  const name = fields[field];
  return typeof name === 'string' ? { ...fields, [field]: rename(name) } : data;
}

function renameEnd(from: string, to: string): Rename {
  return (name) => {
    const start = name.length - from.length;
    return start >= 0 && isSame(name.slice(start), from) ? name.slice(0, start) + to : name;
  };
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** A name in the form that queries have, so that it can be compressed. Throws `Error` for an invalid name. */
function canonical(name: string): string {
  return name.includes('\\') ? absoluteName(name, '.') : name;
}

/** A record's name, which may have its last dot or not, in the form that expressions see. */
function dotted(name: string): string {
  return name === '.' || name === '' ? '.' : goName(name.replace(/(?<!\\)\.$/, ''));
}
