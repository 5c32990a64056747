/** `log [NAMES...] [FORMAT] { class CLASSES... }`: logs queries and what became of them. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { readZones } from '../arguments.js';
import { checkFormat, FORMATS } from './format.js';
import { QueryLog, type LogClass, type LogRule } from './handler.js';

const CLASSES: readonly string[] = ['success', 'denial', 'error', 'all'];

/** Its configuration is a rule for each of its uses in a server block. */
export const log: DirectiveDefinition<LogRule[]> = {
  name: 'log',
  setup: {
    configure: (uses) => uses.map(readUse),
    dependsOn: [],
    start: (rules, { logger }) => new QueryLog(rules, logger),
  },
};

function readUse(use: DirectiveReader): LogRule {
  // A format is told from a name by its braces.
  const last = use.args.at(-1);
  const hasFormat = last?.includes('{') ?? false;
  const names = hasFormat ? use.args.slice(0, -1) : use.args;
  const format = hasFormat && last !== undefined ? last : FORMATS.common;
  const fault = checkFormat(format);
  if (fault !== undefined) throw use.error(fault);
  const classes = use.block.flatMap(readClasses);
  return { zones: readZones(use, names, ['.']), format, classes: classes.length === 0 ? ['all'] : classes };
}

function readClasses(line: DirectiveReader): LogClass[] {
  if (line.name !== 'class') throw line.error(`unknown option '${line.name}'`);
  line.refuseBlock();
  return line.arguments(1, Infinity).map((name) => {
    if (!CLASSES.includes(name)) throw line.error(`unknown class of responses: '${name}'`);
    return name as LogClass;
  });
}
