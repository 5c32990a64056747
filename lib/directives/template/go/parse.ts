/** Reads templates of Go's text/template (https://pkg.go.dev/text/template). */
import { scanAction, scanTemplate, templateError, type Part, type Token } from './scan.js';
import { readCharacter, readNumber, readString } from './literals.js';

/** A source of a value. `fields` of a value are read one after the other. */
export type Operand =
  | { kind: 'literal'; value: string | bigint | number | boolean | null }
  | { kind: 'dot' }
  | { kind: 'field'; fields: string[] }
  | { kind: 'variable'; name: string; fields: string[] }
  | { kind: 'pipeline'; pipeline: Pipeline; fields: string[] }
  | { kind: 'function'; name: string };

/** An operand, or a function or method with its arguments. */
export type Command = Operand[];

/** Commands, each of which is the last argument of the next one. */
export interface Pipeline {
  /** Variables that get the value: one, or the key and the element of `range`. */
  variables: string[];
  /** Whether they are new ones. */
  declares: boolean;
  commands: Command[];
}

/** A part of a template. */
export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'print'; pipeline: Pipeline }
  | { kind: 'if' | 'with' | 'range'; pipeline: Pipeline; then: Node[]; otherwise: Node[] }
  | { kind: 'break' | 'continue' };

/** `name` is the template's in errors; `functions` are those that it may call. Throws `Error` in Go's words. */
export function parseTemplate(name: string, text: string, functions: ReadonlySet<string>): Node[] {
  const parser = new Parser(name, scanTemplate(name, text), functions);
  const nodes = parser.list(0);
  return nodes;
}

class Parser {
  readonly #name: string;
  readonly #parts: readonly Part[];
  readonly #functions: ReadonlySet<string>;
  /** The variables in sight, the last ones declared last. */
  readonly #variables = ['$'];
  #next = 0;
  #line = 1;
  /** What ended the last list: `end` or `else` and what follows. */
  #ending: Token[] = [];

  constructor(name: string, parts: readonly Part[], functions: ReadonlySet<string>) {
    this.#name = name;
    this.#parts = parts;
    this.#functions = functions;
  }

  /** Nodes up to the end of the template, or of the block at a depth above 0. `loops`: blocks of `range` around it. */
  list(depth: number, loops = 0): Node[] {
    const nodes: Node[] = [];
    const inSight = this.#variables.length;
    while (this.#next < this.#parts.length) {
      const part = this.#parts[this.#next++];
      this.#line = part.line;
      if (part.kind === 'text') {
        nodes.push({ kind: 'text', text: part.text });
        continue;
      }
      const tokens = scanAction(this.#name, part);
      const keyword = tokens.at(0)?.text ?? '';
      if (keyword === 'end' || keyword === 'else') {
        if (depth === 0) throw this.#error(`unexpected {{${keyword}}}`);
        this.#ending = tokens;
        this.#variables.length = inSight;
        return nodes;
      }
      nodes.push(this.#action(tokens, keyword, depth, loops));
    }
    if (depth > 0) throw this.#error('unexpected EOF');
    return nodes;
  }

  #action(tokens: Token[], keyword: string, depth: number, loops: number): Node {
    if (keyword === 'if' || keyword === 'with' || keyword === 'range') {
      return this.#block(keyword, tokens.slice(1), depth, loops);
    }
    if (keyword === 'break' || keyword === 'continue') {
      if (loops === 0) throw this.#error(`{{${keyword}}} outside {{range}}`);
      if (tokens.length > 1) throw this.#error(`unexpected ${quoted(tokens[1])} in {{${keyword}}}`);
      return { kind: keyword };
    }
    if (keyword === 'define' || keyword === 'block' || keyword === 'template') {
      throw this.#error(`{{${keyword}}} is not supported`);
    }
    return { kind: 'print', pipeline: this.#pipeline(new Tokens(tokens), 'command', false) };
  }

  #block(kind: 'if' | 'with' | 'range', tokens: Token[], depth: number, loops: number): Node {
    const inSight = this.#variables.length;
    const pipeline = this.#pipeline(new Tokens(tokens), kind, kind === 'range');
    const then = this.list(depth + 1, loops + (kind === 'range' ? 1 : 0));
    let otherwise: Node[] = [];
    const [keyword, chained, ...rest] = this.#ending as [Token, ...(Token | undefined)[]];
    if (keyword.text === 'else' && chained !== undefined) {
      if (kind === 'range' || chained.text !== kind) throw this.#error(`unexpected ${quoted(chained)} in {{else}}`);
      otherwise = [this.#block(kind, rest as Token[], depth, loops)];
    } else if (keyword.text === 'else') {
      otherwise = this.list(depth + 1, loops);
      if (this.#ending[0].text !== 'end') throw this.#error('expected end; found {{else}}');
    }
    this.#variables.length = inSight;
    return { kind, pipeline, then, otherwise };
  }

  /** `context` is what errors call it. */
  #pipeline(tokens: Tokens, context: string, isRange: boolean): Pipeline {
    const { variables, declares } = this.#declaration(tokens, isRange);
    const commands: Command[] = [];
    do commands.push(this.#command(tokens, context));
    while (tokens.take('|'));
    const extra = tokens.peek();
    if (extra !== undefined && !(extra.text === ')' && tokens.depth > 0)) {
      throw this.#error(extra.text === ')' ? 'unexpected right paren' : `unexpected ${quoted(extra)} in ${context}`);
    }
    for (const [place, command] of commands.entries()) {
      if (place > 0 && command[0].kind === 'literal') {
        throw this.#error(`non executable command in pipeline stage ${place + 1}`);
      }
    }
    if (declares) this.#variables.push(...variables);
    return { variables, declares, commands };
  }

  /** `$x :=`, `$x =`, and in `range` also `$i, $x :=`. */
  #declaration(tokens: Tokens, isRange: boolean): Pick<Pipeline, 'variables' | 'declares'> {
    const [first, second, third, fourth] = tokens.ahead(4);
    if (first?.kind !== 'variable') return { variables: [], declares: false };
    const pair = isRange && second?.text === ',' && third?.kind === 'variable';
    const sign = pair ? fourth : second;
    if (sign?.text !== ':=' && sign?.text !== '=') return { variables: [], declares: false };
    const variables = pair ? [first.text, third.text] : [first.text];
    tokens.skip(pair ? 4 : 2);
    const declares = sign.text === ':=';
    if (!declares) for (const variable of variables) this.#checkVariable(variable);
    return { variables, declares };
  }

  #command(tokens: Tokens, context: string): Command {
    const operands: Operand[] = [];
    for (;;) {
      const token = tokens.peek();
      if (token === undefined || token.text === '|' || token.text === ')') break;
      if (operands.length > 0 && !token.space) throw this.#error(`unexpected ${quoted(token)} in operand`);
      operands.push(this.#operand(tokens));
    }
    if (operands.length === 0) {
      if (tokens.depth > 0 || tokens.started) throw this.#error('missing value for parenthesized pipeline');
      throw this.#error(`missing value for ${context}`);
    }
    return operands;
  }

  #operand(tokens: Tokens): Operand {
    const token = tokens.next();
    const { kind, text } = token;
    if (kind === 'field') return { kind, fields: [text.slice(1), ...tokens.fields()] };
    if (kind === 'variable') {
      this.#checkVariable(text);
      return { kind, name: text, fields: tokens.fields() };
    }
    if (kind === 'string') return { kind: 'literal', value: this.#literal(() => readString(text)) };
    if (kind === 'character') return { kind: 'literal', value: this.#literal(() => readCharacter(text)) };
    if (kind === 'number') return { kind: 'literal', value: this.#literal(() => readNumber(text)) };
    if (text === '.') return { kind: 'dot' };
    if (text === '(') {
      tokens.depth++;
      const pipeline = this.#pipeline(tokens, 'parenthesized pipeline', false);
      if (!tokens.take(')')) throw this.#error('unclosed left paren');
      tokens.depth--;
      return { kind: 'pipeline', pipeline, fields: tokens.fields() };
    }
    if (kind !== 'word') throw this.#error(`unexpected ${quoted(token)} in operand`);
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
    if (text === 'nil') return { kind: 'literal', value: null };
    if (!this.#functions.has(text)) throw this.#error(`function ${JSON.stringify(text)} not defined`);
    return { kind: 'function', name: text };
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) throw this.#error(`undefined variable ${JSON.stringify(name)}`);
  }

  #literal<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw this.#error((error as Error).message);
    }
  }

  #error(reason: string): Error {
    return templateError(this.#name, this.#line, reason);
  }
}

/** The tokens of an action, one after the other. */
class Tokens {
  readonly #tokens: readonly Token[];
  #at = 0;
  /** Parentheses that are open. */
  depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get started(): boolean {
    return this.#at > 0;
  }

  peek(): Token | undefined {
    return this.#tokens.at(this.#at);
  }

  /** Throws if there is none. */
  next(): Token {
    return this.#tokens[this.#at++];
  }

  ahead(count: number): (Token | undefined)[] {
    return this.#tokens.slice(this.#at, this.#at + count);
  }

  skip(count: number): void {
    this.#at += count;
  }

  take(text: string): boolean {
    const token = this.peek();
    if (token?.kind !== 'symbol' || token.text !== text) return false;
    this.#at++;
    return true;
  }

  /** Fields right behind an operand: `.a.b`. */
  fields(): string[] {
    const fields: string[] = [];
    for (let token = this.peek(); token?.kind === 'field' && !token.space; token = this.peek()) {
      fields.push(token.text.slice(1));
      this.#at++;
    }
    return fields;
  }
}

function quoted({ kind, text }: Token): string {
  return kind === 'word' || kind === 'field' || kind === 'variable' ? `<${text}>` : JSON.stringify(text);
}
