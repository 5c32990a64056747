/** The values of Go's templates. */

/** A function that is a field of a struct. */
export type Method = (...args: Value[]) => Value;

/** A struct of Go. Its fields may be getters. */
export class Struct {
  readonly type: string;
  readonly fields: Readonly<Record<string, Value>>;

  /** `type` is for errors. */
  constructor(type: string, fields: Readonly<Record<string, Value>>) {
    this.type = type;
    this.fields = fields;
  }
}

/** An integer is a bigint, a float a number. `null` is nil, `undefined` a missing value. */
export type Value =
  | string
  | bigint
  | number
  | boolean
  | null
  | undefined
  | readonly Value[]
  | ReadonlyMap<string, Value>
  | Struct
  | Method;

/** Whether `value` is a list. */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** The name of the value's type in errors. */
export function typeOf(value: Value): string {
  if (value instanceof Struct) return value.type;
  if (value instanceof Map) return 'map';
  if (isList(value)) return 'slice';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float64';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'nil';
}

/** Whether the value is true for `if`: neither zero nor empty. */
export function isTrue(value: Value): boolean {
  if (value instanceof Map) return value.size > 0;
  return isList(value) ? value.length > 0 : Boolean(value);
}

/** The value as text, as Go prints it with `%v`. */
export function printed(value: Value): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '<no value>';
  if (value === null) return '<nil>';
  if (isList(value)) return `[${value.map(printed).join(' ')}]`;
  if (value instanceof Map) {
    const entries = Array.from(value as ReadonlyMap<string, Value>).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${entries.map(([key, element]) => `${key}:${printed(element)}`).join(' ')}]`;
  }
  if (value instanceof Struct) {
    const { String: method } = value.fields;
    if (typeof method === 'function') return printed(method());
    return `{${Object.values(value.fields).map(printed).join(' ')}}`;
  }
  if (typeof value === 'function') throw new Error("can't print a function");
  return (value as bigint | number | boolean).toString();
}
