import type { Logger } from 'multisocket';

/** A logger that adds each message to the list that `lines` returns. */
export function loggerInto(lines: () => string[]): Logger {
  const add = (message: string): void => {
    lines().push(message);
  };
  return { debug: add, info: add, warn: add, error: add };
}
