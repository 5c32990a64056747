/** A place in a Corefile or in a file that it imports. */
export interface Position {
  /** The file's name: as given for the Corefile, absolute for an imported file. */
  file: string;
  /** From 1. */
  line: number;
}

/** An error in a Corefile; the message starts with `FILE:LINE - `, or with `plugin/NAME: ` and then that. */
export interface CorefileError extends Error, Position {
  code: 'ERR_MULTISOCKET_COREFILE';
  /**
   * All errors, if the Corefile has several; the message then has a line for each, and the place is that of the first.
   */
  errors?: CorefileError[];
}

/** A warning about something that works and is probably not intended. It can be cloned into a worker. */
export interface CorefileWarning extends Position {
  /** Starts with `FILE:LINE - `. */
  message: string;
}

/** `FILE:LINE - Error during parsing: MESSAGE`, in CoreDNS's form. */
export function parsingError(at: Position, message: string, prefix = ''): CorefileError {
  return corefileError(at, `${prefix}${at.file}:${at.line} - Error during parsing: ${message}`);
}

/** `FILE:LINE - Syntax error: Unexpected token 'TOKEN', expecting 'EXPECTED'`, in CoreDNS's form. */
export function syntaxError(at: Position, token: string, expected: string, prefix = ''): CorefileError {
  const message = `Unexpected token '${token}', expecting '${expected}'`;
  return corefileError(at, `${prefix}${at.file}:${at.line} - Syntax error: ${message}`);
}

/** Makes a {@link CorefileWarning}. */
export function corefileWarning({ file, line }: Position, message: string): CorefileWarning {
  return { file, line, message: `${file}:${line} - Warning: ${message}` };
}

/** The errors of a Corefile, gathered so that all of them are reported at once. */
export class Faults {
  readonly #faults: CorefileError[] = [];

  /** In the order of the files and their lines. */
  get all(): CorefileError[] {
    const files = [...new Set(this.#faults.map(({ file }) => file))];
    return this.#faults.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line);
  }

  /**
   * Runs `work`; if it throws a {@link CorefileError}, keeps the error and returns undefined. Throws any other error.
   */
  gather<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_MULTISOCKET_COREFILE') throw error;
      this.add(error as CorefileError);
      return undefined;
    }
  }

  /** Keeps an error, or each of the errors that it contains. */
  add(fault: CorefileError): void {
    this.#faults.push(...(fault.errors ?? [fault]));
  }

  /** Throws the gathered errors, if any, as one {@link CorefileError}. */
  throwAny(): void {
    const { all } = this;
    if (all.length === 1) throw all[0];
    if (all.length > 1)
      throw Object.assign(corefileError(all[0], all.map(({ message }) => message).join('\n')), { errors: all });
  }
}

function corefileError({ file, line }: Position, message: string): CorefileError {
  return Object.assign(new Error(message), { code: 'ERR_MULTISOCKET_COREFILE' as const, file, line });
}
