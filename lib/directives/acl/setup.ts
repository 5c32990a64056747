/**
 * `acl [ZONES...] { allow|block|filter|drop [type QTYPE...] [net SOURCE...] }`: which clients may ask which questions.
 */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { parseNetwork, type Network } from '../../dns/networks.js';
import { typeNumber } from '../../dns/registry.js';
import { readZones } from '../arguments.js';
import { startAcl, type Action, type Policy, type Rule } from './handler.js';

const ACTIONS: readonly Action[] = ['allow', 'block', 'filter', 'drop'];
/** The number for `*`: no query type has it (RFC 6895 s.3.1). */
const ALL_TYPES = 0;

/** Its configuration is the rules, in the file's order. */
export const acl: DirectiveDefinition<Rule[]> = {
  name: 'acl',
  setup: {
    configure: (uses, block) =>
      uses.map((use) => ({
        zones: readZones(use, use.args, block.zones),
        policies: use.block.map(readPolicy),
      })),
    dependsOn: ['clientAddress'],
    everyOpcode: true,
    start: startAcl,
  },
};

function readPolicy(line: DirectiveReader): Policy {
  const action = line.name.toLowerCase();
  if (!isAction(action)) {
    throw line.error(`unexpected token "${line.name}"; expect 'allow', 'block', 'filter' or 'drop'`);
  }
  line.refuseBlock();
  const wordsOf = (section: Section['name']): string[] | undefined => {
    const words = sections.flatMap(({ name, words }) => (name === section ? words : []));
    return words.length === 0 ? undefined : words;
  };
  const sections = readSections(line);
  const types = wordsOf('type')?.map((word) => readType(line, word));
  return {
    action,
    types: types?.includes(ALL_TYPES) === true ? undefined : types,
    nets: readNets(line, wordsOf('net') ?? ['*']),
  };
}

interface Section {
  name: 'type' | 'net';
  /** At least one. */
  words: string[];
}

/** Reads the words after each `type` and `net` of a line. */
function readSections(line: DirectiveReader): Section[] {
  const sections: Section[] = [];
  for (const word of line.args) {
    const name = word.toLowerCase();
    if (name === 'type' || name === 'net') sections.push({ name, words: [] });
    else if (sections.length === 0) throw line.error(`unexpected token "${word}"; expect 'type | net'`);
    else sections[sections.length - 1].words.push(word);
  }
  const empty = sections.find(({ words }) => words.length === 0);
  if (empty !== undefined) throw line.error(`no token specified in "${empty.name}" section`);
  return sections;
}

function isAction(word: string): word is Action {
  return (ACTIONS as readonly string[]).includes(word);
}

function readType(line: DirectiveReader, word: string): number {
  const type = word === '*' ? ALL_TYPES : typeNumber(word);
  if (type === undefined) throw line.error(`unexpected token "${word}"; expect legal QTYPE`);
  return type;
}

/** The networks of a policy; undefined if one of them is all. */
function readNets(line: DirectiveReader, words: readonly string[]): Network[] | undefined {
  const nets = words.map((word) => {
    const net = word === '*' ? word : parseNetwork(word);
    if (net === undefined) throw line.error(`illegal CIDR notation "${word}"`);
    return net;
  });
  return nets.includes('*') ? undefined : (nets as Network[]);
}
