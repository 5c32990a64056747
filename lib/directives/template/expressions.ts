import type { Dependency } from '../../message/cache-choice.js';
import { environmentOf, expressionDependencies, QUERY_FUNCTIONS, type Asked } from './expr/environment.js';
import { evaluateExpression } from './expr/evaluate.js';
import type { Value as ExpressionValue } from './expr/functions.js';
import { parseExpression, type Expression } from './expr/parse.js';
import type { Value } from './go/values.js';
import { fromOutside } from './outside-text.js';

/** A `var`. */
export interface Variable {
  name: string;
  source: string;
}

/** The compiled `var` and `expr` of a template. */
export class Expressions {
  readonly dependencies: readonly Dependency[];
  readonly #variables: readonly { name: string; expression: Expression }[];
  readonly #conditions: readonly Expression[];

  /** Throws `Error` for an invalid expression. */
  constructor(variables: readonly Variable[], conditions: readonly string[]) {
    const names = new Set(QUERY_FUNCTIONS);
    this.#variables = variables.map(({ name, source }) => {
      const expression = parseExpression(source, names);
      names.add(name);
      return { name, expression };
    });
    this.#conditions = conditions.map((source) => parseExpression(source, names));
    this.dependencies = expressionDependencies([this.#variables, this.#conditions]);
  }

  /**
   * The variables for a template; undefined if a condition is not true. Throws `Error` if an operator or a function
   * does not accept a value.
   */
  evaluate(asked: Asked): ReadonlyMap<string, Value> | undefined {
    const variables = new Map<string, Value>();
    if (this.#variables.length + this.#conditions.length === 0) return variables;
    const environment = new Map<string, ExpressionValue | ((...args: ExpressionValue[]) => ExpressionValue)>(
      environmentOf(asked),
    );
    for (const { name, expression } of this.#variables) {
      const value = evaluateExpression(expression, environment);
      environment.set(name, value);
      variables.set(name, templateValue(value));
    }
    const holds = this.#conditions.every((condition) => evaluateExpression(condition, environment) === true);
    return holds ? variables : undefined;
  }
}

/** A value in the form of templates. Text that an expression makes is data. */
function templateValue(value: ExpressionValue): Value {
  if (typeof value === 'string') return fromOutside(value);
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) {
    const entries = Array.from(value as ReadonlyMap<string, ExpressionValue>);
    return new Map(entries.map(([key, inner]) => [key, templateValue(inner)]));
  }
  return (value as readonly ExpressionValue[]).map(templateValue);
}
