/** `log [NAMES...] [FORMAT] { class CLASSES... }`: logs queries and their replies. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { decimalEscape } from '../../dns/escapes.js';
import { readZones } from '../arguments.js';
import { FORMATS, unknownFields } from './format.js';
import { QueryLog, type LogClass, type LogRule } from './handler.js';

const CLASSES: readonly string[] = ['success', 'denial', 'error', 'all'];

/** Its configuration is a rule for each of its uses in a server block. */
export const log: DirectiveDefinition<LogRule[]> = {
  name: 'log',
  setup: {
    configure: (uses) => uses.map(readUse),
    dependsOn: [],
    everyOpcode: true,
    start: (rules, { logger }) => new QueryLog(rules, logger),
  },
};

function readUse(use: DirectiveReader): LogRule {
  // Braces distinguish a format from a name.
  const last = use.args.at(-1);
  const hasFormat = last?.includes('{') ?? false;
  const names = hasFormat ? use.args.slice(0, -1) : use.args;
  const format = hasFormat && last !== undefined ? last : FORMATS.common;
  for (const field of unknownFields(format)) use.warn(`unknown field ${field}: it is printed unchanged`);
  const classes = use.block.flatMap(readClasses);
  return {
    zones: readZones(
      use,
      names.map((name) => escapeSpaces(use, name)),
      ['.'],
    ),
    format,
    classes: classes.length === 0 ? ['all'] : classes,
  };
}

function readClasses(line: DirectiveReader): LogClass[] {
  if (line.name !== 'class') throw line.error(`unknown option '${line.name}'`);
  line.refuseBlock();
  return line.arguments(1, Infinity).map((name) => {
    if (!CLASSES.includes(name)) throw line.error(`unknown class of responses: '${name}'`);
    return name as LogClass;
  });
}

/** As in CoreDNS, an empty text is the root, and a text with spaces is a name, though that is hardly intended. */
function escapeSpaces(use: DirectiveReader, name: string): string {
  if (name === '') return '.';
  if (!/\s/.test(name)) return name;
  use.warn(`${JSON.stringify(name)} is a name: a format has a field in braces`);
  return name.replaceAll(/\s/g, (space) => decimalEscape(space.charCodeAt(0)));
}
