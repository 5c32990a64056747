/** What an option is, and how to make one. A table of options is an object of them: see `table.ts`. */
import { invalidType, invalidValue, outOfRange } from '../errors.js';

/**
 * An option. Its docstring in the table is what users read: it describes the option, and ends with the range and the
 * default, which `npm run lint` compares with what is written here.
 *
 * `Given`: what users may pass. `Resolved`: what the library gets.
 */
export interface Option<Given = unknown, Resolved = Given> {
  /** What a value may be; completes "must be". */
  readonly expected: string;
  /** The range as the documentation shows it; undefined: there is none. */
  readonly range: string | undefined;
  /** The value of an option that is not given. */
  readonly default: Resolved | undefined;
  /** The option of the same table whose value is the default. */
  readonly sameAs?: string;
  /** The default as the documentation shows it, where its value alone does not say it. */
  readonly otherwise?: string;
  /** Whether the option must be given. */
  readonly required?: boolean;
  /** Whether `server.reload()` may change it. */
  readonly reload?: boolean;
  /** The options in it. */
  readonly table?: Table;
  /** Returns the checked value. Throws an error that names `path`, the value and what is allowed. */
  check(path: string, value: unknown): Resolved;
  /** Exists in the type only. */
  readonly given?: Given;
}

/** Options by name. */
export type Table = Readonly<Record<string, Option>>;

type GivenOf<O> = O extends Option<infer Given, unknown> ? Given : never;
type RequiredNames<T> = { [Name in keyof T]: T[Name] extends { required: true } ? Name : never }[keyof T];
type ReloadNames<T> = { [Name in keyof T]: T[Name] extends { reload: true } ? Name : never }[keyof T];
// With a type parameter for the names the compiler keeps the docstrings.
type Needed<T, Names extends keyof T> = { [Name in Names]: GivenOf<T[Name]> };
type Optional<T, Names extends keyof T> = { [Name in Names]?: GivenOf<T[Name]> };

/** The type of the options that a table describes, as users give them. */
export type OptionsOf<T> = Needed<T, RequiredNames<T>> & Optional<T, Exclude<keyof T, RequiredNames<T>>>;
/** The rows of the options that `server.reload()` may change. */
export type Reloadable<T> = Pick<T, ReloadNames<T>>;
/** The type of the options of a table after the check, with all values present. */
export type ResolvedOf<T> = { [Name in keyof T]: T[Name] extends Option<unknown, infer Resolved> ? Resolved : never };

/** The bounds of an integer, and its default. */
export interface IntegerBounds<Word> {
  min: number;
  max: number;
  default?: number | NoInfer<Word>;
  /** An earlier option of the table whose value is the default. */
  sameAs?: string;
  /** How the documentation shows numbers: plain, or in KiB, MiB and GiB. */
  unit?: 'bytes';
  /** A value beside the numbers. */
  or?: Word;
}

/** An option that is an integer. */
export interface IntegerOption<Word = never> extends Option<number | Word> {
  readonly min: number;
  readonly max: number;
}

/** The option is an integer from `min` to `max`, or the word `or`. */
export function integer<const Word = never>(bounds: IntegerBounds<Word>): IntegerOption<Word> {
  const { min, max, default: initial, sameAs, unit, or } = bounds;
  const also = or === undefined ? '' : ` or ${literal(or)}`;
  const expected = `a number${also}`;
  const shown = (value: number): string => (unit === 'bytes' ? inBytes(value) : value.toLocaleString('en-US'));
  return {
    expected,
    range: `${shown(min)} to ${shown(max)}${also}`,
    default: initial,
    ...(sameAs !== undefined && { sameAs }),
    ...(Number.isFinite(initial) && { otherwise: shown(initial as number) }),
    min,
    max,
    check(path, value) {
      if (or !== undefined && value === or) return or;
      if (typeof value !== 'number') throw invalidType(path, expected, value);
      if (Number.isInteger(value) && value >= min && value <= max) return value;
      throw outOfRange(path, `an integer from ${min} to ${max}${also}`, value);
    },
  };
}

/** The option is true or false. */
export function flag(initial?: boolean): Option<boolean> {
  return value('a boolean', (given) => typeof given === 'boolean', initial);
}

/** An option that is one of a few values. */
export interface ChoiceOption<Choice> extends Option<Choice> {
  readonly choices: readonly Choice[];
}

/** The option is one of `choices`. */
export function oneOf<const Choice>(choices: readonly Choice[], initial?: NoInfer<Choice>): ChoiceOption<Choice> {
  const words = choices.map(literal);
  const expected = [words.slice(0, -1).join(', '), words[words.length - 1]].join(' or ');
  return {
    expected,
    range: expected,
    default: initial,
    choices,
    check(path, given) {
      if (choices.includes(given as Choice)) return given as Choice;
      throw invalidValue(path, `must be ${expected}`, given);
    },
  };
}

/** The option is a value that `is` accepts. `expected` completes "must be". */
export function value<Given>(
  expected: string,
  is: (value: unknown) => value is Given,
  initial?: NoInfer<Given>,
): Option<Given> {
  return {
    expected,
    range: undefined,
    default: initial,
    check(path, given) {
      if (is(given)) return given;
      throw invalidType(path, expected, given);
    },
  };
}

/** As {@link value}, for a secret: messages show only its type. */
export function secret<Given>(expected: string, is: (value: unknown) => value is Given): Option<Given> {
  return {
    ...value(expected, is),
    check(path, given) {
      if (is(given)) return given;
      throw invalidType(path, expected, typeof given);
    },
  };
}

/** The option is a text. */
export function text(): Option<string> {
  return value('a string', (given) => typeof given === 'string');
}

/** The option becomes what `read` returns. `read` throws an error that names the path, for a value that is not allowed. */
export function converted<Given, Resolved>(
  option: Option<Given>,
  read: (path: string, value: Given) => Resolved,
  range?: string,
): Option<Given, Resolved> {
  return {
    ...option,
    range,
    default: undefined,
    check: (path, given) => read(path, option.check(path, given)),
  };
}

/** The option is undefined if it is not given. `otherwise`: what this means, for the documentation. */
export function optional<Given, Resolved>(
  option: Option<Given, Resolved>,
  otherwise: string,
): Option<Given, Resolved | undefined> {
  return { ...option, otherwise };
}

/** The option must be given. */
export function required<O extends Option>(option: O): O & { readonly required: true } {
  return { ...option, required: true };
}

/** `server.reload()` may change the option. */
export function reloads<O extends Option>(option: O): O & { readonly reload: true } {
  return { ...option, reload: true };
}

/** Whether a value is an array of strings. */
export function isTexts(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.every((element) => typeof element === 'string');
}

/** A value as it stands in a program. */
export function literal(given: unknown): string {
  return typeof given === 'string' ? `'${given}'` : String(given);
}

function inBytes(value: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  let [rest, unit] = [value, 0];
  while (rest >= 1024 && rest % 1024 === 0 && unit < units.length - 1) [rest, unit] = [rest / 1024, unit + 1];
  return `${rest.toLocaleString('en-US')}${unit === 0 ? '' : ` ${units[unit]}`}`;
}
