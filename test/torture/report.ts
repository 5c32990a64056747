/** RESULTS.md: a section each program that writes there. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { figure, type Row } from './case.js';

// From dist-test/torture/.
const file = fileURLToPath(new URL('../../test/torture/RESULTS.md', import.meta.url));
const TITLE = '# What the torture test found\n\n`npm run torture` and `npm run soak` write this file.\n';

/** Replaces the section with that heading, or adds it. */
export function writeSection(heading: string, body: string): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : TITLE;
  const [head, ...sections] = text.split(/^(?=## )/m);
  const kept = sections.filter((section) => !section.startsWith(`## ${heading}\n`));
  const all = [...kept, `## ${heading}\n\n${body}`].sort().reverse();
  writeFileSync(file, [head, ...all].map((part) => `${part.trimEnd()}\n`).join('\n'));
}

/** Where and when it ran. */
export function machine(): string {
  const [{ model }] = cpus();
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, Node ${process.version}, Linux ${release().replace(/-.*/, '')}, ${cpus().length} CPUs (${model.trim()}).`;
}

/** Rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ name, sent, answered, lost, longest, bounds }) => {
    const judged = bounds.map(({ says, holds }) => (holds ? says : `**broken: ${says}**`)).join('; ');
    return `| ${name} | ${[sent, answered, lost].map(figure).join(' | ')} | ${figure(longest)} ms | ${judged} |`;
  });
  const head = ['| case | sent | answered | lost | longest wait | bounds |', '| --- | --: | --: | --: | --: | --- |'];
  return [...head, ...lines].join('\n');
}
