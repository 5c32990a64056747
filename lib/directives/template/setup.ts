/** `template CLASS TYPE [ZONE...] { match REGEX...; answer|additional|authority RR; rcode CODE; ederror ...; fallthrough }`. */
import { MAX_CODE } from '../../dns/numbers.js';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { classNumber, typeNumber, type Rcode } from '../../dns/registry.js';
import { rcodeOf, readExpression, readFallthrough, readZones } from '../arguments.js';
import { FUNCTION_NAMES } from './go/functions.js';
import { parseTemplate, type Node } from './go/parse.js';
import { QUERY_FUNCTIONS } from './expr/environment.js';
import { isReserved } from './expr/parse.js';
import { Expressions, type Variable } from './expressions.js';
import { startTemplates, type TemplateOptions } from './handler.js';

/** RFC 8914 s.5.2. */
/** Matches every name. */
const ANY_NAME = '.*';

/** Its configuration is the templates of a server block, in the file's order. */
export const template: DirectiveDefinition<TemplateOptions[]> = {
  name: 'template',
  setup: {
    configure: (uses, block) => uses.map((use) => readTemplate(use, block.zones)),
    dependsOn: ['clientAddress', 'clientPort', 'localAddress', 'transport', 'edns', 'message'],
    start: startTemplates,
  },
};

function readTemplate(use: DirectiveReader, zones: readonly string[]): TemplateOptions {
  const [className, typeName, ...names] = use.arguments(2, Infinity);
  const qclass = classNumber(className);
  if (qclass === undefined) throw use.error(`invalid query class ${className}`);
  const qtype = typeNumber(typeName);
  if (qtype === undefined) throw use.error(`invalid RR class ${typeName}`);
  const read: TemplateOptions = {
    qclass,
    qtype,
    zones: readZones(use, names, zones),
    patterns: [],
    variables: [],
    conditions: [],
    records: { answer: [], authority: [], additional: [] },
    rcode: 'NOERROR',
    ede: undefined,
    fallthrough: [],
  };
  for (const line of use.block) readLine(line, read);
  if (read.patterns.length === 0) read.patterns.push(ANY_NAME);
  return read;
}

function readLine(line: DirectiveReader, read: TemplateOptions): void {
  line.refuseBlock();
  switch (line.name) {
    case 'match':
      for (const source of line.arguments(1, Infinity)) {
        read.patterns.push(readExpression(line, source, (reason) => `could not parse regex: ${source}, ${reason}`));
      }
      break;
    case 'answer':
    case 'authority':
    case 'additional':
      for (const text of line.arguments(1, Infinity))
        read.records[line.name].push({ source: compact(text), nodes: readRecord(line, text) });
      break;
    case 'var':
      read.variables.push(readVariable(line, read));
      break;
    case 'expr':
      read.conditions.push(readCondition(line, read));
      break;
    case 'rcode':
      read.rcode = readRcode(line);
      break;
    case 'ederror':
      read.ede = readEde(line);
      break;
    case 'fallthrough':
      read.fallthrough = readFallthrough(line);
      break;
    case 'upstream':
      break; // from earlier versions of CoreDNS, where it had a meaning
    default:
      throw line.error(`unknown property '${line.name}'`);
  }
}

/** The template as Go writes it, for metrics: without white space inside its braces. */
function compact(text: string): string {
  return text.replaceAll(/\{\{\s+/g, '{{').replaceAll(/\s+\}\}/g, '}}');
}

function readRecord(line: DirectiveReader, text: string): Node[] {
  try {
    return parseTemplate(line.name, text, FUNCTION_NAMES);
  } catch (error) {
    throw line.error(`could not compile template: ${text}, ${(error as Error).message}`);
  }
}

function readVariable(line: DirectiveReader, { variables }: TemplateOptions): Variable {
  const [name, ...words] = line.arguments(2, Infinity);
  if (!/^[a-zA-Z_]\w*$/.test(name)) throw line.error(`invalid variable name ${JSON.stringify(name)}`);
  if (isReserved(name) || QUERY_FUNCTIONS.includes(name) || variables.some((variable) => variable.name === name))
    throw line.error(`variable name ${JSON.stringify(name)} is reserved`);
  const variable = { name, source: words.join(' ') };
  checkExpressions(line, `${name}, `, [...variables, variable], []);
  return variable;
}

function readCondition(line: DirectiveReader, { variables }: TemplateOptions): string {
  const source = line.arguments(1, Infinity).join(' ');
  checkExpressions(line, '', variables, [source]);
  return source;
}

function checkExpressions(line: DirectiveReader, of: string, variables: Variable[], conditions: string[]): void {
  try {
    new Expressions(variables, conditions);
  } catch (error) {
    throw line.error(`could not compile expression: ${of}${(error as Error).message}`);
  }
}

function readRcode(line: DirectiveReader): Rcode {
  const [text] = line.arguments(1);
  const code = rcodeOf(text);
  if (code === undefined) throw line.error(`unknown rcode ${text}`);
  return code;
}

function readEde(line: DirectiveReader): TemplateOptions['ede'] {
  const [code, text = ''] = line.arguments(1, 2) as [string, string?];
  if (!/^\d+$/.test(code) || Number(code) > MAX_CODE) throw line.error(`error parsing extended DNS error code ${code}`);
  return { code: Number(code), text };
}
