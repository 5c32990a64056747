/** `template CLASS TYPE [ZONE...] { match REGEX...; answer|additional|authority RR; rcode CODE; ederror ...; fallthrough }`. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { classNumber, rcodeNumber, typeNumber, type Rcode } from '../../dns/registry.js';
import { readFallthrough, readZones } from '../arguments.js';
import { startTemplates, type Section, type Template } from './handler.js';
import { compileRegexp } from './go-regexp.js';
import { parseTemplate } from './template-text.js';

const ANY = 255;
const SECTIONS: readonly string[] = ['answer', 'authority', 'additional'];
/** RFC 8914 s.5.2. */
const MAX_EDE = 65_535;

/** Its configuration is the templates of a server block, in the file's order. */
export const template: DirectiveDefinition<Template[]> = {
  name: 'template',
  setup: {
    configure: (uses, block) => uses.map((use) => readTemplate(use, block.zones)),
    start: startTemplates,
  },
};

function readTemplate(use: DirectiveReader, zones: readonly string[]): Template {
  const [className, typeName, ...names] = use.arguments(2, Infinity);
  const qclass = classNumber(className.toUpperCase());
  if (qclass === undefined) throw use.error(`invalid query class ${className}`);
  const qtype = typeNumber(typeName.toUpperCase());
  if (qtype === undefined) throw use.error(`invalid RR class ${typeName}`);
  const read: Template = {
    qclass: qclass === ANY ? undefined : qclass,
    qtype: qtype === ANY ? undefined : qtype,
    zones: readZones(use, names, zones),
    patterns: [],
    records: { answer: [], authority: [], additional: [] },
    rcode: 'NOERROR',
    ede: undefined,
    fallthrough: [],
  };
  for (const line of use.block) readLine(line, read);
  if (read.patterns.length === 0) read.patterns.push(/.*/);
  return read;
}

function readLine(line: DirectiveReader, read: Template): void {
  line.refuseBlock();
  if (line.name === 'match') {
    read.patterns.push(...line.arguments(1, Infinity).map((source) => compileRegexp(line, source)));
  } else if (SECTIONS.includes(line.name)) {
    for (const text of line.arguments(1, Infinity)) read.records[line.name as Section].push(parseTemplate(line, text));
  } else if (line.name === 'rcode') {
    const [text] = line.arguments(1);
    const code = text.toUpperCase();
    if (rcodeNumber(code) === undefined) throw line.error(`unknown rcode ${text}`);
    read.rcode = code as Rcode;
  } else if (line.name === 'ederror') {
    const [text, ...words] = line.arguments(1, Infinity);
    if (!/^\d+$/.test(text) || Number(text) > MAX_EDE)
      throw line.error(`error parsing extended DNS error code ${text}`);
    read.ede = { code: Number(text), text: words.join(' ') };
  } else if (line.name === 'fallthrough') {
    read.fallthrough = readFallthrough(line);
  } else if (line.name === 'upstream') {
    throw line.error('upstream is not supported');
  } else {
    throw line.error(`unknown property '${line.name}'`);
  }
}
