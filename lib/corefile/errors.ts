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

function corefileError({ file, line }: Position, message: string): CorefileError {
  return Object.assign(new Error(message), { code: 'ERR_MULTISOCKET_COREFILE' as const, file, line });
}
