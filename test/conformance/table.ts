/** The table of docs/conformance.md, made from the rules. Run as a program it brings the document up to date. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DIFFERENCES } from './differences.js';
import { ELSEWHERE } from './elsewhere.js';
import { readFigures } from './figures.js';
import { titleOf } from './rule.js';
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
  const head = '| rule | RFC or other | section | test |\n| --- | --- | --- | --- |\n';
  const tables = RULES.map(([heading, rules]) => {
    const rows = rules.map((rule) => row(rule.rule, rule.rfc, rule.section, test(SUITE, titleOf(rule))));
    return `### ${heading}\n\n${head}${rows.join('')}\n`;
  });
  const others = ELSEWHERE.map(({ rule, rfc, section, file, test: title }) =>
    row(rule, rfc, section, test(file, title)),
  );
  const counted = `${own} rules in \`${SUITE}\`, ${others.length} elsewhere.\n\n`;
  return `${counted}${tables.join('')}### Tests elsewhere\n\n${head}${others.join('')}`;
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

function test(file: string, title: string): string {
  return `\`${file}\`: ${title}`;
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
