/** Evaluates expressions. */
import { RegularExpression } from '../../../corefile/regular-expression.js';
import { FUNCTIONS, listOf, numberOf, textOf, type Function, type Value } from './functions.js';
import type { Expression } from './parse.js';

/** The variables and functions that an expression can name, besides those of the language. */
export type Environment = ReadonlyMap<string, Value | Function>;

/** The element that a predicate looks at. */
interface Element {
  value: Value;
  index: number;
}

/** The most numbers of a range. */
const MAX_RANGE = 1_000_000;

/** Throws `Error` if an operator or a function does not accept a value. */
export function evaluateExpression(expression: Expression, environment: Environment, element?: Element): Value {
  const run = (inner: Expression): Value => evaluateExpression(inner, environment, element);
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'name':
      return asValue(environment.get(expression.name));
    case 'element':
      return element?.value;
    case 'index':
      return element?.index;
    case 'array':
      return expression.elements.map(run);
    case 'map':
      return new Map(expression.entries.map(([key, value]) => [textOf(run(key)), run(value)]));
    case 'unary': {
      const value = run(expression.operand);
      if (expression.operator === '!') return !truth(value);
      return expression.operator === '-' ? -numberOf(value) : numberOf(value);
    }
    case 'choice':
      return truth(run(expression.condition)) ? run(expression.then) : run(expression.otherwise);
    case 'member':
      return member(run(expression.of), run(expression.key), expression.optional);
    case 'slice':
      return slice(run(expression.of), expression.from && run(expression.from), expression.to && run(expression.to));
    case 'binary':
      return binary(expression.operator, run(expression.left), () => run(expression.right));
    case 'call': {
      const { name, args } = expression;
      const called = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : environment.get(name);
      if (typeof called === 'function') return called(...args.map(run));
      const test = (value: Value, index: number): Value =>
        args.length < 2 ? value : evaluateExpression(args[1], environment, { value, index });
      return predicate(name, listOf(run(args[0])), test);
    }
  }
}

function predicate(name: string, list: readonly Value[], run: (value: Value, index: number) => Value): Value {
  const test = (value: Value, index: number): boolean => truth(run(value, index));
  switch (name) {
    case 'all':
      return list.every(test);
    case 'any':
      return list.some(test);
    case 'none':
      return !list.some(test);
    case 'one':
      return list.filter(test).length === 1;
    case 'filter':
      return list.filter(test);
    case 'count':
      return list.filter(test).length;
    case 'find':
      return list.find(test) ?? null;
    case 'findIndex':
      return list.findIndex(test);
    default:
      return list.map(run);
  }
}

function binary(operator: string, left: Value, right: () => Value): Value {
  switch (operator) {
    case '??':
      return left ?? right();
    case 'or':
    case '||':
      return truth(left) || truth(right());
    case 'and':
    case '&&':
      return truth(left) && truth(right());
    case '==':
      return isEqual(left, right());
    case '!=':
      return !isEqual(left, right());
    case 'in':
      return isIn(left, right());
    case 'not in':
      return !isIn(left, right());
    case 'contains':
      return textOf(left).includes(textOf(right()));
    case 'startsWith':
      return textOf(left).startsWith(textOf(right()));
    case 'endsWith':
      return textOf(left).endsWith(textOf(right()));
    case 'matches':
      return new RegularExpression(textOf(right())).test(textOf(left));
    case '+':
      return typeof left === 'string' ? left + textOf(right()) : numberOf(left) + numberOf(right());
    case '<':
    case '<=':
    case '>':
    case '>=':
      return ordered(operator, left, right());
    default:
      return arithmetic(operator, numberOf(left), numberOf(right()));
  }
}

function ordered(operator: '<' | '<=' | '>' | '>=', left: Value, right: Value): boolean {
  const [a, b] = typeof left === 'string' ? [left, textOf(right)] : [numberOf(left), numberOf(right)];
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

function arithmetic(operator: string, left: number, right: number): Value {
  switch (operator) {
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      if (right === 0) throw new Error('integer divide by zero');
      return left % right;
    case '..': {
      if (right - left >= MAX_RANGE) throw new Error(`a range has more than ${MAX_RANGE} numbers`);
      return Array.from({ length: Math.max(0, right - left + 1) }, (_, i) => left + i);
    }
    default:
      return left ** right;
  }
}

function member(of: Value, key: Value, optional: boolean): Value {
  if ((of === null || of === undefined) && optional) return null;
  if (of instanceof Map) return (of as ReadonlyMap<string, Value>).get(textOf(key));
  const list = typeof of === 'string' ? Array.from(of) : listOf(of);
  const index = numberOf(key);
  if (index < -list.length || index >= list.length) throw new Error(`index out of range: ${index}`);
  return list.at(index);
}

function slice(of: Value, from: Value, to: Value): Value {
  const list = typeof of === 'string' ? of : listOf(of);
  return list.slice(from === undefined ? 0 : numberOf(from), to === undefined ? undefined : numberOf(to));
}

function isEqual(a: Value, b: Value): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    const [left, right] = [listOf(a), listOf(b)];
    return left.length === right.length && left.every((value, i) => isEqual(value, right[i]));
  }
  return (a ?? null) === (b ?? null);
}

function isIn(value: Value, of: Value): boolean {
  if (of instanceof Map) return of.has(value);
  return listOf(of).some((element) => isEqual(element, value));
}

function truth(value: Value): boolean {
  if (typeof value !== 'boolean') throw new Error('expected true or false');
  return value;
}

function asValue(value: Value | Function): Value {
  if (typeof value === 'function') throw new Error('a function has to be called');
  return value;
}
