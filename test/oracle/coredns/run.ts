/**
 * `npm run oracle:coredns -- [--coredns PATH] [--corefiles N] [--questions N] [--seed N] [--every-value] [--show]`:
 * gives generated Corefiles and questions to CoreDNS and to this library. Prints a table of the Corefiles that each
 * accepts, and one of the answers that differ; `--show`: with each difference. `--every-value`: instead of Corefiles by
 * chance, each argument and option with each of its values, one at a time.
 */
import { parseArgs } from 'node:util';
import { table } from '../../../dist/cli/figures.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { compareAnswers, type AnswerReport } from './compare-answers.js';
import { chosenByChance, compareVerdicts, type VerdictCount } from './compare-verdicts.js';
import { everyValue } from './every-value.js';
import { findCoredns } from './find-coredns.js';
import { RULES } from './rules.js';
import { writeFiles } from './verdicts.js';

function verdictTable(counts: ReadonlyMap<string, VerdictCount>): string[] {
  const rows = [...counts].map(([directive, { corefiles, accepted, differences }]) => [
    directive,
    ...[
      corefiles,
      accepted,
      corefiles - differences.length,
      differences.filter(({ ours }) => ours === undefined).length,
      differences.filter(({ theirs }) => theirs === undefined).length,
    ].map(String),
  ]);
  const sum = (column: number): string => String(rows.reduce((all, row) => all + Number(row[column]), 0));
  const head = ['DIRECTIVE', 'COREFILES', 'BOTH ACCEPT', 'SAME', 'ONLY OURS', 'ONLY COREDNS'];
  return table([head, ...rows, ['all', ...[1, 2, 3, 4, 5].map(sum)]]);
}

function answerTable({ questions, same, explained, open }: AnswerReport): string[] {
  const rows = RULES.map(({ name, right, reference }) => [
    name,
    String(explained.get(name)?.count ?? 0),
    right,
    reference,
  ]);
  return table([
    ['ANSWERS', 'QUESTIONS', 'RIGHT', 'REFERENCE'],
    ['the same', String(same), '', ''],
    ...rows,
    ['no rule says who is right', String(open.length), 'open', ''],
    ['all', String(questions), '', ''],
  ]);
}

const { values } = parseArgs({
  options: {
    coredns: { type: 'string' },
    corefiles: { type: 'string', default: '2000' },
    questions: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    'every-value': { type: 'boolean', default: false },
    show: { type: 'boolean', default: false },
  },
});
const program = values.coredns ?? findCoredns();
if (program === undefined) {
  throw new Error('CoreDNS was not found: go install github.com/coredns/coredns@v1.15.0, or name it by --coredns PATH');
}
process.chdir(temporaryDirectory());
await writeFiles(process.cwd());
const corefiles = values['every-value'] ? everyValue() : chosenByChance(Number(values.corefiles), Number(values.seed));
const counts = await compareVerdicts(program, corefiles);
process.stdout.write(`${verdictTable(counts).join('\n')}\n`);
if (values.show) {
  for (const { directive, text, environment, ours, theirs } of [...counts.values()].flatMap(
    (each) => each.differences,
  )) {
    const who = ours === undefined ? `only ours accepts; CoreDNS: ${theirs}` : `only CoreDNS accepts; ours: ${ours}`;
    process.stdout.write(`\n${directive}: ${who}\nORACLE=${JSON.stringify(environment.ORACLE)}\n${text}`);
  }
}

const answers = await compareAnswers(program, Number(values.questions), Number(values.seed));
process.stdout.write(`\n${answerTable(answers).join('\n')}\n`);
if (values.show) {
  for (const [name, { example }] of answers.explained)
    process.stdout.write(`\n${name}: ${JSON.stringify(example, null, 1)}\n`);
  for (const exchange of answers.open) process.stdout.write(`\nopen: ${JSON.stringify(exchange)}\n`);
}
