/** `rewrite [continue|stop] name|type ...`: asks the rest of the chain something else than the client asked. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { normalizeName } from '../../dns/zone-name.js';
import { typeNumber } from '../../dns/registry.js';
import { readExpression } from '../arguments.js';
import { startRewrite, type AnswerRule, type MatchKind, type Rule } from './handler.js';

const KINDS: readonly string[] = ['exact', 'prefix', 'suffix', 'substring', 'regex'];
const UNSUPPORTED: readonly string[] = ['class', 'edns0', 'ttl', 'rcode', 'cname'];

/** Its configuration is the rules, in the file's order. */
export const rewrite: DirectiveDefinition<Rule[]> = {
  name: 'rewrite',
  setup: {
    configure: (uses) => uses.map(readRule),
    dependsOn: [],
    start: startRewrite,
  },
};

function readRule(use: DirectiveReader): Rule {
  const words = [...use.args, ...readBlock(use)];
  if (words.length < 2) throw use.argError();
  const mode = words[0] === 'continue' || words[0] === 'stop' ? words.shift() : 'stop';
  const [field, ...rest] = words;
  const then = mode === 'continue' ? 'continue' : 'stop';
  if (field === 'type') return { field, then, ...readTypes(use, rest) };
  if (field === 'name') return { field, then, ...readName(use, rest) };
  if (UNSUPPORTED.includes(field)) throw use.error(`rewriting ${field} is not supported`);
  throw use.error(`invalid rule type "${field}"`);
}

/** `rewrite stop { name ...; answer ... }`: lines in braces, as one. */
function readBlock(use: DirectiveReader): string[] {
  return use.block.flatMap((line) => {
    line.refuseBlock();
    return [line.name, ...line.args];
  });
}

function readTypes(use: DirectiveReader, words: readonly string[]): { from: number; to: string } {
  if (words.length !== 2) throw use.argError();
  const [from, to] = words.map((word) => typeNumber(word.toUpperCase()));
  if (from === undefined) throw use.error(`invalid type "${words[0].toUpperCase()}"`);
  if (to === undefined) throw use.error(`invalid type "${words[1].toUpperCase()}"`);
  return { from, to: words[1].toUpperCase() };
}

function readName(use: DirectiveReader, words: string[]): Omit<Extract<Rule, { field: 'name' }>, 'field' | 'then'> {
  const kind = KINDS.includes(words[0].toLowerCase()) ? (words.shift()?.toLowerCase() as MatchKind) : 'exact';
  const [from, to, ...options] = words as (string | undefined)[];
  if (from === undefined || to === undefined) throw use.argError();
  return { kind, from: readFrom(use, kind, from), to, answers: readAnswers(use, options as string[]) };
}

function readFrom(use: DirectiveReader, kind: MatchKind, from: string): string {
  if (kind === 'regex') return readPattern(use, from);
  const name = kind === 'exact' ? normalizeName(from) : from.toLowerCase();
  if (name === undefined) throw use.error(`not a valid name: ${JSON.stringify(from)}`);
  return name;
}

/** `answer auto`, or `answer name|value FROM TO`, several times. */
function readAnswers(use: DirectiveReader, words: readonly string[]): AnswerRule[] {
  const rules: AnswerRule[] = [];
  for (let i = 0; i < words.length;) {
    if (words[i] !== 'answer') throw use.error(`invalid response rewrite: ${JSON.stringify(words[i])}`);
    const [what, from, to] = words.slice(i + 1, i + 4) as (string | undefined)[];
    if (what === 'auto') {
      i += 2; // what is always done
    } else if ((what === 'name' || what === 'value') && from !== undefined && to !== undefined) {
      rules.push({ what, from: readPattern(use, from), to });
      i += 4;
    } else {
      throw use.error('response rewrite must be "answer auto", "answer name FROM TO" or "answer value FROM TO"');
    }
  }
  return rules;
}

function readPattern(use: DirectiveReader, source: string): string {
  return readExpression(use, source, () => `invalid regex matching pattern: ${source}`);
}
