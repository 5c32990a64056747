/** What is wrong, or odd, in a Corefile, and where. */

/** A place in a Corefile or in a file that it imports. */
export interface Position {
  /** The file's name: as it was given for the Corefile, absolute for one that is imported. */
  file: string;
  /** From 1. */
  line: number;
}

/** A fault in a Corefile; the message starts with `FILE:LINE - `, or with `plugin/NAME: ` and then that. */
export interface CorefileError extends Error, Position {
  code: 'ERR_MULTISOCKET_COREFILE';
  /** All faults, when the Corefile has several; the message then has a line for each, and the place is that of the first. */
  errors?: CorefileError[];
}

/** Something that works and is probably not what was meant. All of it can be cloned into a worker. */
export interface CorefileWarning extends Position {
  /** Starts with `FILE:LINE - `. */
  message: string;
}

/** `FILE:LINE - Error during parsing: MESSAGE`, CoreDNS's form. */
export function parsingError(at: Position, message: string, prefix = ''): CorefileError {
  return corefileError(at, `${prefix}${at.file}:${at.line} - Error during parsing: ${message}`);
}

/** `FILE:LINE - Syntax error: Unexpected token 'TOKEN', expecting 'EXPECTED'`, CoreDNS's form. */
export function syntaxError(at: Position, token: string, expected: string, prefix = ''): CorefileError {
  const message = `Unexpected token '${token}', expecting '${expected}'`;
  return corefileError(at, `${prefix}${at.file}:${at.line} - Syntax error: ${message}`);
}

/** A {@link CorefileWarning}. */
export function corefileWarning({ file, line }: Position, message: string): CorefileWarning {
  return { file, line, message: `${file}:${line} - Warning: ${message}` };
}

/** The faults of a Corefile, gathered so that all of them are reported at once. */
export class Faults {
  readonly #faults: CorefileError[] = [];

  /** In the order of the files and their lines. */
  get all(): CorefileError[] {
    const files = [...new Set(this.#faults.map(({ file }) => file))];
    return this.#faults.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line);
  }

  /** Runs `work`, and keeps a {@link CorefileError} that it throws; returns undefined then. Throws any other error. */
  gather<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_MULTISOCKET_COREFILE') throw error;
      this.add(error as CorefileError);
      return undefined;
    }
  }

  /** Keeps a fault, or each of those that it stands for. */
  add(fault: CorefileError): void {
    this.#faults.push(...(fault.errors ?? [fault]));
  }

  /** Throws what has been gathered, if anything, as one {@link CorefileError}. */
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
