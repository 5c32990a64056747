/** Reads the name rules of `rewrite`. */
import type { DirectiveReader } from '../../corefile/reader.js';
import { RegularExpression } from '../../corefile/regular-expression.js';
import { normalizeName } from '../../dns/names.js';
import { goName } from '../go-name.js';
import { readExpression } from '../arguments.js';
import type { AnswerRule, MatchKind, NamePattern, NameRule } from './rules.js';

const KINDS: readonly string[] = ['exact', 'prefix', 'suffix', 'substring', 'regex'];

/** `[KIND] FROM TO [answer ...]`. */
export function readName(use: DirectiveReader, words: readonly string[]): NameRule {
  const hasKind = words.length > 2;
  const least = hasKind ? 3 : 2;
  if (words.length < least) throw use.error('too few arguments for a name rule');
  const pattern = readPattern(use, 'name', words.slice(0, least - 1));
  const to = words[least - 1];
  if (pattern.kind === 'regex') checkGroups(use, pattern.from, to);
  const ends = pattern.kind === 'suffix' && !to.endsWith('.');
  return { field: 'name', pattern, to: ends ? `${to}.` : to, ...readAnswers(use, pattern.kind, words.slice(least)) };
}

/** `[KIND] NAME`; `rule` is for errors. */
export function readPattern(use: DirectiveReader, rule: string, words: readonly string[]): NamePattern {
  const [kind, from] = words.length === 1 ? ['exact', words[0]] : [words[0].toLowerCase(), words[1]];
  if (!KINDS.includes(kind))
    throw use.error(
      `${rule} rule supports only exact, prefix, suffix, substring, and regex name matching, received: ${kind}`,
    );
  return { kind: kind as MatchKind, from: readFrom(use, kind as MatchKind, from) };
}

function readFrom(use: DirectiveReader, kind: MatchKind, from: string): string {
  if (kind === 'regex') return readExpression(use, from, () => `invalid regex matching pattern: ${from}`);
  if (kind !== 'exact') return kind === 'suffix' && !from.endsWith('.') ? `${from}.`.toLowerCase() : from.toLowerCase();
  const name = from === '' ? '.' : normalizeName(from);
  if (name === undefined) use.warn(`the rule never holds: ${JSON.stringify(from)} is not a valid name`);
  return goName(name ?? from.toLowerCase());
}

/** `answer auto`, or `answer name|value FROM TO`, several times; the word `answer` may be left out after the first. */
function readAnswers(
  use: DirectiveReader,
  kind: MatchKind,
  words: readonly string[],
): { auto: boolean; answers: AnswerRule[] } {
  const answers: AnswerRule[] = [];
  let auto = false;
  const left = [...words];
  if (left.length === 1) throw use.error(`invalid arguments for ${kind} rule`);
  if (left.length > 0 && left[0] !== 'answer')
    throw use.error(`exceeded the number of arguments for a non-answer rule argument for ${kind} rule`);
  while (left.length > 0) {
    if (left[0] === 'answer') left.shift();
    const what = left.shift();
    if (what === undefined) throw use.error(`type missing for answer rule for ${kind} rule`);
    if (what === 'auto') {
      auto = true;
      continue;
    }
    if (what !== 'name' && what !== 'value')
      throw use.error(`invalid type ${JSON.stringify(what)} for answer rule for ${kind} rule`);
    if (left.length < 2) throw use.error(`${what} answer rule for ${kind} rule: 2 arguments required`);
    const [source, to] = left.splice(0, 2);
    const from = readExpression(
      use,
      source,
      () => `${what} answer rule for ${kind} rule: invalid regex matching pattern: ${source}`,
    );
    checkGroups(use, from, to);
    answers.push({ what, from, to });
  }
  if (auto && answers.some(({ what }) => what === 'name'))
    throw use.error('auto name answer rule cannot be combined with explicit name answer rules');
  return { auto, answers };
}

function checkGroups(use: DirectiveReader, from: string, to: string): void {
  const used = new Set(Array.from(to.matchAll(/\{(\d{1,2}|100)\}/g), ([group]) => group));
  if (used.size > new RegularExpression(from).groupCount)
    throw use.error(
      `the rewrite regex pattern (${to}) uses more subexpressions than its corresponding matching regex pattern (${from})`,
    );
}
