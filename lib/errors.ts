/**
 * Errors with a `code`, made in one place so that their texts agree. Errors of options look like Node's own; errors of
 * this library alone have a code that starts with `ERR_MULTISOCKET_`.
 */
import { inspect } from 'node:util';

/** An `Error` with a stable `code`; `cause` is the error that led to it, if any. */
export interface CodedError extends Error {
  code: string;
}

/** Gives an error its code. */
export function withCode<E extends Error>(error: E, code: string): E & { code: string } {
  return Object.assign(error, { code });
}

/** Whether an error has a code, as those of the system and of Node have. */
export function isCoded(error: Error): error is CodedError {
  return typeof (error as { code?: unknown }).code === 'string';
}

/** `TypeError` `ERR_INVALID_ARG_TYPE`: an option is of the wrong type. `expected` completes "must be". */
export function invalidType(option: string, expected: string, value: unknown): CodedError {
  return withCode(
    new TypeError(`The "${option}" option must be ${expected}. Received ${shown(value)}`),
    'ERR_INVALID_ARG_TYPE',
  );
}

/** `TypeError` `ERR_INVALID_ARG_VALUE`: an option has the right type and an invalid value. */
export function invalidValue(option: string, reason: string, value: unknown): CodedError {
  return withCode(new TypeError(`The "${option}" option ${reason}. Received ${shown(value)}`), 'ERR_INVALID_ARG_VALUE');
}

/** `RangeError` `ERR_OUT_OF_RANGE`: a number is outside `range`, which completes "must be". */
export function outOfRange(option: string, range: string, value: unknown): CodedError {
  return withCode(
    new RangeError(`The "${option}" option is out of range. It must be ${range}. Received ${shown(value)}`),
    'ERR_OUT_OF_RANGE',
  );
}

/** Checks an integer option; returns it. Throws {@link invalidType} or {@link outOfRange}. */
export function checkInteger(option: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw invalidType(option, 'a number', value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw outOfRange(option, `an integer from ${least} to ${most}`, value);
  }
  return value;
}

/** Checks a boolean option; returns it. Throws {@link invalidType}. */
export function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidType(option, 'a boolean', value);
  return value;
}

function shown(value: unknown): string {
  return inspect(value, { depth: 0, maxStringLength: 80, breakLength: Infinity });
}
