/** `tsig [ZONE...] { secret NAME KEY; secrets FILE; require [QTYPE...]; require_opcode [OPCODE...] }`: signed queries. */
import { resolve } from 'node:path';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { OPCODE } from '../../dns/numbers.js';
import { typeName, typeNumber, type Opcode } from '../../dns/registry.js';
import type { TsigKey } from '../../dns/tsig.js';
import { once, readZones } from '../arguments.js';
import { readKeys, TsigHandler, type Required, type TsigSettings } from './handler.js';
import { keysOf } from './key-file.js';

/** Opcodes that CoreDNS has besides ours. The server answers NOTIMP to them. */
const OTHER_OPCODES = ['IQUERY', 'STATUS'];

/** Its configuration has the keys of the Corefile, and the names of files with more. */
export const tsig: DirectiveDefinition<TsigSettings> = {
  name: 'tsig',
  setup: {
    configure(uses, block) {
      const use = once(uses);
      const settings: TsigSettings = {
        zones: readZones(use, use.args, block.zones),
        keys: [],
        files: [],
        types: [],
        opcodes: [],
      };
      for (const line of use.block) readLine(line, settings);
      return settings;
    },
    check(settings) {
      readKeys(settings);
      return [];
    },
    dependsOn: [],
    everyOpcode: true,
    start: (settings) => new TsigHandler(settings),
  },
};

function readLine(line: DirectiveReader, settings: TsigSettings): void {
  line.refuseBlock();
  if (line.name === 'secret') settings.keys.push(...readSecret(line, settings.keys));
  else if (line.name === 'secrets') settings.files.push(resolve(line.arguments(1)[0]));
  else if (line.name === 'require') settings.types = readRequired(line, settings.types, readType);
  else if (line.name === 'require_opcode') settings.opcodes = readRequired(line, settings.opcodes, readOpcode);
  else throw line.error(`unknown property '${line.name}'`);
}

function readSecret(line: DirectiveReader, known: readonly TsigKey[]): TsigKey[] {
  const [name, secret] = line.arguments(2);
  try {
    const keys = keysOf(name, secret);
    if (!known.some((key) => key.name === keys[0].name)) return keys;
  } catch (error) {
    throw line.error((error as Error).message);
  }
  throw line.error(`key ${JSON.stringify(name)} redefined`);
}

/** `all`, `none`, or names. The last line counts, but `all` stays, as in CoreDNS. */
function readRequired<Name>(
  line: DirectiveReader,
  before: Required<Name>,
  read: (line: DirectiveReader, text: string) => readonly Name[],
): Required<Name> {
  const names = line.arguments(1, Infinity);
  if (before === 'all' || names[0] === 'all') return 'all';
  return names[0] === 'none' ? [] : names.flatMap((name) => read(line, name));
}

function readType(line: DirectiveReader, text: string): string[] {
  const number = typeNumber(text);
  if (number === undefined) throw line.error(`unknown query type '${text}'`);
  return [typeName(number)];
}

function readOpcode(line: DirectiveReader, text: string): Opcode[] {
  if (Object.hasOwn(OPCODE, text)) return [text as Opcode];
  if (!OTHER_OPCODES.includes(text)) throw line.error(`unknown opcode '${text}'`);
  line.warn(`${text} has no effect: the server answers NOTIMP`);
  return [];
}
