/** Reads command lines: one dash and two mean the same, as in all programs written in Go. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** An invalid command line; `usage` shows the valid form. */
export class UsageError extends Error {
  readonly usage: string;

  constructor(message: string, usage: string) {
    super(message);
    this.usage = usage;
  }
}

/** A request for help: `-h`, `-help` or `--help` is among the arguments. */
export class HelpRequest extends Error {
  readonly usage: string;

  constructor(usage: string) {
    super('help');
    this.usage = usage;
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values'];

/** Reads options. Throws {@link HelpRequest}, and {@link UsageError} for unknown options. */
export function readOptions<T extends Options>(args: readonly string[], options: T, usage: string): Values<T> {
  if (args.some((argument) => /^--?(?:h|help)$/.test(argument))) throw new HelpRequest(usage);
  try {
    return parseArgs({ args: args.map((argument) => argument.replace(/^-(?=[^-])/, '--')), options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, usage);
  }
}

/** Reads a number. Throws {@link UsageError} for any other text, and for a number outside of the bounds. */
export function readNumber(option: string, text: string, least: number, most: number, usage: string): number {
  const number = text.trim() === '' ? NaN : Number(text);
  if (number >= least && number <= most) return number;
  throw new UsageError(`-${option} must be a number from ${least} to ${most}, not ${text}`, usage);
}
