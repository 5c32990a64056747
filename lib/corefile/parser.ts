/** Parses tokens into server blocks, each with its keys and a tree of directives. */
import {
  corefileWarning,
  Faults,
  parsingError,
  syntaxError,
  type CorefileError,
  type CorefileWarning,
  type Position,
} from './errors.js';
import { replaceEnvironment, type Environment } from './environment.js';
import { findImports } from './imports.js';
import type { Token } from './lexer.js';
import { TokenSource } from './token-source.js';

/** A word and its place. */
export interface Word extends Position {
  text: string;
}

/** A directive, or a line in a directive's block: a name, its arguments, and a block of more such lines. */
export interface DirectiveSyntax {
  name: Word;
  args: Word[];
  /** The lines between its braces; undefined without braces. */
  block: DirectiveSyntax[] | undefined;
}

/** A server block: its keys as written, with environment variables replaced, and its directives in the file's order. */
export interface ServerBlockSyntax {
  keys: Word[];
  directives: DirectiveSyntax[];
}

/** Options of {@link parseCorefile}. */
export interface ParseOptions {
  /** The file's name for messages; `import` is relative to it. */
  file: string;
  environment: Environment;
  /** Returns an error text for the name of an unknown directive; undefined for a known one. */
  unknown: (name: string) => string | undefined;
}

/** The result of {@link parseCorefile}. */
export interface ParsedCorefile {
  blocks: ServerBlockSyntax[];
  warnings: CorefileWarning[];
  /** Unknown directives, and the error after which nothing more could be read. `blocks` is what could be read. */
  faults: CorefileError[];
}

/** The most blocks within blocks. */
const MAX_NESTING = 100;

/** Parses a Corefile. */
export function parseCorefile(text: string, options: ParseOptions): ParsedCorefile {
  const faults = new Faults();
  const blocks: ServerBlockSyntax[] = [];
  const warnings: CorefileWarning[] = [];
  faults.gather(() => {
    new Parser(text, options, blocks, warnings, faults).parse();
  });
  return { blocks, warnings, faults: faults.all };
}

class Parser {
  readonly #options: ParseOptions;
  readonly #snippets = new Map<string, Token[]>();
  readonly #source: TokenSource;
  readonly #blocks: ServerBlockSyntax[];
  readonly #warnings: CorefileWarning[];
  readonly #faults: Faults;
  #nesting = 0;

  constructor(
    text: string,
    options: ParseOptions,
    blocks: ServerBlockSyntax[],
    warnings: CorefileWarning[],
    faults: Faults,
  ) {
    this.#options = options;
    this.#source = new TokenSource(text, options.file);
    this.#blocks = blocks;
    this.#warnings = warnings;
    this.#faults = faults;
  }

  /** Reads all server blocks. Throws a {@link CorefileError} where it cannot continue. */
  parse(): void {
    for (let token = this.#source.next(); token !== undefined; token = this.#source.next()) {
      if (isImport(token)) {
        this.#import(token);
        continue;
      }
      this.#serverBlock(token);
    }
  }

  /** Reads a server block, or a snippet, which is kept. */
  #serverBlock(first: Token): void {
    const keys = first.kind === '{' ? [] : this.#keys(first);
    const snippet = keys.length === 1 ? /^\((.*)\)$/s.exec(keys[0].text)?.[1] : undefined;
    if (snippet !== undefined) {
      this.#snippet(snippet);
      return;
    }
    const braced = this.#source.current.kind === '{' || this.#source.peek()?.kind === '{';
    if (this.#source.current.kind !== '{' && braced) this.#source.next();
    const block: ServerBlockSyntax = { keys, directives: [] };
    if (keys.length > 0) this.#blocks.push(block);
    else this.#warnings.push(corefileWarning(first, 'a server block without a key has no effect'));
    this.#directives(block.directives, braced);
  }

  /** Reads keys up to the brace or line break that ends them. */
  #keys(first: Token): Word[] {
    const keys: Word[] = [];
    for (let token: Token | undefined = first; token !== undefined; token = this.#source.next()) {
      if (token.kind !== 'word') throw unmatched(token);
      const word = this.#word(token);
      const comma = word.text.endsWith(',');
      if (comma) word.text = word.text.slice(0, -1);
      if (word.text.endsWith('{') || (comma && word.text === '')) {
        throw syntaxError(token, token.text, comma ? 'zone' : '{');
      }
      // A variable that is not set, or "", is not a key; this is allowed if there are other keys.
      if (word.text !== '') keys.push(word);
      const next = comma ? this.#peekKey() : this.#source.peek();
      if (next === undefined || next.kind === '{' || (next.startsLine && !comma)) break;
    }
    return keys;
  }

  /** The key that must follow a comma, which may stand in an imported file. */
  #peekKey(): Token {
    let next = this.#source.peek();
    while (next !== undefined && isImport(next)) {
      this.#source.next();
      this.#import(next);
      next = this.#source.peek();
    }
    if (next === undefined) throw parsingError(this.#source.current, 'Unexpected EOF');
    if (next.kind !== '{') return next;
    throw parsingError(next, "Expected another address but had '{' - check for extra comma");
  }

  /** Keeps the tokens between a snippet's braces. */
  #snippet(name: string): void {
    const open = this.#source.next();
    if (open?.kind !== '{') throw syntaxError(this.#source.current, this.#source.current.text, '{');
    if (this.#snippets.has(name)) throw parsingError(open, `redeclaration of previously declared snippet ${name}`);
    const tokens: Token[] = [];
    for (let nesting = 1; ;) {
      const token = this.#source.next();
      if (token === undefined) throw this.#unclosed();
      if (token.kind === '{') nesting++;
      if (token.kind === '}' && --nesting === 0) break;
      // It starts a line wherever it is imported.
      tokens.push(tokens.length === 0 ? { ...token, startsLine: true } : token);
    }
    this.#snippets.set(name, tokens);
  }

  /** Reads directives up to the closing brace, or to the end if there are no braces. */
  #directives(directives: DirectiveSyntax[], braced: boolean): void {
    for (let token = this.#source.next(); token !== undefined; token = this.#source.next()) {
      // As in CoreDNS, it also ends a block that has no opening brace.
      if (token.kind === '}') return;
      if (token.text === 'import') this.#import(token);
      else directives.push(...this.#directive(token));
    }
    if (braced) throw this.#unclosed();
  }

  /** Reads a directive; returns nothing for an unknown one, which is an error. */
  #directive(token: Token): DirectiveSyntax[] {
    if (token.kind !== 'word') throw parsingError(token, `Unknown directive '${token.text}'`);
    const unknown = this.#options.unknown(this.#replace(token.text));
    const directive = this.#line(token);
    const next = this.#source.peek();
    if (next?.kind === '}' && !next.startsLine) throw unmatched(next);
    if (unknown === undefined) return [directive];
    this.#faults.add(parsingError(token, unknown));
    return [];
  }

  /** Reads the rest of a line, and the block that it opens. */
  #line(first: Token): DirectiveSyntax {
    const line: DirectiveSyntax = { name: this.#word(first), args: [], block: undefined };
    for (
      let next = this.#source.peek();
      next !== undefined && !next.startsLine && next.kind !== '}';
      next = this.#source.peek()
    ) {
      if (line.block !== undefined) throw wrongArguments(next, '}');
      this.#source.next();
      if (next.kind === '{') line.block = this.#block(next);
      else line.args.push(this.#word(next));
    }
    return line;
  }

  /** Reads lines up to the closing brace. */
  #block(open: Token): DirectiveSyntax[] {
    if (++this.#nesting > MAX_NESTING) throw parsingError(open, `Blocks are nested more than ${MAX_NESTING} deep`);
    const lines: DirectiveSyntax[] = [];
    for (let token = this.#source.next(); token?.kind !== '}'; token = this.#source.next()) {
      if (token === undefined) throw parsingError(this.#source.current, 'Unexpected EOF');
      if (token.kind === '{') throw parsingError(token, "Unexpected token '{', expecting argument");
      if (isImport(token)) this.#import(token);
      else lines.push(this.#line(token));
    }
    this.#nesting--;
    return lines;
  }

  /** Inserts the tokens of a snippet or of files to be read next. */
  #import(at: Token): void {
    const argument = this.#source.peek();
    if (argument === undefined || argument.startsLine) throw wrongArguments(at, 'import');
    this.#source.next();
    const name = this.#replace(argument.text);
    if (name === '') throw parsingError(argument, 'Import requires a non-empty filepath');
    const extra = this.#source.peek();
    if (extra !== undefined && !extra.startsLine) {
      throw parsingError(extra, 'Import takes only one argument (glob pattern or file)');
    }
    const snippet = this.#snippets.get(name);
    if (snippet !== undefined) {
      this.#source.insertSnippet(name, snippet, argument);
      return;
    }
    const files = findImports(name, argument);
    if (files.length === 0) {
      this.#warnings.push(corefileWarning(argument, `No files matching import glob pattern: ${name}`));
    }
    this.#source.insertFiles(files, argument);
  }

  /** The error for a text that ends with an open brace. CoreDNS may take the closing brace of something else for it. */
  #unclosed(): CorefileError {
    const { text, kind } = this.#source.current;
    return kind === '}'
      ? parsingError(this.#source.current, 'Unexpected EOF')
      : syntaxError(this.#source.current, text, '}');
  }

  #word({ text, file, line }: Token): Word {
    return { text: this.#replace(text), file, line };
  }

  #replace(text: string): string {
    return replaceEnvironment(text, this.#options.environment);
  }
}

/** Whether a token is the keyword `import` and not an argument. */
function isImport(token: Token): boolean {
  return token.startsLine && token.text === 'import';
}

function unmatched(token: Token): CorefileError {
  return parsingError(token, "Unexpected '}' because no matching opening brace");
}

/** CoreDNS's message for too few or too many arguments after `text`. */
function wrongArguments(at: Position, text: string): CorefileError {
  return parsingError(at, `Wrong argument count or unexpected line ending after '${text}'`);
}
