// Figures as people read them: tables for the terminal and for RESULTS.md.
import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { bounds } from './bounds.js';
import { loads } from './loads.js';

export function median(numbers) {
  const sorted = numbers.filter((number) => number !== undefined).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return undefined;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What the figures were taken on. */
export function machine() {
  const version = (program, ...args) => {
    try {
      return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).split('\n')[0];
    } catch (error) {
      if (error.code === 'ENOENT') return 'none';
      throw error;
    }
  };
  return {
    cpu: cpus()[0].model,
    cpus: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `Linux ${release().replace(/-.*/, '')}`,
    node: process.version,
    compiler: version(process.env.CC ?? 'cc', '--version'),
  };
}

/** Medians over the rounds, a row each contender and load. */
export function summarise(measured) {
  return measured.flatMap(({ contender, rounds }) =>
    contender.loads.map((load) => {
      const middle = (figure) => median(rounds.map((round) => round.loads[load][figure]));
      const sum = (figure) => rounds.reduce((total, round) => total + round.loads[load][figure], 0);
      const cpu = rounds.map((round) => round.loads[load].cpu);
      return {
        name: contender.name,
        label: contender.label,
        load,
        cpu: middle('cpu'),
        least: Math.min(...cpu),
        most: Math.max(...cpu),
        rate: middle('rate'),
        busy: middle('busy'),
        p50: middle('p50'),
        p99: middle('p99'),
        memory: median(rounds.map((round) => round.memory)),
        lost: sum('lost'),
        wrong: sum('wrong'),
        generator: middle('generator'),
      };
    }),
  );
}

/** Bound and ratio reached, for each promise whose contenders were measured. */
export function promises(rows, kept = bounds) {
  const look = (name, load, figure = 'cpu') => rows.find((row) => row.name === name && row.load === load)?.[figure];
  return kept.map(({ what, bound, ratio }) => {
    const reached = ratio(look);
    const verdict = reached === undefined ? 'not measured' : reached <= bound ? 'met' : 'missed';
    return { what, bound, reached, verdict };
  });
}

const fixed = (number, digits) => (number === undefined ? '' : number.toFixed(digits));

/** Header and cells of the promises. */
export function promiseTable(rows, kept = bounds) {
  return [
    ['case', 'bound', 'reached', ''],
    ...promises(rows, kept).map(({ what, bound, reached, verdict }) => [
      what,
      `<= ${fixed(bound, 2)}`,
      fixed(reached, 2),
      verdict,
    ]),
  ];
}

/** Header and cells of one load's figures. */
export function loadTable(rows, load) {
  const floor = rows.find((row) => row.name === 'floor' && row.load === load)?.cpu;
  return [
    [
      'contender',
      'CPU us/query',
      'least to most',
      'of the floor',
      'queries/s',
      'CPU in use',
      'p50 ms',
      'p99 ms',
      'MiB',
      'lost',
      'wrong',
      'load us/query',
    ],
    ...rows
      .filter((row) => row.load === load)
      .map((row) => [
        row.label,
        fixed(row.cpu, 2),
        `${fixed(row.least, 2)} to ${fixed(row.most, 2)}`,
        floor === undefined ? '' : fixed(row.cpu / floor, 2),
        fixed(row.rate, 0),
        fixed(row.busy, 2),
        fixed(row.p50, 3),
        fixed(row.p99, 3),
        fixed(row.memory / 2 ** 20, 0),
        String(row.lost),
        String(row.wrong),
        fixed(row.generator, 2),
      ]),
  ];
}

/** A table for the terminal: the first column to the left, the others to the right. */
export function asText(table) {
  const widths = table[0].map((_, i) => Math.max(...table.map((row) => row[i].length)));
  return table
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
    .join('\n');
}

/** The same for a Markdown file. */
export function asMarkdown(table) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const [header, ...rows] = table;
  return [line(header), line(header.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

/** The text of RESULTS.md. */
export function document({ machine, missing, rows, rounds, seconds, date }) {
  const sections = Object.entries(loads).map(
    ([load, { label }]) => `### ${label}\n\n${asMarkdown(loadTable(rows, load))}`,
  );
  return `# Results

Written by \`npm run bench\` on ${date}; change nothing here by hand. Medians of ${rounds} rounds of ${seconds} s a load, the
contenders in turn. Server on CPU 0, load on CPU 1. CPU time is the server's own, with all its threads and processes.
Latency is that at half of the load that the contender bore.

${asMarkdown([['machine', ''], ...Object.entries(machine).map(([name, value]) => [name, String(value)])])}

Missing: ${missing.length === 0 ? 'none' : missing.map(({ label, reason }) => `${label} (${reason})`).join('; ')}.

![CPU time a query](results.svg)

## Ratios

Of CPU time a query, unless the row says otherwise; of the load "${loads['udp-bursts'].label}" unless it names another.

${asMarkdown(promiseTable(rows))}

## Figures

"CPU in use" below 0.95 says that the load or another program, and not the server, was the limit: compare its CPU time a
query, and not its queries a second.

${sections.join('\n\n')}
`;
}
