/** Runs templates of Go's text/template. */
import { functions } from './functions.js';
import type { Command, Node, Operand, Pipeline } from './parse.js';
import { isList, isTrue, printed, Struct, typeOf, type Value } from './values.js';

/** What ended a list of nodes early. */
type Stop = 'break' | 'continue' | undefined;

/** The output of a template for `data`. Throws `Error` where Go fails. */
export function evaluate(nodes: readonly Node[], data: Value): string {
  const run = new Run(data);
  run.walk(nodes, data);
  return run.output;
}

class Run {
  output = '';
  readonly #variables: { name: string; value: Value }[];

  constructor(data: Value) {
    this.#variables = [{ name: '$', value: data }];
  }

  walk(nodes: readonly Node[], dot: Value): Stop {
    const inSight = this.#variables.length;
    let stop: Stop;
    for (const node of nodes) {
      stop = this.#node(node, dot);
      if (stop !== undefined) break;
    }
    this.#variables.length = inSight;
    return stop;
  }

  #node(node: Node, dot: Value): Stop {
    switch (node.kind) {
      case 'text':
        this.output += node.text;
        return undefined;
      case 'print': {
        const value = this.#pipeline(node.pipeline, dot);
        if (node.pipeline.variables.length === 0) this.output += printed(value);
        return undefined;
      }
      case 'break':
      case 'continue':
        return node.kind;
      default:
        return this.#block(node, dot);
    }
  }

  #block({ kind, pipeline, then, otherwise }: Extract<Node, { then: unknown }>, dot: Value): Stop {
    const inSight = this.#variables.length;
    const value = this.#pipeline(pipeline, dot);
    let stop: Stop;
    if (kind === 'range') stop = this.#range(value, pipeline, then, otherwise, dot);
    else if (isTrue(value)) stop = this.walk(then, kind === 'with' ? value : dot);
    else stop = this.walk(otherwise, dot);
    this.#variables.length = inSight;
    return stop;
  }

  #range(value: Value, { variables, declares }: Pipeline, then: Node[], otherwise: Node[], dot: Value): Stop {
    const inSight = this.#variables.length;
    let none = true;
    for (const [key, element] of elementsOf(value)) {
      none = false;
      if (variables.length === 1) this.#set(variables[0], element, declares);
      if (variables.length === 2) {
        this.#set(variables[0], key, declares);
        this.#set(variables[1], element, declares);
      }
      const stop = this.walk(then, element);
      this.#variables.length = inSight;
      if (stop === 'break') break;
    }
    return none ? this.walk(otherwise, dot) : undefined;
  }

  #pipeline({ variables, declares, commands }: Pipeline, dot: Value): Value {
    let value: Value;
    for (const [place, command] of commands.entries()) value = this.#command(command, dot, place === 0 ? [] : [value]);
    if (variables.length === 1) this.#set(variables[0], value, declares);
    return value;
  }

  #command([first, ...rest]: Command, dot: Value, last: readonly Value[]): Value {
    if (first.kind === 'function' && (first.name === 'and' || first.name === 'or')) {
      return this.#shortCircuit(first.name === 'and', rest, dot, last);
    }
    const target = this.#target(first, dot);
    if (typeof target !== 'function') {
      if (rest.length + last.length > 0) throw new Error(`can't give arguments to a value of type ${typeOf(target)}`);
      return target;
    }
    return target(...rest.map((operand) => this.#value(operand, dot)), ...last);
  }

  /** `and` and `or` look at no more arguments than they need. */
  #shortCircuit(isAnd: boolean, operands: readonly Operand[], dot: Value, last: readonly Value[]): Value {
    if (operands.length + last.length === 0) throw new Error('wrong number of args for and, or: want at least 1 got 0');
    let value: Value;
    for (const operand of operands) {
      value = this.#value(operand, dot);
      if (isTrue(value) !== isAnd) return value;
    }
    return last.length > 0 ? last[0] : value;
  }

  /** An operand's value; a function or method is called. */
  #value(operand: Operand, dot: Value): Value {
    const target = this.#target(operand, dot);
    return typeof target === 'function' ? target() : target;
  }

  #target(operand: Operand, dot: Value): Value {
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'dot':
        return dot;
      case 'field':
        return fieldsOf(dot, operand.fields);
      case 'variable':
        return fieldsOf(this.#variables.findLast(({ name }) => name === operand.name)?.value, operand.fields);
      case 'pipeline':
        return fieldsOf(this.#pipeline(operand.pipeline, dot), operand.fields);
      case 'function':
        return functions[operand.name];
    }
  }

  #set(name: string, value: Value, declares: boolean): void {
    const there = declares ? undefined : this.#variables.findLast((variable) => variable.name === name);
    if (there === undefined) this.#variables.push({ name, value });
    else there.value = value;
  }
}

function fieldsOf(value: Value, fields: readonly string[]): Value {
  return fields.reduce((inner, field) => fieldOf(typeof inner === 'function' ? inner() : inner, field), value);
}

function fieldOf(value: Value, field: string): Value {
  if (value instanceof Map) return (value as ReadonlyMap<string, Value>).get(field);
  if (value instanceof Struct && Object.hasOwn(value.fields, field)) return value.fields[field];
  throw new Error(`can't evaluate field ${field} in type ${typeOf(value)}`);
}

function* elementsOf(value: Value): Generator<[Value, Value]> {
  if (isList(value)) {
    for (const [index, element] of value.entries()) yield [BigInt(index), element];
  } else if (value instanceof Map) {
    const entries = Array.from(value as ReadonlyMap<string, Value>);
    yield* entries.sort(([a], [b]) => (a < b ? -1 : 1));
  } else if (typeof value === 'bigint') {
    for (let number = 0n; number < value; number++) yield [number, number];
  } else if (value !== undefined && value !== null) {
    throw new Error(`range can't iterate over a value of type ${typeOf(value)}`);
  }
}
