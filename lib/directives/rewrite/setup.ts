/** `rewrite [continue|stop] FIELD ...`: rewrites a query for the rest of the chain. */
import { MAX_TTL } from '../../dns/numbers.js';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { classNumber, rcodeName, typeNumber, type Rcode } from '../../dns/registry.js';
import { rcodeOf } from '../arguments.js';
import { readEdns } from './read-edns.js';
import { readName, readPattern } from './read-name.js';
import { startRewrite } from './handler.js';
import type { Rule, RuleAction } from './rules.js';

/** Its configuration is the rules, in the file's order. */
export const rewrite: DirectiveDefinition<Rule[]> = {
  name: 'rewrite',
  setup: {
    configure: (uses) => uses.map(readRule),
    dependsOn: ['clientAddress', 'clientPort', 'localAddress', 'transport', 'message'],
    start: startRewrite,
  },
};

function readRule(use: DirectiveReader): Rule {
  if (use.args.length > 1) use.refuseBlock();
  const words = [...use.args, ...readBlock(use)];
  if (words.length < 2) throw use.argError();
  const mode = words[0].toLowerCase();
  if (mode !== 'continue' && mode !== 'stop') return { then: 'stop', ...readAction(use, words) };
  return { then: mode, ...readAction(use, words.slice(1)) };
}

/** `rewrite stop { name ...; answer ... }`: lines in braces, as one. */
function readBlock(use: DirectiveReader): string[] {
  return use.block.flatMap((line) => {
    line.refuseBlock();
    return [line.name, ...line.args];
  });
}

function readAction(use: DirectiveReader, [field, ...words]: readonly string[]): RuleAction {
  switch (field.toLowerCase()) {
    case 'name':
      return readName(use, words);
    case 'type':
      return { field: 'type', ...readNumbers(use, 'type', words, typeNumber) };
    case 'class':
      return { field: 'class', ...readNumbers(use, 'class', words, classNumber) };
    case 'edns0':
      return readEdns(use, words);
    case 'ttl':
      return readTtl(use, words);
    case 'rcode':
      return readRcode(use, words);
    case 'cname':
      return readCname(use, words);
    case 'answer':
      throw use.error('response rewrites must begin with a name rule');
    default:
      throw use.error(`invalid rule type ${JSON.stringify(field)}`);
  }
}

function readNumbers(
  use: DirectiveReader,
  field: string,
  words: readonly string[],
  numberOf: (name: string) => number | undefined,
): { from: number; to: number } {
  if (words.length !== 2) throw use.error(`${field} rules must have exactly two arguments`);
  const [from, to] = words.map((word) => {
    const number = numberOf(word.toUpperCase());
    if (number === undefined) throw use.error(`invalid ${field} ${JSON.stringify(word.toUpperCase())}`);
    return number;
  });
  return { from, to };
}

/** `[KIND] NAME TTL|LEAST-MOST`. */
function readTtl(use: DirectiveReader, words: readonly string[]): RuleAction {
  if (words.length < 2 || words.length > 3)
    throw use.error(`invalid number of arguments for a ttl rule: ${words.length}`);
  const pattern = readPattern(use, 'ttl', words.slice(0, -1));
  const text = words[words.length - 1];
  const [, least = '', dash, most = ''] = (/^(\d*)(-?)(\d*)$/.exec(text) ?? []) as (string | undefined)[];
  const bounds = { least: Number(least), most: most === '' ? (dash === '-' ? MAX_TTL : Number(least)) : Number(most) };
  const isValid = least + most !== '' && bounds.least <= bounds.most && bounds.most <= MAX_TTL;
  if (!isValid) throw use.error(`invalid TTL '${text}' for a ttl rule`);
  return { field: 'ttl', pattern, ...bounds };
}

/** `[KIND] NAME FROM TO`. */
function readRcode(use: DirectiveReader, words: readonly string[]): RuleAction {
  if (words.length < 3 || words.length > 4)
    throw use.error(`invalid number of arguments for a rcode rule: ${words.length}`);
  const [from, to] = words.slice(-2).map((word, place): Rcode => {
    const rcode = /^\d+$/.test(word) ? rcodeName(Number(word)) : rcodeOf(word.toUpperCase());
    if (rcode !== undefined) return rcode;
    throw use.error(`invalid ${place === 0 ? 'matching' : 'replacement'} RCODE '${word}' for a rcode rule`);
  });
  return { field: 'rcode', pattern: readPattern(use, 'rcode', words.slice(0, -2)), from, to };
}

/** `[KIND] FROM TO`. */
function readCname(use: DirectiveReader, words: readonly string[]): RuleAction {
  if (words.length < 2 || words.length > 3)
    throw use.error(`invalid number of arguments for a cname rule: ${words.length}`);
  return { field: 'cname', pattern: readPattern(use, 'cname', words.slice(0, -1)), to: words[words.length - 1] };
}
