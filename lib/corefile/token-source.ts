import { resolve } from 'node:path';
import { parsingError, type Position } from './errors.js';
import { readImport } from './imports.js';
import { tokenize, type Token } from './lexer.js';

/** The most tokens that may be imported in total, so that recursive imports end. */
const MAX_IMPORTED = 1_000_000;

/** Tokens to read in turn. */
interface Frame {
  tokens: readonly Token[];
  next: number;
  /** The frame to read after this one. */
  rest: Frame | undefined;
  /** The name of their file or snippet. */
  name: string;
  /** The frame whose `import` led here. */
  importedBy: Frame | undefined;
}

/** The tokens of a Corefile in reading order, with the imported ones in place. */
export class TokenSource {
  readonly #files = new Map<string, Token[]>();
  #frame: Frame;
  #current: Token;
  #imported = 0;

  /** Throws a {@link CorefileError} for a quote that is not closed. */
  constructor(text: string, file: string) {
    this.#frame = {
      tokens: tokenize(text, file),
      next: 0,
      rest: undefined,
      name: resolve(file),
      importedBy: undefined,
    };
    this.#current = { text: '', kind: 'word', file, line: 1, startsLine: true };
  }

  /** The last token that was read; an empty one at first. */
  get current(): Token {
    return this.#current;
  }

  /** The token that {@link next} reads, undefined at the end. */
  peek(): Token | undefined {
    let frame: Frame | undefined = this.#frame;
    while (frame !== undefined && frame.next === frame.tokens.length) frame = frame.rest;
    return frame?.tokens[frame.next];
  }

  /** Reads a token; returns undefined at the end. */
  next(): Token | undefined {
    // A frame is left only here, so that an `import` at its end still knows its place.
    while (this.#frame.next === this.#frame.tokens.length && this.#frame.rest !== undefined)
      this.#frame = this.#frame.rest;
    const token = this.#frame.tokens.at(this.#frame.next);
    if (token === undefined) return undefined;
    this.#frame.next++;
    this.#current = token;
    return token;
  }

  /**
   * Inserts a snippet's tokens to be read next; `at` is its `import`. Throws a {@link CorefileError} if the snippet
   * imports itself, directly or through others, or if too much is imported.
   */
  insertSnippet(name: string, tokens: readonly Token[], at: Position): void {
    this.#insert(`(${name})`, tokens, this.#frame, at);
  }

  /**
   * Inserts the tokens of files to be read next, one file after the other. Throws as {@link insertSnippet}, or if a
   * file cannot be read.
   */
  insertFiles(files: readonly string[], at: Position): void {
    const importedBy = this.#frame;
    for (const file of files.toReversed()) this.#insert(file, this.#tokensOf(file, at), importedBy, at);
  }

  #insert(name: string, tokens: readonly Token[], importedBy: Frame, at: Position): void {
    const names = [name];
    for (let frame: Frame | undefined = importedBy; frame !== undefined; frame = frame.importedBy) {
      names.push(frame.name);
      if (frame.name === name) throw parsingError(at, `${name} imports itself: ${names.reverse().join(' -> ')}`);
    }
    this.#imported += tokens.length;
    if (this.#imported > MAX_IMPORTED) throw parsingError(at, `Imports have more than ${MAX_IMPORTED} tokens in all`);
    this.#frame = { tokens, next: 0, rest: this.#frame, name, importedBy };
  }

  #tokensOf(file: string, at: Position): Token[] {
    let tokens = this.#files.get(file);
    if (tokens === undefined) {
      tokens = tokenize(readImport(file, at), file);
      this.#files.set(file, tokens);
    }
    return tokens;
  }
}
