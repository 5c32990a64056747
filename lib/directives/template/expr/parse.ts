/** Reads expressions in the language of `var` and `expr` (https://expr-lang.org/docs/language-definition). */
import { readNumber, readString } from '../go/literals.js';
import { FUNCTIONS, PREDICATES } from './functions.js';

/** An expression as a tree. */
export type Expression =
  | { kind: 'literal'; value: string | number | boolean | null }
  | { kind: 'name'; name: string }
  /** `#`, the element that a predicate looks at, or `#index`. */
  | { kind: 'element' | 'index' }
  | { kind: 'array'; elements: Expression[] }
  | { kind: 'map'; entries: [Expression, Expression][] }
  | { kind: 'unary'; operator: string; operand: Expression }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression }
  | { kind: 'choice'; condition: Expression; then: Expression; otherwise: Expression }
  | { kind: 'member'; of: Expression; key: Expression; optional: boolean }
  | { kind: 'slice'; of: Expression; from: Expression | undefined; to: Expression | undefined }
  | { kind: 'call'; name: string; args: Expression[] };

/** The operators with two operands, by how strongly they bind. */
const BINARY: Readonly<Record<string, number>> = {
  '??': 5,
  or: 10,
  '||': 10,
  and: 15,
  '&&': 15,
  '==': 20,
  '!=': 20,
  '<': 20,
  '>': 20,
  '<=': 20,
  '>=': 20,
  in: 20,
  'not in': 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  matches: 20,
  '..': 25,
  '+': 30,
  '-': 30,
  '*': 60,
  '/': 60,
  '%': 60,
  '**': 100,
  '^': 100,
};
const NOT = 50;
const SIGN = 90;
const WORDS = [
  'or',
  'and',
  'in',
  'contains',
  'startsWith',
  'endsWith',
  'matches',
  'not',
  'true',
  'false',
  'nil',
  'let',
];
/** The deepest nesting of an expression. */
const MAX_DEPTH = 200;

const TOKEN =
  /\s+|(?<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|(?<number>0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)|(?<word>[\p{L}_$][\p{L}\p{Nd}_$]*)|(?<symbol>#index|\?\?|\?\.|\*\*|==|!=|<=|>=|&&|\|\||\.\.|[-+*/%^<>!?:.,()[\]{}#|])/uy;

interface Token {
  kind: string;
  text: string;
  at: number;
}

/** Whether a variable must not have that name: it is a word or function of the language. */
export function isReserved(name: string): boolean {
  return WORDS.includes(name) || Object.hasOwn(FUNCTIONS, name) || PREDICATES.includes(name);
}

/** `names` are the variables and functions besides those of the language. Throws `Error` for an invalid expression. */
export function parseExpression(source: string, names: ReadonlySet<string>): Expression {
  const parser = new Parser(scan(source), names);
  const expression = parser.pipe();
  parser.end();
  return expression;
}

function scan(source: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < source.length; at = TOKEN.lastIndex) {
    const found = TOKEN.exec(source);
    if (found === null) throw new Error(`unrecognized character ${JSON.stringify(source[at])} (1:${at + 1})`);
    const group = Object.entries(found.groups ?? {}).find(([, text]) => (text as string | undefined) !== undefined);
    if (group !== undefined) tokens.push({ kind: group[0], text: group[1], at });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #names: ReadonlySet<string>;
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], names: ReadonlySet<string>) {
    this.#tokens = tokens;
    this.#names = names;
  }

  end(): void {
    if (this.#next < this.#tokens.length) throw this.#unexpected();
  }

  /** `a | f(b)` is `f(a, b)`. */
  pipe(): Expression {
    let value = this.#choice();
    while (this.#take('|')) {
      const token = this.#tokens.at(this.#next);
      if (token?.kind !== 'word') throw this.#unexpected();
      this.#next++;
      this.#expect('(');
      value = this.#postfix(this.#call(token.text, token.at, [value]));
    }
    return value;
  }

  #choice(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new Error(`the expression is nested more than ${MAX_DEPTH} deep`);
    const condition = this.#binary(0);
    let result = condition;
    if (this.#take('?')) {
      const then = this.#choice();
      this.#expect(':');
      result = { kind: 'choice', condition, then, otherwise: this.#choice() };
    }
    this.#depth--;
    return result;
  }

  #binary(least: number): Expression {
    let left = this.#unary();
    for (;;) {
      const operator = this.#operator();
      const power = operator === undefined ? undefined : BINARY[operator];
      if (operator === undefined || power === undefined || power < least) return left;
      this.#next += operator === 'not in' ? 2 : 1;
      const right = this.#binary(power === BINARY['**'] ? power : power + 1);
      left = { kind: 'binary', operator, left, right };
    }
  }

  #operator(): string | undefined {
    const [token, after] = this.#tokens.slice(this.#next, this.#next + 2) as (Token | undefined)[];
    if (token?.kind === 'word' && token.text === 'not' && after?.text === 'in') return 'not in';
    return token !== undefined && token.kind !== 'string' && Object.hasOwn(BINARY, token.text) ? token.text : undefined;
  }

  #unary(): Expression {
    for (const operator of ['not', '!', '-', '+']) {
      if (this.#take(operator)) {
        const isNot = operator === 'not' || operator === '!';
        return { kind: 'unary', operator: isNot ? '!' : operator, operand: this.#binary(isNot ? NOT : SIGN) };
      }
    }
    return this.#postfix(this.#primary());
  }

  #postfix(start: Expression): Expression {
    let of = start;
    for (;;) {
      const optional = this.#take('?.');
      if (optional || this.#take('.')) {
        const token = this.#tokens.at(this.#next++);
        if (token?.kind !== 'word') throw this.#unexpected(-1);
        of = { kind: 'member', of, key: { kind: 'literal', value: token.text }, optional };
      } else if (this.#take('[')) {
        of = this.#indexed(of);
      } else {
        return of;
      }
    }
  }

  #indexed(of: Expression): Expression {
    const from = this.#peek(':') ? undefined : this.#choice();
    if (from !== undefined && this.#take(']')) return { kind: 'member', of, key: from, optional: false };
    this.#expect(':');
    const to = this.#peek(']') ? undefined : this.#choice();
    this.#expect(']');
    return { kind: 'slice', of, from, to };
  }

  #primary(): Expression {
    const token = this.#tokens.at(this.#next);
    if (token === undefined) throw this.#unexpected();
    this.#next++;
    const { kind, text, at } = token;
    if (kind === 'string') return { kind: 'literal', value: readString(text) };
    if (kind === 'number') return { kind: 'literal', value: Number(readNumber(text)) };
    if (text === '(') return this.#closed(this.pipe(), ')');
    if (text === '[') return { kind: 'array', elements: this.#list(']', () => this.#choice()) };
    if (text === '{') return { kind: 'map', entries: this.#list('}', () => this.#entry()) };
    if (text === '#') return { kind: 'element' };
    if (text === '#index') return { kind: 'index' };
    if (kind !== 'word') throw this.#unexpected(-1);
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
    if (text === 'nil') return { kind: 'literal', value: null };
    if (this.#take('(')) return this.#call(text, at, []);
    if (!this.#names.has(text)) throw new Error(`unknown name ${text} (1:${at + 1})`);
    return { kind: 'name', name: text };
  }

  #call(name: string, at: number, first: Expression[]): Expression {
    const isPredicate = PREDICATES.includes(name);
    if (!isPredicate && !Object.hasOwn(FUNCTIONS, name) && !this.#names.has(name))
      throw new Error(`unknown name ${name} (1:${at + 1})`);
    const rest = this.#list(')', () => {
      // A predicate may stand in braces.
      if (isPredicate && this.#take('{')) return this.#closed(this.pipe(), '}');
      return this.#choice();
    });
    return { kind: 'call', name, args: [...first, ...rest] };
  }

  #entry(): [Expression, Expression] {
    const token = this.#tokens.at(this.#next);
    const isName = token?.kind === 'word';
    if (isName) this.#next++;
    const key: Expression = isName ? { kind: 'literal', value: token.text } : this.#primary();
    this.#expect(':');
    return [key, this.#choice()];
  }

  #list<T>(end: string, read: () => T): T[] {
    const items: T[] = [];
    while (!this.#take(end)) {
      if (items.length > 0) this.#expect(',');
      if (items.length > 0 && this.#take(end)) break;
      items.push(read());
    }
    return items;
  }

  #closed(expression: Expression, end: string): Expression {
    this.#expect(end);
    return expression;
  }

  #peek(text: string): boolean {
    const token = this.#tokens.at(this.#next);
    return token !== undefined && token.kind !== 'string' && token.text === text;
  }

  #take(text: string): boolean {
    const there = this.#peek(text);
    if (there) this.#next++;
    return there;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected();
  }

  #unexpected(from = 0): Error {
    const token = this.#tokens.at(this.#next + from);
    if (token === undefined || this.#next + from < 0) return new Error('unexpected token EOF');
    return new Error(`unexpected token ${JSON.stringify(token.text)} (1:${token.at + 1})`);
  }
}
