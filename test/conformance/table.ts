/** The table of docs/conformance.md, made from the rules. Run as a program it brings the document up to date. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ELSEWHERE } from './elsewhere.js';
import { titleOf } from './rule.js';
import { RULES } from './rules/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The document's path. */
export const DOCUMENT = join(root, 'docs/conformance.md');
const BEGIN = '<!-- rules: begin -->\n';
const END = '<!-- rules: end -->\n';
const SUITE = 'test/conformance/rules.test.ts';

/** The document with its table made anew. */
export function render(document: string): string {
  const [start, end] = [document.indexOf(BEGIN) + BEGIN.length, document.indexOf(END)];
  assert.ok(start >= BEGIN.length && end >= start, 'the document has a place for the table');
  const own = RULES.flatMap(([, rules]) => rules).length;
  const head = '| rule | RFC | section | test |\n| --- | --- | --- | --- |\n';
  const tables = RULES.map(([heading, rules]) => {
    const rows = rules.map((rule) => row(rule.rule, rule.rfc, rule.section, SUITE, titleOf(rule)));
    return `### ${heading}\n\n${head}${rows.join('')}\n`;
  });
  const others = ELSEWHERE.map(({ rule, rfc, section, file, test }) => row(rule, rfc, section, file, test));
  const counted = `${own} rules in \`${SUITE}\`, ${others.length} elsewhere.\n\n`;
  const text = `${counted}${tables.join('')}### Tests elsewhere\n\n${head}${others.join('')}`;
  return document.slice(0, start) + text + document.slice(end);
}

function row(rule: string, rfc: number, section: string, file: string, test: string): string {
  const cells = [rule, rfc, section, `\`${file}\`: ${test}`].map((cell) => String(cell).replace(/[|\\*_<]/g, '\\$&'));
  return `| ${cells.join(' | ')} |\n`;
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
