/** Checks of names and types that a program gives. */
import { invalidValue } from '../errors.js';
import { normalizeName } from '../dns/names.js';
import { typeNumber } from '../dns/registry.js';

/** A name in the form of `Query.key`. Throws `ERR_INVALID_ARG_VALUE`, which calls it `what`. */
export function checkedName(what: string, text: string): string {
  const name = typeof (text as unknown) === 'string' ? normalizeName(text) : undefined;
  if (name === undefined) throw invalidValue(what, 'must be a domain name in presentation form', text);
  return name;
}

/** The number of a type. Throws `ERR_INVALID_ARG_VALUE`. */
export function checkedType(type: string): number {
  const number = typeNumber(type);
  if (number === undefined) throw invalidValue('type', "must be a type in upper case, as 'AAAA' or 'TYPE65280'", type);
  return number;
}
