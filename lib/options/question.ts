import { classNumber, typeNumber } from '../dns/registry.js';
import { MAX_CODE } from '../dns/numbers.js';
import { normalizeName } from '../dns/names.js';
import { invalidValue } from '../errors.js';
import { converted, flag, required, text, value, type Option, type OptionsOf, type ResolvedOf } from './option.js';

const isNameOrNumber = (given: unknown): given is string | number =>
  typeof given === 'string' || typeof given === 'number';

/** The option is a number, 0 to 65,535, that may be given by its name. `initial`: the name of the default. */
function code(
  what: string,
  numberOf: (name: string) => number | undefined,
  initial: string,
): Option<string | number, number> {
  const read = (path: string, given: string | number): number => {
    const number = typeof given === 'string' ? numberOf(given.toUpperCase()) : given;
    if (number !== undefined && Number.isInteger(number) && number >= 0 && number <= MAX_CODE) return number;
    throw invalidValue(path, `must be a ${what}`, given);
  };
  const range = `a ${what} by its name, or 0 to 65,535`;
  const option = converted(value('a string or a number', isNameOrNumber), read, range);
  return { ...option, default: read('', initial), otherwise: `'${initial}'` };
}

/** What `forwarder.query` asks. */
export const question = {
  /** The name, in presentation form (RFC 1035 s.5.1). */
  name: required(converted(text(), readName)),
  /** QTYPE. A type by its name, or 0 to 65,535; default 'A'. */
  type: code('type', typeNumber, 'A'),
  /** QCLASS. A class by its name, or 0 to 65,535; default 'IN'. */
  class: code('class', classNumber, 'IN'),
  /** RD: the upstream is to ask others. Default true. */
  recursionDesired: flag(true),
  /** CD: the upstream is not to check DNSSEC (RFC 4035 s.3.2.2). Default false. */
  checkingDisabled: flag(false),
  /** AD: the answer is to say whether it was checked (RFC 6840 s.5.7). Default false. */
  authenticData: flag(false),
  /** DO: the answer is to have the DNSSEC records (RFC 3225). Default false. */
  dnssecOk: flag(false),
  /** Whether an upstream without TLS is asked by TCP alone. Default false. */
  tcp: flag(false),
};

/** A question for upstreams. */
export interface QuestionOptions extends OptionsOf<typeof question> {}
/** {@link QuestionOptions} after the check. */
export type QuestionConfig = ResolvedOf<typeof question>;

function readName(path: string, given: string): string {
  if (normalizeName(given) !== undefined) return given;
  throw invalidValue(path, 'must be a domain name', given);
}
