/** The names of DNS parameters by their numbers, and the numbers by the names. */
import { inspect } from 'node:util';
import { CLASS, MAX_CODE, OPCODE, OPCODE_MASK, OPCODE_SHIFT, RCODE, TYPE } from './numbers.js';

/** The name of a response code (RFC 1035 s.4.1.1, RFC 6895 s.2.3). */
export type Rcode = keyof typeof RCODE;

/** The name of an opcode (RFC 1035 s.4.1.1, RFC 1996, RFC 2136). */
export type Opcode = keyof typeof OPCODE;

const opcodeNames = new Map(Object.entries(OPCODE).map(([name, number]) => [number as number, name as Opcode]));
const typeNumbers = new Map<string, number>(Object.entries(TYPE));
const typeNames = new Map([...typeNumbers].map(([name, number]) => [number, name]));
const classNumbers = new Map<string, number>(Object.entries(CLASS));
const classNames = new Map([...classNumbers].map(([name, number]) => [number, name]));
const rcodeNumbers = new Map<string, number>(Object.entries(RCODE));
/** For errors. */
const RCODES = [...rcodeNumbers].map(([name, number]) => `${name} (${number})`).join(', ');
const rcodeNames = new Map([...rcodeNumbers].map(([name, number]) => [number, name as Rcode]));

/** The opcode in a header's flags; undefined for one without a name here. */
export function opcodeName(flags: number): Opcode | undefined {
  return opcodeNames.get((flags & OPCODE_MASK) >> OPCODE_SHIFT);
}

/** The name of a resource record type; `TYPE65280` for a type without a name (RFC 3597 s.5). */
export function typeName(number: number): string {
  return typeNames.get(number) ?? `TYPE${number}`;
}

/**
 * The number of a type by its name, `TYPE65280` or dns-packet's `UNKNOWN_65280`; upper case. Undefined for an unknown
 * name.
 */
export function typeNumber(name: string): number | undefined {
  return typeNumbers.get(name) ?? generic(/^(?:TYPE|UNKNOWN_)(\d{1,5})$/.exec(name));
}

/** The name of a class; `CLASS32` for a class without a name (RFC 3597 s.5). */
export function className(number: number): string {
  return classNames.get(number) ?? `CLASS${number}`;
}

/** The number of a class by its name, `CLASS32` or dns-packet's `UNKNOWN_32`; upper case. Undefined for an unknown name. */
export function classNumber(name: string): number | undefined {
  return classNumbers.get(name) ?? generic(/^(?:CLASS|UNKNOWN_)(\d{1,5})$/.exec(name));
}

/** The name of a response code, which includes the upper eight bits from OPT; undefined for a code without a name. */
export function rcodeName(number: number): Rcode | undefined {
  return rcodeNames.get(number);
}

/** The number of a response code, 0 to 23; undefined for an unknown name. */
export function rcodeNumber(name: string): number | undefined {
  return rcodeNumbers.get(name);
}

function generic(match: RegExpExecArray | null): number | undefined {
  const number = Number(match?.[1] ?? NaN);
  return number <= MAX_CODE ? number : undefined;
}

/** The number of a response code. Throws `RangeError` for an unknown one. */
export function checkedRcodeNumber(rcode: Rcode): number {
  const number = rcodeNumber(rcode);
  if (number === undefined) throw new RangeError(`invalid response code ${inspect(rcode)}: ${RCODES}`);
  return number;
}

/** The name of a response code. Throws `RangeError` for a number that has none. */
export function checkedRcodeName(number: number): Rcode {
  const rcode = rcodeName(number);
  if (rcode === undefined) throw new RangeError(`invalid response code ${number}: ${RCODES}`);
  return rcode;
}
