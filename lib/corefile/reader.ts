/** A directive as its `configure` reads it. */
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
 * One use of a directive in a server block, or one line of its block. The errors that it makes have the prefix
 * `plugin/NAME: `, file and line, in CoreDNS's words.
 */
export class DirectiveReader implements Position {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** What follows the name on its line, without the braces. */
  readonly args: readonly string[];
  /** The lines between its braces, in order; empty without braces. */
  readonly block: readonly DirectiveReader[];
  /** Whether it has braces, be there anything between them or not. */
  readonly hasBlock: boolean;
  readonly #prefix: string;
  readonly #last: Word;
  readonly #warnings: CorefileWarning[];

  /** `plugin`: the directive's name, also for a line of its block. `warnings`: where {@link warn} adds to. */
  constructor(syntax: DirectiveSyntax, plugin: string, warnings: CorefileWarning[]) {
    this.name = syntax.name.text;
    this.file = syntax.name.file;
    this.line = syntax.name.line;
    this.args = syntax.args.map(({ text }) => text);
    this.block = syntax.block?.map((line) => new DirectiveReader(line, plugin, warnings)) ?? [];
    this.hasBlock = syntax.block !== undefined;
    this.#prefix = `plugin/${plugin}: `;
    this.#last = syntax.args.at(-1) ?? syntax.name;
    this.#warnings = warnings;
  }

  /** {@link args}, checked to be from `least` to `most` in number. Throws {@link argError} or {@link blockError}. */
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

  /** Adds a warning about this line, which `-check` shows and a server emits: it works, and is probably not what was meant. */
  warn(message: string): void {
    this.#warnings.push(corefileWarning(this, `${this.#prefix}${message}`));
  }

  /** `Wrong argument count or unexpected line ending after 'X'`, where X is the last argument, or the name without any. */
  argError(): CorefileError {
    return this.#parsingError(this.#last, `Wrong argument count or unexpected line ending after '${this.#last.text}'`);
  }

  /** `Unexpected token '{', expecting argument`. */
  blockError(): CorefileError {
    return this.#parsingError(this.#last, "Unexpected token '{', expecting argument");
  }

  /** `Unexpected token 'X', expecting 'EXPECTED'`, where X is the name, or the argument of that index. */
  syntaxError(expected: string, argument?: number): CorefileError {
    const token = argument === undefined ? this.name : (this.args[argument] ?? '');
    return syntaxError(this, token, expected, this.#prefix);
  }

  /** Any other fault of this line. */
  error(message: string): CorefileError {
    return this.#parsingError(this, message);
  }

  #parsingError(at: Position, message: string): CorefileError {
    return parsingError(at, message, this.#prefix);
  }
}
