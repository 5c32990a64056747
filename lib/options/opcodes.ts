/** The option `opcodes`. */
import { OPCODE } from '../dns/numbers.js';
import type { Opcode } from '../dns/registry.js';
import { invalidValue } from '../errors.js';
import { isTexts, value, type Option } from './option.js';

const NAMES = Object.keys(OPCODE) as readonly Opcode[];
const expected = "an array of 'QUERY', 'NOTIFY' and 'UPDATE', with 'QUERY' among them";
const names = value(expected, isTexts);

/** Opcodes by their names; QUERY is always among them. */
export const opcodes: Option<readonly Opcode[], readonly Opcode[]> = {
  expected,
  range: undefined,
  default: ['QUERY'],
  otherwise: "`['QUERY']`",
  check(path, given) {
    const list = names.check(path, given);
    const known = list.filter((name): name is Opcode => (NAMES as readonly string[]).includes(name));
    if (known.length === list.length && known.includes('QUERY')) return [...new Set(known)];
    throw invalidValue(path, `must be ${expected}`, given);
  },
};
