/** The table of docs/conformance.md, made from the rules. Run as a program it brings the document up to date. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DIFFERENCES } from './differences.js';
import { ELSEWHERE } from './elsewhere.js';
import { readFigures } from './figures.js';
import type { Rule } from './rule.js';
import { RULES } from './rules/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The document's path. */
export const DOCUMENT = join(root, 'docs/conformance.md');
const SUITE = 'test/conformance/rules.test.ts';

/** The document with what is generated in it made anew. */
export function render(document: string): string {
  const parts = {
    rules: renderRules(),
    differences: renderDifferences(),
    fuzz: renderFuzz(),
    reflection: renderReflection(),
  };
  for (const [name, text] of Object.entries(parts)) {
    const [begin, end] = [`<!-- ${name}: begin -->\n`, `<!-- ${name}: end -->\n`];
    const [from, to] = [document.indexOf(begin) + begin.length, document.indexOf(end)];
    assert.ok(from >= begin.length && to >= from, `the document has a place for ${name}`);
    document = document.slice(0, from) + text + document.slice(to);
  }
  return document;
}

function renderRules(): string {
  const own = RULES.flatMap(([, rules]) => rules).length;
  const files = [...new Set(ELSEWHERE.map(({ file }) => file))];
  const tables = [
    ...RULES.map(([heading, rules]) => table(heading, rules)),
    ...files.map((file) =>
      table(
        `In \`${file}\``,
        ELSEWHERE.filter((each) => each.file === file),
      ),
    ),
  ];
  return `${own} rules in \`${SUITE}\`, ${ELSEWHERE.length} in other files.\n\n${tables.join('\n')}`;
}

function table(heading: string, rules: readonly Pick<Rule, 'rule' | 'rfc' | 'section'>[]): string {
  const rows = rules.map(({ rule, rfc, section }) => row(rule, rfc, section));
  return `### ${heading}\n\n| rule | RFC or other | section |\n| --- | --- | --- |\n${rows.join('')}`;
}

function renderDifferences(): string {
  const { questions, peers, cacheHits } = readFigures().differential;
  const names = Object.keys(peers);
  const same = names.map((name) => `${share(peers[name].same, questions)} are the same as ${name}'s in all of it`);
  const rows = DIFFERENCES.map(({ name, why }) =>
    row(name, ...names.map((peer) => peers[peer].classes[name] ?? 0), why),
  );
  return (
    `${questions} questions: ${same.join(', ')}. With the answer cache and without the bytes are the same but for TTLs; the ` +
    `cache gave ${cacheHits} of ${2 * questions} replies.\n\n` +
    `| difference | ${names.join(' | ')} | why |\n|${' --- |'.repeat(names.length + 2)}\n${rows.join('')}`
  );
}

function renderFuzz(): string {
  const { fuzz, flood } = readFigures();
  const rows = fuzz.map(({ target, runs, seconds }) => row(`\`fuzz_${target}.cc\``, runs, seconds, 'none'));
  const runs = fuzz.reduce((sum, each) => sum + each.runs, 0);
  const by = Object.entries(flood.by).map(([transport, count]) => `${count} by ${transport}`);
  const counters = Object.entries(flood.counters).map(([name, count]) => `${name} ${count}`);
  return (
    `| target | inputs | s, on one CPU | reports |\n| --- | --- | --- | --- |\n${rows.join('')}\n` +
    `${runs} inputs in all.\n\nThrough a running server on loopback: ${flood.messages} mutated messages in ${flood.seconds} s, ` +
    `${by.join(', ')}. Its resident memory after each tenth, in MiB: ${flood.resident.join(', ')}. ` +
    `What it counted: ${counters.join(', ')}.\n`
  );
}

function renderReflection(): string {
  const rows = Object.entries(readFigures().reflection).map(([what, { messages, unanswered, sent, came, largest }]) =>
    row(what, messages, unanswered, sent, came, (came / sent).toFixed(2), largest.toFixed(2)),
  );
  const head =
    '| the server answers | messages | unanswered | octets sent | octets received | factor | largest factor |\n';
  return `${head}|${' --- |'.repeat(7)}\n${rows.join('')}`;
}

function share(part: number, whole: number): string {
  return `${part} (${((100 * part) / whole).toFixed(0)} %)`;
}

function row(...cells: readonly (string | number)[]): string {
  return `| ${cells.map(escapeCell).join(' | ')} |\n`;
}

/** Outside of code, characters that mean something in Markdown are escaped. */
function escapeCell(cell: string | number): string {
  const parts = String(cell).split(/(`[^`]*`)/);
  return parts.map((part, i) => (i % 2 === 0 ? part.replace(/[|\\*_<]/g, '\\$&') : part)).join('');
}

/** Fails unless each test elsewhere is there. */
export function checkElsewhere(): void {
  for (const { file, test } of ELSEWHERE) {
    assert.ok(readFileSync(join(root, file), 'utf8').includes(test), `${file} has no ${test}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(DOCUMENT, render(readFileSync(DOCUMENT, 'utf8')));
}
