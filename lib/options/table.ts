/** Checks options by their table. */
import { invalidType, invalidValue } from '../errors.js';
import { nearest } from '../nearest.js';
import type { Option, ResolvedOf, Table } from './option.js';

/**
 * Checks the options of a table and fills in the defaults. `path`: the option that they are in; '' for those of
 * `createServer`.
 *
 * Throws TypeError or RangeError with code `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE`, which
 * names the option, its value and what is allowed. For an unknown name it names the nearest one.
 */
export function resolve<T extends Table>(path: string, table: T, given: unknown): ResolvedOf<T> {
  checkNames(path, table, given);
  const resolved: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    const value = given[name];
    if (value !== undefined || option.required === true) resolved[name] = option.check(pathTo(path, name), value);
    else resolved[name] = option.sameAs === undefined ? option.default : resolved[option.sameAs];
  }
  return resolved as ResolvedOf<T>;
}

/** Checks the options that `given` has; the others are missing from the result. Throws as {@link resolve}. */
export function resolveGiven<T extends Table>(path: string, table: T, given: unknown): Partial<ResolvedOf<T>> {
  checkNames(path, table, given);
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    present.map(([name, value]) => [name, table[name].check(pathTo(path, name), value)]),
  ) as Partial<ResolvedOf<T>>;
}

/** The option is an object of the options of `table`. `finish` checks what depends on several of them. */
export function group<Given, Resolved = Required<Given>>(
  table: Table,
  finish: (checked: Resolved, path: string, given: unknown) => Resolved = (checked) => checked,
): Option<Given, Resolved> {
  return {
    expected: 'an object',
    range: undefined,
    default: undefined,
    table,
    check: (path, given) => finish(resolve(path, table, given) as Resolved, path, given),
  };
}

/** As {@link group}: without the option, all of its options have their defaults. */
export function groupOfDefaults<Given, Resolved = Required<Given>>(table: Table): Option<Given, Resolved> {
  return { ...group<Given, Resolved>(table), default: resolve('', table, {}) as Resolved, otherwise: '`{}`' };
}

/** The options of `given` that a table has, and no others. */
export function pick<T extends Table>(table: T, given: ResolvedOf<T>): ResolvedOf<T> {
  return Object.fromEntries(Object.keys(table).map((name) => [name, given[name]])) as ResolvedOf<T>;
}

function checkNames(path: string, table: Table, given: unknown): asserts given is Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidType(path === '' ? 'options' : path, 'an object', given);
  }
  const known = Object.keys(table);
  for (const [name, value] of Object.entries(given)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean "${pathTo(path, meant)}"?`;
    throw invalidValue(pathTo(path, name), `does not exist: ${hint}`, value);
  }
}

function pathTo(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
