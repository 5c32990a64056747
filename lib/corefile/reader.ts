import {
  corefileWarning,
  parsingError,
  syntaxError,
  type CorefileError,
  type CorefileWarning,
  type Position,
} from './errors.js';
import type { DirectiveSyntax, Word } from './parser.js';

/**
 * A directive for its `configure`: one use of it in a server block, or one line of its block. Its errors have the
 * prefix `plugin/NAME: `, file and line, in CoreDNS's words.
 */
export class DirectiveReader implements Position {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** The arguments after the name on its line, without the braces. */
  readonly args: readonly string[];
  /** The lines between its braces, in order; empty without braces. */
  readonly block: readonly DirectiveReader[];
  /** Whether it has braces, even empty ones. */
  readonly hasBlock: boolean;
  readonly #prefix: string;
  readonly #last: Word;
  readonly #warnings: CorefileWarning[];

  /** `directive`: the directive's name, also for a line of its block. `warnings`: {@link warn} adds to it. */
  constructor(syntax: DirectiveSyntax, directive: string, warnings: CorefileWarning[]) {
    this.name = syntax.name.text;
    this.file = syntax.name.file;
    this.line = syntax.name.line;
    this.args = syntax.args.map(({ text }) => text);
    this.block = syntax.block?.map((line) => new DirectiveReader(line, directive, warnings)) ?? [];
    this.hasBlock = syntax.block !== undefined;
    this.#prefix = `plugin/${directive}: `;
    this.#last = syntax.args.at(-1) ?? syntax.name;
    this.#warnings = warnings;
  }

  /** {@link args}, if there are `least` to `most` of them. Throws {@link argError} or {@link blockError}. */
  arguments(least: number, most: number = least): readonly string[] {
    if (this.args.length < least && this.hasBlock) throw this.blockError();
    if (this.args.length < least || this.args.length > most) throw this.argError();
    return this.args;
  }

  /** Throws {@link blockError} if there are braces. */
  refuseBlock(): void {
    if (this.hasBlock) throw this.blockError();
  }

  /** Warns if there are braces: CoreDNS skips them in directives whose arguments it reads up to a brace. */
  ignoreBlock(): void {
    if (this.hasBlock) this.warn('its braces have no effect');
  }

  /**
   * Adds a warning about this line, which `-check` shows and a server emits: the line works, and is probably not
   * intended.
   */
  warn(message: string): void {
    this.#warnings.push(corefileWarning(this, `${this.#prefix}${message}`));
  }

  /**
   * `Wrong argument count or unexpected line ending after 'X'`, where X is the last argument, or the name if there is
   * none.
   */
  argError(): CorefileError {
    return this.#parsingError(this.#last, `Wrong argument count or unexpected line ending after '${this.#last.text}'`);
  }

  /** `Unexpected token '{', expecting argument`. */
  blockError(): CorefileError {
    return this.#parsingError(this.#last, "Unexpected token '{', expecting argument");
  }

  /** `Unexpected token 'X', expecting 'EXPECTED'`, where X is the name, or the argument with that index. */
  syntaxError(expected: string, argument?: number): CorefileError {
    const token = argument === undefined ? this.name : (this.args[argument] ?? '');
    return syntaxError(this, token, expected, this.#prefix);
  }

  /** Any other error of this line. */
  error(message: string): CorefileError {
    return this.#parsingError(this, message);
  }

  #parsingError(at: Position, message: string): CorefileError {
    return parsingError(at, message, this.#prefix);
  }
}
