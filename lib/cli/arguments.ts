/** Command lines: one dash and two mean the same, as in all programs written in Go. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** What is wrong with a command line; `usage` says what would be right. */
export class UsageError extends Error {
  readonly usage: string;

  constructor(message: string, usage: string) {
    super(message);
    this.usage = usage;
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values'];

/** Reads options. Throws {@link UsageError} for those that there are not. */
export function readOptions<T extends Options>(args: readonly string[], options: T, usage: string): Values<T> {
  try {
    return parseArgs({ args: args.map((argument) => argument.replace(/^-(?=[^-])/, '--')), options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, usage);
  }
}

/** Reads a number. Throws {@link UsageError} for what is none, or not within the bounds. */
export function readNumber(option: string, text: string, least: number, most: number, usage: string): number {
  const number = text.trim() === '' ? NaN : Number(text);
  if (number >= least && number <= most) return number;
  throw new UsageError(`-${option} is no number from ${least} to ${most}: ${text}`, usage);
}
